package petalake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// clusters is an EMR that makes clusters, whose steps are processes of a Spark of this machine. What is not a
// call of EMR or SQS is passed on to a bucket.
type clusters struct {
	remote
	bucketAt http.Handler

	mu    sync.Mutex
	lose  bool                         // the first cluster, as soon as a step runs on it
	names []string                     // of the clusters, in their order
	state map[string]string            // of clusters and steps
	steps map[string]map[string]string // ids of steps by their names, by cluster
}

func (c *clusters) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	service, action, called := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !called {
		c.bucketAt.ServeHTTP(w, r)
		return
	}
	in := map[string]any{}
	_ = json.NewDecoder(r.Body).Decode(&in)
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]any{}
	if service == "ElasticMapReduce" {
		out = c.emr(action, in)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(out)
}

func (c *clusters) emr(action string, in map[string]any) map[string]any {
	id, _ := in["ClusterId"].(string)
	switch action {
	case "RunJobFlow":
		c.names = append(c.names, in["Name"].(string))
		id = fmt.Sprintf("j-%d", len(c.names))
		c.state[id], c.steps[id] = "WAITING", map[string]string{}
		return map[string]any{"JobFlowId": id}
	case "TerminateJobFlows":
		for _, one := range in["JobFlowIds"].([]any) {
			c.state[one.(string)] = "TERMINATED"
		}
	case "DescribeCluster":
		return map[string]any{"Cluster": map[string]any{"Id": id, "Status": map[string]any{"State": c.state[id]}, "Ec2InstanceAttributes": map[string]any{"Ec2AvailabilityZone": "us-east-1a"}}}
	case "ListInstanceFleets":
		return map[string]any{"InstanceFleets": []map[string]any{{"Id": "if-1", "InstanceFleetType": "TASK", "TargetSpotCapacity": 8}}}
	case "ListSteps":
		var steps []map[string]any
		for name, step := range c.steps[id] {
			if in["StepStates"] == nil || c.state[step] == "RUNNING" {
				steps = append(steps, map[string]any{"Id": step, "Name": name, "Status": map[string]any{"State": c.state[step]}})
			}
		}
		return map[string]any{"Steps": steps}
	case "AddJobFlowSteps":
		id = in["JobFlowId"].(string)
		one := in["Steps"].([]any)[0].(map[string]any)
		step := fmt.Sprintf("s-%s-%d", id, len(c.steps[id])+1)
		c.steps[id][one["Name"].(string)], c.state[step] = step, "RUNNING"
		if c.lose && id == "j-1" {
			c.state[id], c.state[step] = "TERMINATED_WITH_ERRORS", "INTERRUPTED"
		} else {
			go c.run(id, step, one["HadoopJarStep"].(map[string]any)["Args"].([]any))
		}
		return map[string]any{"StepIds": []string{step}}
	case "DescribeStep":
		return map[string]any{"Step": map[string]any{"Id": in["StepId"], "Status": map[string]any{"State": c.state[in["StepId"].(string)]}}}
	}
	return map[string]any{}
}

// run runs a step: spark-submit --deploy-mode cluster --conf key=value ... program arguments.
func (c *clusters) run(cluster, step string, args []any) {
	conf := map[string]string{}
	var rest []string
	for i := 3; i < len(args); i++ {
		if text := args[i].(string); text == "--conf" && rest == nil {
			i++
			key, value, _ := strings.Cut(args[i].(string), "=")
			conf[key] = value
		} else {
			rest = append(rest, text)
		}
	}
	state := "FAILED"
	if c.submit(conf, "spark.yarn.appMasterEnv.", rest, "shop/_petalake/emr-logs/"+cluster+"/steps/"+step+"/", "") {
		state = "COMPLETED"
	}
	c.mu.Lock()
	c.state[step] = state
	c.mu.Unlock()
}

// TestOnClusters promises that a program of a lakehouse with a fleet runs on a cluster that is made for it,
// and on another one where that is lost, and that it can be seen what was done and why.
func TestOnClusters(t *testing.T) {
	gateway := servers.VersityGW(t)
	at, err := url.Parse(gateway.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	emr := &clusters{remote: newRemote(t, gateway), lose: true, state: map[string]string{}, steps: map[string]map[string]string{}, bucketAt: httputil.NewSingleHostReverseProxy(at)}
	api := httptest.NewServer(emr)
	t.Cleanup(api.Close)
	t.Setenv("AWS_ENDPOINT_URL", api.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", gateway.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", gateway.SecretKey)
	t.Setenv(spec.FleetPlace, "name=shop-prod-spark&subnets=subnet-a,subnet-b,subnet-c&role=r&profile=p&primary=sg-1&core=sg-2&service=sg-3&security=s&step=arn:aws:iam::123456789012:role/spark&tag=shop-prod&queue="+api.URL+"/q")
	h := newHouse(t, map[string]string{
		"lakehouse.yaml": fmt.Sprintf(`lakehouse: shop
fleet: {size: small}
sources:
  orders: {path: raw/*.csv, table: bronze.orders}
jobs:
  totals: {pyspark: jobs/totals.py, writes: silver.totals, retries: 1, depends_on: bronze.orders}
environments:
  prod:
    storage: s3://lake/shop
    s3: {region: %s, path_style: true}
    aws: {region: us-east-1, account: 123456789012}
`, gateway.Region),
		"jobs/totals.py": `import os
from pyspark.sql import SparkSession, functions as F
spark = SparkSession.builder.appName("totals").getOrCreate()
spark.table("bronze.orders").groupBy("shop").agg(F.sum("amount").alias("amount")).write.saveAsTable("silver.totals")
print("ran as", os.environ["PETALAKE_RUN_ID"])
`,
	})
	if err := emr.bucket.Put(t.Context(), "raw/a.csv", strings.NewReader("id,shop,amount\n1,a,10\n2,b,20\n3,b,30\n"), 0); err != nil {
		t.Fatal(err)
	}
	lake := h.open()
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	var fleet []string
	err = lake.Run(ctx, petalake.Up{Every: 100 * time.Millisecond, Fleet: 300 * time.Millisecond}, func(e petalake.Event) {
		switch {
		case e.Kind == "fleet":
			fleet = append(fleet, e.Name+" "+e.Note)
		case e.Kind == "job" && e.State == petalake.Built:
			stop()
		case e.State == petalake.Failed:
			t.Error(e.Kind, e.Name, e.Err)
		}
	})
	if ctx.Err() == nil || context.Cause(ctx) == context.DeadlineExceeded {
		t.Fatalf("%v; the fleet: %s", err, strings.Join(fleet, "\n"))
	}
	lake = h.open()
	expect(t, lake, "FROM silver.totals ORDER BY shop", "a|10", "b|50")
	run, err := lake.JobRun(t.Context(), "totals/1")
	if err != nil || run.State != job.Succeeded || run.Attempt != 2 {
		t.Errorf("run: %+v, %v: want success at the second attempt", run, err)
	}
	advised(t, lake, "totals")
	state, err := lake.Rooms().Daemon.Fleet(t.Context())
	if err != nil || state.Cluster != "j-2" || len(state.Log) < 4 {
		t.Errorf("fleet: %+v, %v", state, err)
	}
	if n := len(maps.Collect(maps.All(emr.steps))); n != 2 || emr.names[0] == emr.names[1] {
		t.Errorf("%d clusters: %v", n, emr.names)
	}
	checkAll(t, lake, "silver.totals")
}
