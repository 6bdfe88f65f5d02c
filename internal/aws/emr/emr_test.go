package emr_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsemr "github.com/aws/aws-sdk-go-v2/service/emr"
	emrtypes "github.com/aws/aws-sdk-go-v2/service/emr/types"
	"github.com/aws/aws-sdk-go-v2/service/emrserverless"

	"github.com/petalake/petalake/internal/aws/emr"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/store"
)

// options are those of the tests: a lake in memory, and a program that is in S3 already.
func options(lake store.Store) emr.Options {
	return emr.Options{
		Role: "arn:aws:iam::123456789012:role/job", Store: lake, LogKey: "_petalake/emr", LogURI: "s3://lake/_petalake/emr/",
		Submission: func(context.Context, job.Attempt) (job.Submission, error) {
			return job.Submission{
				Main: "s3://lake/main.py", Args: []string{"a b", "--x"}, PyFiles: []string{"s3://lake/lib.py"}, Jars: []string{"s3://lake/a.jar", "s3://lake/b.jar"},
				Conf: map[string]string{"spark.jars": "s3://lake/0.jar", "spark.x": "a 'quoted' value"}, Env: map[string]string{"PETALAKE_JOB": "night"},
			}, nil
		},
	}
}

var attempt = job.Attempt{ID: "night-7-1", Run: "night/7", Job: "night", Number: 7}

// kinds are the two places where a program runs, on a server.
func kinds(t *testing.T, endpoint string, lake store.Store) map[string]job.Runner {
	cfg := servers.AWS(t, endpoint)
	return map[string]job.Runner{
		"serverless": emr.NewServerless(cfg, "app", options(lake)),
		"steps":      emr.NewSteps(cfg, "j-1", options(lake)),
	}
}

// TestLife promises that an attempt is followed from its start to each of its ends.
func TestLife(t *testing.T) {
	ends := map[string]map[string]job.Status{
		"serverless": {
			"RUNNING": {Phase: job.Active}, "SUCCESS": {Phase: job.Over}, "CANCELLED": {Phase: job.Over, Exit: 1, Error: "it was cancelled"},
			"FAILED": {Phase: job.Over, Exit: 1, Error: "Job failed, exit code 1"}, "": {Phase: job.Gone},
		},
		"steps": {
			"RUNNING": {Phase: job.Active}, "COMPLETED": {Phase: job.Over}, "CANCELLED": {Phase: job.Over, Exit: 1, Error: "it was cancelled"},
			"FAILED": {Phase: job.Over, Exit: 1, Error: "Unknown Error: exit code 13"}, "INTERRUPTED": {Phase: job.Gone},
		},
	}
	f := &fake{}
	for name, r := range kinds(t, f.serve(t), store.NewMem()) {
		t.Run(name, func(t *testing.T) {
			f.started = nil
			handle, err := r.Submit(t.Context(), attempt)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := r.Submit(t.Context(), attempt); err != nil || again != handle || len(f.started) != 1 {
				t.Fatalf("submitted again: got %q, %v and %d started, want %q and one", again, err, len(f.started), handle)
			}
			for state, want := range ends[name] {
				f.become(f.started[0].id, state)
				if got, err := r.Poll(t.Context(), handle); err != nil || got.Phase != want.Phase || got.Exit != want.Exit || got.Error != want.Error {
					t.Errorf("%s: got %+v, %v, want %+v", state, got, err, want)
				}
			}
			f.become(f.started[0].id, "RUNNING")
			if err := r.Cancel(t.Context(), handle); err != nil || f.states[f.started[0].id] != "CANCELLED" {
				t.Errorf("cancel: got %v, state %s", err, f.states[f.started[0].id])
			}
			if _, err := r.Poll(t.Context(), "process:here/1"); err == nil {
				t.Error("a handle of another runner: got no error")
			}
		})
	}
}

// TestLostCluster promises that a step is gone with its cluster, whatever EMR still says of it, so
// that the job is tried elsewhere.
func TestLostCluster(t *testing.T) {
	f := &fake{}
	r := kinds(t, f.serve(t), store.NewMem())["steps"]
	handle, err := r.Submit(t.Context(), attempt)
	if err != nil {
		t.Fatal(err)
	}
	f.become("j-1", "TERMINATED_WITH_ERRORS")
	for _, state := range []string{"PENDING", "RUNNING", "CANCELLED", "FAILED"} {
		f.become(f.started[0].id, state)
		if got, err := r.Poll(t.Context(), handle); err != nil || got.Phase != job.Gone {
			t.Errorf("%s on a cluster that ended: got %+v, %v, want %s", state, got, err, job.Gone)
		}
	}
}

// TestWhatIsSent promises that a program arrives with its files, settings and environment.
func TestWhatIsSent(t *testing.T) {
	f := &fake{}
	endpoint := f.serve(t)
	runners := kinds(t, endpoint, store.NewMem())
	if _, err := runners["steps"].Submit(t.Context(), attempt); err != nil {
		t.Fatal(err)
	}
	var args []string
	for _, a := range f.started[0].request["HadoopJarStep"].(object)["Args"].([]any) {
		args = append(args, a.(string))
	}
	want := []string{
		"spark-submit", "--deploy-mode", "cluster", "--conf", "spark.jars=s3://lake/0.jar,s3://lake/a.jar,s3://lake/b.jar", "--conf", "spark.submit.pyFiles=s3://lake/lib.py",
		"--conf", "spark.x=a 'quoted' value", "--conf", "spark.yarn.appMasterEnv.PETALAKE_JOB=night", "s3://lake/main.py", "a b", "--x",
	}
	if !slices.Equal(args, want) {
		t.Errorf("a step:\ngot  %q\nwant %q", args, want)
	}
	f.started = nil
	if _, err := runners["serverless"].Submit(t.Context(), attempt); err != nil {
		t.Fatal(err)
	}
	sent := f.started[0].request
	conf := sent["configurationOverrides"].(object)["applicationConfiguration"].([]any)[0].(object)["properties"].(object)
	if conf["spark.x"] != "a 'quoted' value" || conf["spark.emr-serverless.driverEnv.PETALAKE_JOB"] != "night" || sent["mode"] != "BATCH" {
		t.Errorf("a job run: got %v", sent)
	}
}

// TestAnyCallFails promises that whichever call is throttled, cut off or answered in vain, an attempt
// that is submitted until it has a handle is started once.
func TestAnyCallFails(t *testing.T) {
	for _, name := range []string{"serverless", "steps"} {
		for _, how := range []string{"throttled", "cut", "lost"} {
			for n := 1; ; n++ {
				f := &fake{hurt: n, how: how}
				r := kinds(t, f.serve(t), store.NewMem())[name]
				handle, err := r.Submit(t.Context(), attempt)
				for tries := 0; err != nil && tries < 3; tries++ {
					handle, err = r.Submit(t.Context(), attempt)
				}
				if err != nil || len(f.started) != 1 {
					t.Errorf("%s, call %d %s: got %v and %d started, want one", name, n, how, err, len(f.started))
				}
				if status, err := r.Poll(t.Context(), handle); err != nil || status.Phase != job.Active {
					t.Errorf("%s, call %d %s: got %+v, %v", name, n, how, status, err)
				}
				if f.calls < n {
					break
				}
			}
		}
	}
}

// TestRefused promises that what will never run is not tried again, and that the hint says why.
func TestRefused(t *testing.T) {
	f := &fake{}
	cfg := servers.AWS(t, f.serve(t))
	for name, r := range map[string]job.Runner{
		"serverless": emr.NewServerless(cfg, "nobody", options(store.NewMem())),
		"steps":      emr.NewSteps(cfg, "j-0", options(store.NewMem())),
	} {
		var refused *job.RefusedError
		if _, err := r.Submit(t.Context(), attempt); !errors.As(err, &refused) || refused.Hint() == "" {
			t.Errorf("%s that is not there: got %v, want a refusal with a hint", name, err)
		}
	}
	o := options(store.NewMem())
	o.Submission = func(context.Context, job.Attempt) (job.Submission, error) {
		return job.Submission{Main: "s3://lake/main.py", Args: []string{strings.Repeat("x", 11_000)}}, nil
	}
	var refused *job.RefusedError
	if _, err := emr.NewSteps(cfg, "j-1", o).Submit(t.Context(), attempt); !errors.As(err, &refused) || !strings.Contains(err.Error(), "10280") {
		t.Errorf("arguments that are too long: got %v, want a refusal that names the limit", err)
	}
}

// TestLogs promises that output comes as it is written, from any byte, and errors once all is over;
// that a file whose end is missing is read as far as it goes.
func TestLogs(t *testing.T) {
	lake := store.NewMem()
	f := &fake{}
	r := kinds(t, f.serve(t), lake)["serverless"]
	handle, err := r.Submit(t.Context(), attempt)
	if err != nil {
		t.Fatal(err)
	}
	put := func(name, text string, cut int) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(text))
		_ = z.Flush()
		_ = z.Close()
		key := "_petalake/emr/applications/app/jobs/" + f.started[0].id + "/SPARK_DRIVER/" + name
		if err := lake.Put(t.Context(), key, bytes.NewReader(b.Bytes()[:b.Len()-cut]), store.Always); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(from int64, want string) {
		t.Helper()
		if got, err := r.Logs(t.Context(), handle, from); err != nil || string(got) != want {
			t.Errorf("from byte %d: got %q, %v, want %q", from, got, err, want)
		}
	}
	expect(0, "")
	put("stdout.gz", "one\n", 6)
	put("stderr.gz", "log4j", 0)
	expect(0, "one\n")
	put("stdout.gz", "one\ntwo\n", 0)
	expect(4, "two\n")
	expect(8, "")
	f.become(f.started[0].id, "FAILED")
	expect(8, "\n-- stderr --\nlog4j")
}

// TestSession promises that a session is waited for, asked for a token each time, and closed.
func TestSession(t *testing.T) {
	f := &fake{}
	cfg := servers.AWS(t, f.serve(t))
	var states []string
	tell := func(state string) { states = append(states, state) }
	open := map[string]func(ctx context.Context) (*emr.Session, error){
		"serverless": func(ctx context.Context) (*emr.Session, error) {
			return emr.OpenServerless(ctx, cfg, "app", "role", "lake-1", time.Millisecond, tell)
		},
		"cluster": func(ctx context.Context) (*emr.Session, error) {
			return emr.OpenCluster(ctx, cfg, "j-1", "role", "lake-2", time.Millisecond, tell)
		},
	}
	for name, open := range open {
		states, f.asked = nil, 0
		s, err := open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(states, " "); got != "SUBMITTED STARTING IDLE" {
			t.Errorf("%s: got states %q", name, got)
		}
		for n, want := range []string{"token-1", "token-2"} {
			e, err := s.Endpoint(t.Context())
			if err != nil || e.Address != "sessions.example:443" || e.Token != want || e.Ends.Year() != 2100 {
				t.Errorf("%s, endpoint %d: got %+v, %v", name, n, e, err)
			}
		}
		if err := s.Close(t.Context()); err != nil || f.states[s.ID()] != "TERMINATED" {
			t.Errorf("%s: close: got %v, state %s", name, err, f.states[s.ID()])
		}
		f.become(s.ID(), "FAILED")
		if _, err := open(t.Context()); err == nil || !strings.Contains(err.Error(), "FAILED") {
			t.Errorf("%s: a session that fails: got %v", name, err)
		}
	}
}

// TestMoto promises the same of a server that others wrote.
func TestMoto(t *testing.T) {
	moto := servers.Moto(t)
	cfg, ctx := servers.AWS(t, moto.Endpoint), t.Context()
	app, err := emrserverless.NewFromConfig(cfg).CreateApplication(ctx, &emrserverless.CreateApplicationInput{
		Name: aws.String("lake"), ReleaseLabel: aws.String("emr-7.2.0"), Type: aws.String("SPARK"), ClientToken: aws.String("1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	serverless := emr.NewServerless(cfg, *app.ApplicationId, options(store.NewMem()))
	handle, err := serverless.Submit(ctx, attempt)
	if err != nil {
		t.Fatal(err)
	}
	if status, err := serverless.Poll(ctx, handle); err != nil || status.Phase != job.Over || status.Exit != 0 {
		t.Errorf("a job run: got %+v, %v, want one that succeeded", status, err)
	}
	cluster, err := awsemr.NewFromConfig(cfg).RunJobFlow(ctx, &awsemr.RunJobFlowInput{
		Name: aws.String("lake"), ReleaseLabel: aws.String("emr-7.2.0"), ServiceRole: aws.String("service"), JobFlowRole: aws.String("nodes"),
		Instances: &emrtypes.JobFlowInstancesConfig{MasterInstanceType: aws.String("m7g.xlarge"), InstanceCount: aws.Int32(1), KeepJobFlowAliveWhenNoSteps: aws.Bool(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	steps := emr.NewSteps(cfg, *cluster.JobFlowId, options(store.NewMem()))
	if handle, err = steps.Submit(ctx, attempt); err != nil {
		t.Fatal(err)
	}
	if again, err := steps.Submit(ctx, attempt); err != nil || again != handle {
		t.Errorf("a step submitted again: got %q, %v, want %q", again, err, handle)
	}
	if status, err := steps.Poll(ctx, handle); err != nil || status.Phase != job.Active {
		t.Errorf("a step: got %+v, %v, want an active one", status, err)
	}
}
