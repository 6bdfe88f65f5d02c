package petalake_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/engine/spark/eventlog"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// serverless is an EMR Serverless with a Spark of this machine: job runs are processes of spark-submit,
// sessions are one Connect server behind TLS and a token.
type serverless struct {
	remote

	mu       sync.Mutex
	runs     map[string]string // states of the job runs
	session  string            // address of the sessions
	tokens   int               // handed out
	sessions []string          // ended
}

func (s *serverless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := map[string]any{}
	_ = json.NewDecoder(r.Body).Decode(&in)
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var out map[string]any
	switch kind := r.Method + " " + parts[2]; {
	case kind == "POST jobruns":
		id := in["clientToken"].(string)[:12]
		if s.runs[id] == "" {
			s.runs[id] = "RUNNING"
			go s.run(id, in)
		}
		out = map[string]any{"applicationId": "app", "jobRunId": id, "arn": "arn:aws:emr-serverless:x"}
	case kind == "GET jobruns":
		out = map[string]any{"jobRun": map[string]any{"jobRunId": parts[3], "state": s.runs[parts[3]], "stateDetails": "the driver ended with another code than 0"}}
	case kind == "POST sessions":
		out = map[string]any{"applicationId": "app", "sessionId": "s1", "arn": "arn:aws:emr-serverless:x"}
	case kind == "GET sessions" && len(parts) == 5:
		s.tokens++
		out = map[string]any{"applicationId": "app", "sessionId": "s1", "endpoint": s.session, "authToken": fmt.Sprintf("token-%d", s.tokens), "authTokenExpiresAt": time.Now().Add(time.Hour).Unix()}
	case kind == "GET sessions":
		out = map[string]any{"session": map[string]any{"sessionId": "s1", "state": "IDLE"}}
	case kind == "DELETE sessions":
		s.sessions = append(s.sessions, parts[3])
		out = map[string]any{"applicationId": "app", "sessionId": "s1"}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

// run runs a job run as EMR does: the program comes from S3, what it says goes there.
func (s *serverless) run(id string, in map[string]any) {
	submit := in["jobDriver"].(map[string]any)["sparkSubmit"].(map[string]any)
	overrides := in["configurationOverrides"].(map[string]any)
	conf := overrides["applicationConfiguration"].([]any)[0].(map[string]any)["properties"].(map[string]any)
	args := []string{submit["entryPoint"].(string)}
	if more, ok := submit["entryPointArguments"].([]any); ok {
		for _, a := range more {
			args = append(args, a.(string))
		}
	}
	settings := map[string]string{}
	for key, value := range conf {
		settings[key] = value.(string)
	}
	logs := strings.TrimPrefix(overrides["monitoringConfiguration"].(map[string]any)["s3MonitoringConfiguration"].(map[string]any)["logUri"].(string), "s3://lake/")
	state := "FAILED"
	logs += "applications/app/jobs/" + id
	if s.submit(settings, "spark.emr-serverless.driverEnv.", args, logs+"/SPARK_DRIVER/", logs+"/sparklogs/") {
		state = "SUCCESS"
	}
	s.mu.Lock()
	s.runs[id] = state
	s.mu.Unlock()
}

// remote is a Spark of this machine that plays one of EMR, for a lake in a bucket.
type remote struct {
	t      *testing.T
	bucket *s3.Store
	lake   local.Lake
	home   local.Home
}

// submit runs a program, leaves what it said in a folder of the bucket, and says whether it went well. The event log
// goes to another folder, where one is named, else where the program's settings say.
func (s *remote) submit(conf map[string]string, env string, args []string, logs, events string) bool {
	dir := s.t.TempDir()
	lake := s.lake
	lake.Conf = map[string]string{}
	environ := s.home.Env()
	for key, value := range conf {
		if name, ok := strings.CutPrefix(key, env); ok {
			environ = append(environ, name+"="+value)
		} else if key == "spark.submit.pyFiles" { // this Spark learns to read S3 later
			lake.Conf[key] = s.fetch(dir, value)
		} else if key != "spark.jars" { // Delta is where EMR has it
			lake.Conf[key] = value
		}
	}
	if events != "" {
		lake.Events = filepath.Join(dir, "events")
		if err := os.Mkdir(lake.Events, 0o700); err != nil {
			s.t.Error(err)
		}
	}
	file := filepath.Join(dir, "spark.conf")
	var stdout, stderr bytes.Buffer
	if err := local.WriteConf(file, local.Conf(s.home, lake)); err != nil {
		s.t.Error(err)
	}
	cmd := exec.Command(s.home.Submit(), append([]string{"--properties-file", file, s.fetch(dir, args[0])}, args[1:]...)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, environ, &stdout, &stderr
	failed := cmd.Run()
	for name, text := range map[string][]byte{"stdout.gz": stdout.Bytes(), "stderr.gz": stderr.Bytes()} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write(text)
		if err := errors.Join(err, z.Close(), s.bucket.Put(context.Background(), logs+name, bytes.NewReader(b.Bytes()), store.Always)); err != nil {
			s.t.Error(err)
		}
	}
	if events != "" {
		s.uploadAll(lake.Events, events)
	}
	return failed == nil
}

// uploadAll brings the files of a folder to the bucket.
func (s *remote) uploadAll(dir, to string) {
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		key, _ := filepath.Rel(dir, name)
		return s.bucket.Put(context.Background(), to+filepath.ToSlash(key), bytes.NewReader(data), store.Always)
	})
	if err != nil {
		s.t.Error(err)
	}
}

// fetch brings a file of the bucket here.
func (s *remote) fetch(dir, uri string) string {
	body, err := s.bucket.Get(context.Background(), strings.TrimPrefix(uri, "s3://lake/"), 0, -1)
	if err != nil {
		s.t.Error(err)
		return uri
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	path := filepath.Join(dir, filepath.Base(uri))
	if err = errors.Join(err, os.WriteFile(path, data, 0o600)); err != nil {
		s.t.Error(err)
	}
	return path
}

// connect starts the Connect server of the sessions, and returns the file of the authority of its
// proxy, which lets in who has one of the tokens.
func (s *serverless) connect() (ca string) {
	t := s.t
	o := local.Options{Search: local.Search{Home: s.home.Dir, Cache: "", S3: true}, State: t.TempDir(), Lake: s.lake}
	server, _, err := local.Start(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = local.Stop(context.Background(), o.State) })
	plain := &http.Protocols{}
	plain.SetUnencryptedHTTP2(true)
	behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: server.Address})
	behind.Transport, behind.FlushInterval = &http.Transport{Protocols: plain}, -1
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("X-Aws-Proxy-Auth"), "token-") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		r.Header.Set("Authorization", "Bearer "+server.Token)
		behind.ServeHTTP(w, r)
	}))
	proxy.EnableHTTP2 = true
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	s.session = proxy.URL
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxy.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return ca
}

func newRemote(t *testing.T, gateway *servers.Server) remote {
	servers.SparkForLakes(t)
	gateway.Bucket(t, "lake")
	found := servers.NeedSpark(t)
	found.S3 = true
	home, err := local.Find(t.Context(), found)
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := s3.Open(t.Context(), s3.Options{
		Bucket: "lake", Endpoint: gateway.Endpoint, Region: gateway.Region, PathStyle: true, Credentials: &s3.Credentials{AccessKey: gateway.AccessKey, SecretKey: gateway.SecretKey},
	})
	if err != nil {
		t.Fatal(err)
	}
	return remote{t: t, bucket: bucket, home: home, lake: local.Lake{
		Root: "s3://lake/shop", Cores: 2, Memory: "1g", S3: local.S3{Endpoint: gateway.Endpoint, Region: gateway.Region, AccessKey: gateway.AccessKey, SecretKey: gateway.SecretKey, PathStyle: true},
	}}
}

// advised checks that the event logs of jobs are found by their names, the last without one, and can be read.
func advised(t *testing.T, lake *petalake.Lake, names ...string) {
	t.Helper()
	for _, name := range append(names, "") {
		log, err := lake.RunLog(t.Context(), name)
		if err != nil {
			t.Errorf("event log of %q: %v", name, err)
			continue
		}
		app, err := eventlog.Read(t.Context(), log, nil)
		if err != nil {
			t.Errorf("event log of %q: %v", name, err)
			continue
		}
		if r := eventlog.Advise(app, eventlog.Price{}); r.ID == "" || r.Tasks == 0 {
			t.Errorf("event log of %q: got %s with %d tasks", name, r.ID, r.Tasks)
		}
	}
}

// TestOnEMR promises that an environment on EMR runs PySpark programs there, unchanged and with the lake's
// tables by name, once each; shows what they said, and finds their event logs; and that statements and models run in a session.
func TestOnEMR(t *testing.T) {
	gateway := servers.VersityGW(t)
	emr := &serverless{remote: newRemote(t, gateway), runs: map[string]string{}}
	ca := emr.connect()
	api := httptest.NewServer(emr)
	t.Cleanup(api.Close)
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": fmt.Sprintf(`lakehouse: shop
sources:
  orders: {path: raw/*.csv, table: bronze.orders}
models:
  gold.most: {query: "SELECT shop, max(amount) AS most FROM bronze.orders GROUP BY shop", engine: spark}
jobs:
  totals: {pyspark: jobs/totals.py, py_files: jobs/few.py, args: [10], writes: silver.totals}
  wrong: {pyspark: jobs/wrong.py}
environments:
  prod:
    storage: s3://lake/shop
    s3: {endpoint: %q, region: %s, access_key: %s, secret_key: %s}
    spark: {ca_file: %s, emr: {application: app, role: "arn:aws:iam::123456789012:role/job", endpoint: %q}}
`, gateway.Endpoint, gateway.Region, gateway.AccessKey, gateway.SecretKey, ca, api.URL),
		"raw/a.csv":   "id,shop,amount\n1,a,10\n2,b,20\n3,b,30\n",
		"jobs/few.py": "def above(orders, n):\n    return orders.where(orders.amount > n)\n",
		"jobs/totals.py": `import os, sys
from pyspark.sql import SparkSession, functions as F
from few import above
spark = SparkSession.builder.appName("totals").getOrCreate()
orders = above(spark.table("bronze.orders"), int(sys.argv[1]))
orders.groupBy("shop").agg(F.sum("amount").alias("amount")).write.saveAsTable("silver.totals")
print("wrote", spark.table("silver.totals").count(), "as", os.environ["PETALAKE_RUN_ID"], "in", __name__)
`,
		"jobs/wrong.py": "print('about to fail')\nraise ValueError('no such luck')\n",
	})
	lake := h.open()
	h.mustUp(lake, "source orders: built 3", "model gold.most: built 2")
	if got := sparkRows(t, mustOn(t, lake, "spark"), "select shop, most from gold.most order by shop"); got != "a|10\nb|30\n" {
		t.Errorf("a model in a session: got %q", got)
	}
	run, log := runProgram(t, lake, "totals", job.Succeeded)
	if !strings.Contains(log, "wrote 1 as totals/1 in __main__") {
		t.Errorf("run %s: log: %s", run.ID(), log)
	}
	expect(t, lake, "FROM silver.totals", "b|50")
	_, log = runProgram(t, lake, "wrong", job.Failed)
	if !strings.Contains(log, "about to fail") || !strings.Contains(log, `File "wrong.py", line 2`) || !strings.Contains(log, "ValueError: no such luck") {
		t.Errorf("a program that fails: log: %s", log)
	}
	if len(emr.runs) != 2 || emr.tokens < 2 {
		t.Errorf("%d job runs and %d tokens", len(emr.runs), emr.tokens)
	}
	advised(t, lake, "totals", "totals/1")
	for _, name := range []string{"nobody", "wrong"} { // what fails before it starts Spark leaves none
		if _, err := lake.RunLog(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the event log of %s: got %v, want that there is none", name, err)
		}
	}
	lake.Close()
	if len(emr.sessions) == 0 {
		t.Error("the session was left open")
	}
	checkAll(t, h.open(), "silver.totals", "gold.most")
}
