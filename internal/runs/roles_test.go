package runs

import (
	"errors"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/aws/emr"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

const withRoles = `lakehouse: shop
tables:
  bronze.orders: {columns: [id: long]}
  bronze.customers: {columns: [id: long, name: string]}
  gold.scores:
access:
  roles:
    scorer: {reads: bronze.*, writes: gold.scores, except: bronze.customers.name}
environments:
  prod:
    aws: {region: eu-central-1, account: 123456789012}
  own:
    storage: s3://lake/shop
    spark: {emr: {application: app, role: "arn:aws:iam::123456789012:role/job"}}
`

func runsWithRoles(t *testing.T, environment string, variables map[string]string) *Runs {
	t.Helper()
	l, err := spec.Parse("lakehouse.yaml", []byte(withRoles), nil)
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
	e, err := l.Environment(environment)
	if err == nil {
		e, err = e.Resolve(lookup)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &Runs{Env: &lake.Env{Spec: l, Environment: e, Lookup: lookup, Storage: lake.Storage{Store: store.NewMem()}}, Programs: emr.Services{}}
}

// A program with a role of access runs as that role, or not at all.
func TestProgramsRunAsTheirRole(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "x")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	deployed := map[string]string{spec.EMRApplication: "app", spec.EMRRole: "arn:aws:iam::123456789012:role/shop-prod-eu-central-1-spark"}
	for _, c := range []struct {
		environment string
		variables   map[string]string
		role        string
		want        string // the role of IAM, or a part of the error
	}{
		{"prod", deployed, "scorer", "arn:aws:iam::123456789012:role/shop-prod-eu-central-1-role-scorer"},
		{"prod", nil, "scorer", "is not known here"},
		{"own", nil, "scorer", "has one role for all"},
	} {
		l := runsWithRoles(t, c.environment, c.variables)
		r, err := (&jobs{of: l}).runner(t.Context(), job.Program{Kind: job.PySpark, File: "score.py", Role: c.role})
		if err != nil {
			var refused *job.RefusedError
			if !strings.Contains(err.Error(), c.want) || !errors.As(err, &refused) || refused.Hint() == "" {
				t.Errorf("%s: got %v, want %s", c.environment, err, c.want)
			}
			continue
		}
		if s, ok := r.(*emr.Serverless); !ok || s.Role != c.want {
			t.Errorf("%s: got %T %+v, want %s", c.environment, r, r, c.want)
		}
	}
}

// Without the services of AWS a program for EMR is refused, with what to pass.
func TestProgramsNeedServices(t *testing.T) {
	l := runsWithRoles(t, "own", nil)
	l.Programs = nil
	_, err := (&jobs{of: l}).runner(t.Context(), job.Program{Kind: job.PySpark, File: "score.py"})
	var missing *lake.NoServicesError
	var refused *job.RefusedError
	if !errors.As(err, &missing) || !errors.As(err, &refused) || refused.Hint() != missing.Hint() {
		t.Errorf("got %v, want a refusal for lack of services", err)
	}
}

// A program of a role is told of the tables alone that the role reads whole.
func TestProgramsAreToldOfTheirTables(t *testing.T) {
	l := runsWithRoles(t, "prod", nil)
	all := []spec.TableName{{Schema: "bronze", Table: "orders"}, {Schema: "bronze", Table: "customers"}, {Schema: "gold", Table: "scores"}, {Table: "other"}}
	got, err := l.readable("scorer", all)
	if err != nil || len(got) != 2 || got[0] != all[0] || got[1] != all[2] {
		t.Errorf("got %v, %v, want bronze.orders and gold.scores", got, err)
	}
	if got, err := l.readable("", all); err != nil || len(got) != 4 {
		t.Errorf("without a role: got %v, %v", got, err)
	}
	if _, err := l.readable("gone", all); err == nil {
		t.Error("a role that is gone reads tables")
	}
}
