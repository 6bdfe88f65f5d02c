package petalake_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/servers"
)

// pyspark is a program as users of PySpark write it: it knows nothing of petalake but the address.
const pyspark = `
import sys
from pyspark.sql import SparkSession, functions as f
from pyspark.sql.types import LongType

spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
orders = spark.table("bronze.orders")
totals = orders.groupBy("shop").agg(f.sum("amount").alias("amount")).orderBy("shop")
print([tuple(r) for r in totals.collect()])
print(totals.toPandas()["amount"].sum())
double = f.udf(lambda x: x * 2, LongType())
print([r[0] for r in orders.select(double("amount")).orderBy("id").collect()])
frame = spark.createDataFrame([(7, "new", 70)], "id long, shop string, amount long")
frame.write.mode("append").format("delta").saveAsTable("bronze.from_python")
print(spark.table("plain").count(), spark.sql("select sum(x) from main.plain").first()[0])
spark.table("plain").write.mode("overwrite").saveAsTable("from_plain")
print(spark.range(1000000).selectExpr("sum(id)").first()[0])
try:
    spark.sql("select * from nowhere").collect()
except Exception as e:
    print(type(e).__name__, e.getCondition())
spark.stop()
`

// TestDoor promises that a program of PySpark runs through the door unchanged, that nobody comes in
// without a token, and that the door leads to another Spark after one that was killed.
func TestDoor(t *testing.T) {
	servers.SparkForLakes(t)
	metrics := freeAddress(t)
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": fmt.Sprintf(`lakehouse: shop
sources:
  orders: {path: raw/*.csv, table: bronze.orders}
  plain: {path: plain.csv}
environments:
  local:
    spark: {memory: 1GiB, cores: 2}
    connect: {listen: "localhost:0", metrics: %q, users: {ada: {token: s3cret}}}
`, metrics),
		"raw/a.csv":  "id,shop,amount\n1,a,10\n2,b,20\n3,a,30\n",
		"plain.csv":  "x\n1\n2\n",
		"program.py": pyspark,
	})
	lake := h.open()
	t.Cleanup(func() { _ = local.Stop(context.Background(), lake.Rooms().Links.Server().State) })
	if _, err := h.up(lake); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	opened, served := make(chan string, 1), make(chan error, 1)
	go func() { served <- lake.Rooms().Door.Serve(ctx, func(address string) { opened <- address }) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("the door: %v", err)
		}
	}()
	// With a token PySpark speaks TLS, but to a host that is called localhost.
	address := strings.Replace(<-opened, "127.0.0.1", "localhost", 1)

	if out, err := runPython(t, h, address, "wrong"); err == nil || !strings.Contains(out, "the token is missing or wrong") {
		t.Errorf("a wrong token: got %v\n%s", err, out)
	}
	const want = "[('a', 40), ('b', 20)]\n60\n[20, 40, 60]\n2 3\n499999500000\nAnalysisException TABLE_OR_VIEW_NOT_FOUND\n"
	if out, err := runPython(t, h, address, "s3cret"); err != nil || out != want {
		t.Fatalf("got %v\n%s\nwant\n%s", err, out, want)
	}
	if got := sparkRows(t, lake, "select id, shop, amount from bronze.from_python"); got != "7|new|70\n" {
		t.Errorf("what the program wrote: got %q", got)
	}
	if got := sparkRows(t, lake, "select sum(x) from from_plain"); got != "3\n" {
		t.Errorf("what the program wrote without a schema: got %q", got)
	}
	answer, err := http.Get("http://" + metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if page, _ := io.ReadAll(answer.Body); !strings.Contains(string(page), `petalake_connect_calls_total{method="ExecutePlan",code="OK"}`) {
		t.Errorf("metrics: got\n%s", page)
	}

	s, err := local.Running(lake.Rooms().Links.Server().State)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(-s.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if out, err := runPython(t, h, address, "s3cret"); err != nil || out != want {
		t.Errorf("after its Spark was killed: got %v\n%s\nwant\n%s", err, out, want)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func runPython(t *testing.T, h *house, address, token string) (string, error) {
	t.Helper()
	home, err := servers.SparkHome()
	if err != nil {
		t.Fatal(err)
	}
	python := filepath.Join(home.Cache, "venv", "bin", "python")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, filepath.Join(h.dir, "program.py"), "sc://"+address+"/;token="+token)
	cmd.Env = os.Environ()
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return string(out) + said.String(), err
	}
	return string(out), nil
}
