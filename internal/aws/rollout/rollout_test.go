package rollout_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/spec"
)

const file = `lakehouse: shop
sources:
  orders: {kind: files, path: raw/orders/*.csv, table: bronze.orders}
models:
  gold.sums: {sql: models/sums.sql}
environments:
  prod:
    aws: {region: us-east-1, daemon: {instance: INSTANCE}, alerts: [ops@example.com], budget: 900}
`

// lake writes a lakehouse and reads it, with the machine that the test itself runs on.
func lake(t *testing.T, more string) (*spec.Lakehouse, *spec.Environment) {
	t.Helper()
	dir := t.TempDir()
	instance := map[string]string{"amd64": "m7i.xlarge", "arm64": "m7g.xlarge"}[runtime.GOARCH]
	write(t, filepath.Join(dir, "lakehouse.yaml"), strings.ReplaceAll(file, "INSTANCE", instance)+more)
	write(t, filepath.Join(dir, "models", "sums.sql"), "SELECT count(*) AS n FROM bronze.orders")
	l, err := spec.Load(filepath.Join(dir, "lakehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.Environment("prod")
	if err == nil {
		e, err = e.Resolve(func(string) (string, bool) { return "", false })
	}
	if err != nil {
		t.Fatal(err)
	}
	return l, e
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, l *spec.Lakehouse, e *spec.Environment) (*rollout.Rollout, []*deploy.Stack) {
	t.Helper()
	stacks, err := deploy.Render(l, e)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rollout.Open(t.Context(), l, e, stacks)
	if err != nil {
		t.Fatal(err)
	}
	r.Poll(10 * time.Millisecond)
	return r, stacks
}

// TestDeploy promises that all stacks are made, that a plan against what is deployed is then empty, that the program is
// where the machine looks for it, and that all is taken down again but what holds data.
func TestDeploy(t *testing.T) {
	moto := servers.Moto(t)
	moto.Environ(t)
	ctx := t.Context()
	l, e := lake(t, "fleet: {size: small}\n")
	r, stacks := open(t, l, e)
	if before, err := r.Deployed(ctx); err != nil || len(before) != 0 {
		t.Fatalf("before: got %d templates, %v", len(before), err)
	}
	if previews, err := r.Preview(ctx, nil); err != nil || slices.ContainsFunc(previews, func(one rollout.Preview) bool { return one.Asked }) {
		t.Fatalf("preview of nothing: got %+v, %v, want that nothing is asked", previews, err)
	}
	if states, err := r.Status(ctx, false); err != nil || len(states) != 0 {
		t.Fatalf("after a preview: got %v, %v, want no stack left behind", states, err)
	}
	program, err := rollout.Pack(l, e, "/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	tell := func(x rollout.Progress) {
		told = append(told, x.Layer+" "+x.Text+x.Event.Resource+" "+x.Event.Status)
	}
	if err := r.Apply(ctx, program, rollout.Consent{}, tell); err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(told, "\n"))
	}
	for _, want := range []string{"bootstrap shop-prod-bootstrap CREATE_COMPLETE", "foundation the default security group is closed ", "compute shop-prod-compute CREATE_COMPLETE"} {
		if !strings.Contains(strings.Join(told, "\n"), want) {
			t.Errorf("it was not told that %q:\n%s", want, strings.Join(told, "\n"))
		}
	}
	deployed, err := r.Deployed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if plan, err := deploy.NewPlan(stacks, deployed, nil); err != nil || !plan.Empty() {
		t.Errorf("plan after deploy: got %+v, %v, want nothing to do", plan, err)
	}
	previews, err := r.Preview(ctx, nil)
	if err != nil || len(previews) != len(stacks) {
		t.Fatalf("preview after deploy: got %v, %v, want one of each stack", previews, err)
	}
	for _, one := range previews {
		if !one.Asked || len(one.Reported) != 0 || one.Note != "" {
			t.Errorf("preview after deploy: got %+v, want nothing to do", one)
		}
	}
	states, err := r.Status(ctx, false)
	if err != nil || len(states) != len(stacks) {
		t.Fatalf("status: got %+v, %v, want %d stacks", states, err, len(stacks))
	}
	again, _ := open(t, l, e)
	told = nil
	if err := again.Apply(ctx, program, rollout.Consent{}, tell); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(strings.Join(told, "\n"), "nothing to do"); got != len(stacks) {
		t.Errorf("deployed again: %d of %d stacks had nothing to do:\n%s", got, len(stacks), strings.Join(told, "\n"))
	}
	takenDown(t, moto, r)
}

// takenDown destroys an environment with a cluster of its fleet, then its data.
func takenDown(t *testing.T, moto *servers.Server, r *rollout.Rollout) {
	t.Helper()
	ctx := t.Context()
	var told []string
	tell := func(x rollout.Progress) { told = append(told, x.Text) }
	before, err := r.Left(ctx)
	if err != nil || len(before) == 0 {
		t.Errorf("what is there: got %v, %v", before, err)
	}
	cfg := servers.AWS(t, moto.Endpoint)
	var cluster struct{ JobFlowId string }
	if err := awsx.JSON(ctx, cfg, "elasticmapreduce", "us-east-1", "ElasticMapReduce.RunJobFlow", map[string]any{
		"Name": "shop-prod-spark-1", "ReleaseLabel": "emr-7.2.0", "ServiceRole": "r", "JobFlowRole": "p",
		"Instances": map[string]any{"MasterInstanceType": "m7g.xlarge", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": true},
	}, &cluster); err != nil {
		t.Fatal(err)
	}
	if err := r.TakeDown(ctx, false, tell); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(told, func(line string) bool { return strings.Contains(line, "cluster "+cluster.JobFlowId+" is ended") }) {
		t.Errorf("the cluster was not ended:\n%s", strings.Join(told, "\n"))
	}
	if states, err := r.Status(ctx, false); err != nil || len(states) != 0 {
		t.Errorf("after destroy: got %+v, %v, want no stacks", states, err)
	}
	left, err := r.Left(ctx)
	if err != nil || len(left) == 0 || len(left) >= len(before) || slices.ContainsFunc(left, func(one rollout.Remnant) bool { return one.Type == "" }) {
		t.Errorf("after destroy: got %v, %v, want what holds data and no more", left, err)
	}
	if err := r.TakeDown(ctx, true, tell); err != nil {
		t.Fatal(err)
	}
	left, err = r.Left(ctx)
	if err != nil || len(left) != 1 || left[0].Type != "AWS::KMS::Key" || time.Until(left[0].Ends) < 29*24*time.Hour {
		t.Errorf("after the data was deleted: got %v, %v, want the key alone, with its end", left, err)
	}
}

// TestBundle promises that what the daemon runs is lakehouse.yaml and the files it names, always the
// same bytes for the same files.
func TestBundle(t *testing.T) {
	l, e := lake(t, "")
	a, err := rollout.Pack(l, e, "/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	b, err := rollout.Pack(l, e, "/proc/self/exe")
	if err != nil || !bytes.Equal(a.Bundle, b.Bundle) || a.BinaryDigest != b.BinaryDigest {
		t.Errorf("packed twice: %v, not the same", err)
	}
	z, err := gzip.NewReader(bytes.NewReader(a.Bundle))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for in := tar.NewReader(z); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
	if got := strings.Join(names, " "); got != "lakehouse.yaml models/sums.sql" {
		t.Errorf("got %s", got)
	}
}

// TestRefusals promises that the wrong account and the wrong program are found before anything is done.
func TestRefusals(t *testing.T) {
	servers.Moto(t).Environ(t)
	l, e := lake(t, "")
	e.AWS.Account = "999999999999"
	stacks, err := deploy.Render(l, e)
	if err != nil {
		t.Fatal(err)
	}
	var problems spec.Errors
	if _, err := rollout.Open(t.Context(), l, e, stacks); !errors.As(err, &problems) || !strings.Contains(err.Error(), "123456789012") {
		t.Errorf("another account: got %v, want a problem that names both", err)
	}
	var binary *rollout.BinaryError
	if _, err := rollout.Pack(l, e, filepath.Join(filepath.Dir(l.File), "lakehouse.yaml")); !errors.As(err, &binary) || binary.Hint() == "" {
		t.Errorf("a program that is none: got %v, want a refusal with a hint", err)
	}
	e.AWS.Daemon.Instance = map[string]string{"amd64": "m7g.xlarge", "arm64": "m7i.xlarge"}[runtime.GOARCH]
	if _, err := rollout.Pack(l, e, "/proc/self/exe"); !errors.As(err, &binary) {
		t.Errorf("a program for another machine: got %v, want a refusal", err)
	}
}
