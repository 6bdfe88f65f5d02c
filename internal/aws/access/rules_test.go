package access

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test ./internal/aws/access -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: -want +got (go test ./internal/aws/access -update writes it anew)\n%s", file, diff)
	}
}

// shop is the lakehouse of testdata, and its environment in AWS.
func shop(t *testing.T) (*spec.Lakehouse, *spec.Environment) {
	t.Helper()
	data, err := os.ReadFile("testdata/lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, string(data))
}

func parsed(t *testing.T, text string) (*spec.Lakehouse, *spec.Environment) {
	t.Helper()
	l, err := spec.Parse("lakehouse.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := l.Environment("prod")
	if err != nil {
		t.Fatal(err)
	}
	return l, e
}

func table(t *testing.T, text string) spec.TableName {
	t.Helper()
	n, err := spec.ParseTableName(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAllows(t *testing.T) {
	l, _ := shop(t)
	r := New(l)
	for _, c := range []struct {
		actor  string
		do     Action
		table  string
		column string
		want   bool
		why    string
	}{
		{"daemon", Read, "bronze.customers", "email", true, "petalake itself reads all tables"},
		{"daemon", Write, "gold.revenue", "", true, "petalake itself writes what sources, models and its own jobs fill"},
		{"daemon", Write, "gold.report", "", true, "petalake itself writes what sources, models and its own jobs fill"},
		{"daemon", Write, "gold.scores", "", false, "petalake itself writes what sources, models and its own jobs fill, and gold.scores is none of it"},
		{"job:tidy", Write, "gold.tidy", "", true, "petalake itself writes what sources, models and its own jobs fill"},
		{"job:score", Write, "gold.scores", "", true, "the role scorer, at lakehouse.yaml:56:15"},
		{"job:score", Read, "gold.scores", "", true, "the role scorer, at lakehouse.yaml:56:15"},
		{"job:score", Write, "silver.sales", "", false, "job score: the role scorer does not write silver.sales"},
		{"job:score", Read, "bronze.orders", "", false, "job score: the role scorer does not read bronze.orders"},
		{"analyst", Read, "gold.revenue", "one", true, "the role analyst, at lakehouse.yaml:51:15"},
		{"analyst", Read, "GOLD.Revenue", "one", true, "the role analyst, at lakehouse.yaml:51:15"},
		{"analyst", Read, "bronze.customers", "", true, "the role analyst, at lakehouse.yaml:51:37"},
		{"analyst", Read, "bronze.customers", "country", true, "the role analyst, at lakehouse.yaml:51:37"},
		{"analyst", Read, "bronze.customers", "EMAIL", false, "the role analyst reads bronze.customers, and not its column EMAIL"},
		{"analyst", Read, "airports", "", false, "the role analyst does not read airports"},
		{"analyst", Write, "gold.revenue", "", false, "the role analyst does not write gold.revenue"},
		{"ann", Read, "bronze.customers", "name", false, "the role analyst reads bronze.customers, and not its column name"},
		{"bob", Read, "bronze.customers", "name", true, "the role support, at lakehouse.yaml:61:14"},
		{"bob", Read, "bronze.customers", "email", false, "the role support reads bronze.customers, and not its column email"},
		{"bob", Write, "bronze.orders", "", false, "bob: none of the roles analyst, support writes bronze.orders"},
		{"arn:aws:iam::123456789012:role/analyst", Read, "silver.sales", "", true, "the role analyst, at lakehouse.yaml:51:23"},
		{"support", Read, "bronze.orders", "", false, "the role support does not read bronze.orders"},
		{"auditor", Read, "airports", "city", true, "the role auditor, at lakehouse.yaml:65:14"},
		{"auditor", Read, "made.later", "", true, "the role auditor, at lakehouse.yaml:65:14"},
		{"auditor", Write, "airports", "", false, "the role auditor does not write airports"},
	} {
		a, err := r.Actor(c.actor)
		if err != nil {
			t.Errorf("%s: %v", c.actor, err)
			continue
		}
		got, why := r.Allows(a, c.do, table(t, c.table), c.column)
		if got != c.want || why != c.why {
			t.Errorf("%s %ss %s.%s: got %v, %q, want %v, %q", c.actor, c.do, c.table, c.column, got, why, c.want, c.why)
		}
	}
	if ok, why := r.Allows(r.Member("eve"), Read, table(t, "airports"), ""); ok || why != "eve is in no role" {
		t.Errorf("eve: got %v, %q", ok, why)
	}
	if ok, _ := r.Allows(Actor{}, Read, table(t, "airports"), ""); ok {
		t.Error("nobody may read airports")
	}
}

// Rows that could not be read may have any column in them.
func TestQuarantineIsForThoseWhoReadAll(t *testing.T) {
	l, _ := shop(t)
	r := New(l)
	q := spec.TableName{Table: "_quarantine"}
	for name, want := range map[string]bool{"daemon": true, "auditor": true, "analyst": false, "bob": false} {
		a, err := r.Actor(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, why := r.Allows(a, Read, q, ""); got != want {
			t.Errorf("%s: got %v (%s), want %v", name, got, why, want)
		}
	}
}

func TestUnknownActor(t *testing.T) {
	l, _ := shop(t)
	_, err := New(l).Actor("analist")
	var unknown *UnknownActorError
	if !errors.As(err, &unknown) || unknown.Hint() != `did you mean "analyst"?` {
		t.Errorf("got %v", err)
	}
}

func TestOff(t *testing.T) {
	l, e := parsed(t, "lakehouse: a\nenvironments: {prod: {aws: {region: eu-central-1}}}")
	r := New(l)
	if ok, _ := r.Allows(Actor{}, Write, table(t, "x"), ""); !ok {
		t.Error("without access somebody is held back")
	}
	if p, err := Policies(l, e, nil); p != nil || err != nil || Grants(l, e) != nil {
		t.Errorf("without access there are policies: %v, %v", p, err)
	}
}

// Roles add up: one sees what any of the roles lets one see.
func TestColumnsAddUp(t *testing.T) {
	only := func(names ...string) Columns { return Columns{Names: names, named: true} }
	but := func(names ...string) Columns { return Columns{Names: names} }
	all := []string{"a", "b", "c", "d"}
	sets := []Columns{{}, only(), only("a"), only("A", "b"), but("b"), but("a", "C"), but("a", "b", "c", "d")}
	for _, x := range sets {
		for _, y := range sets {
			both := x.or(y)
			for _, name := range all {
				if want := x.Has(name) || y.Has(name); both.Has(name) != want {
					t.Errorf("%v or %v: %s: got %v, want %v", x, y, name, !want, want)
				}
			}
		}
	}
	l, _ := shop(t)
	r := New(l)
	got := r.Columns(r.Member("bob"), table(t, "bronze.customers"))
	if diff := cmp.Diff([]string{"email"}, got.Except()); diff != "" || got.Only() != nil {
		t.Errorf("bob: -want +got\n%s", diff)
	}
	if !r.Columns(r.Member("bob"), table(t, "airports")).None() {
		t.Error("bob sees columns of airports")
	}
}

func TestGrants(t *testing.T) {
	l, e := shop(t)
	var lines []string
	for _, g := range Grants(l, e) {
		text, err := plain(g)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(text))
		if !strings.HasPrefix(g.Principal, "arn:aws:iam::123456789012:role/shop-prod-eu-central-1-") {
			t.Errorf("principal %s", g.Principal)
		}
	}
	if sorted := slices.Sorted(slices.Values(lines)); len(slices.Compact(sorted)) != len(lines) {
		t.Error("a grant is there twice")
	}
	golden(t, "testdata/grants.txt", []byte(strings.Join(lines, "\n")+"\n"))
}

func TestPolicies(t *testing.T) {
	l, e := shop(t)
	policies, err := Policies(l, e, []string{"raw/orders/", "raw/customers/"})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range policies {
		for i, d := range p.Documents {
			d, err := d.Filled(l, e)
			if err != nil {
				t.Fatal(err)
			}
			name := p.Actor.Name()
			if i > 0 {
				name += "-more"
			}
			golden(t, filepath.Join("testdata/policies", name+".json"), indented(t, d))
			for _, s := range d.Statements {
				if slices.Contains(s.Resource, "*") && s.Sid != "LakeFormation" {
					t.Errorf("%s: %s is for all resources, and no reason is known", name, s.Sid)
				}
			}
		}
	}
}
