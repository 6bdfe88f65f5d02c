package glue

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/servers"
)

// TestTypes promises a word of Hive for each type of Delta.
func TestTypes(t *testing.T) {
	for want, typ := range map[string]schema.Type{
		"string": schema.String, "bigint": schema.Long, "int": schema.Integer, "smallint": schema.Short, "tinyint": schema.Byte, "float": schema.Float,
		"double": schema.Double, "boolean": schema.Boolean, "binary": schema.Binary, "date": schema.Date, "timestamp": schema.TimestampNTZ,
		"decimal(10,2)": schema.Decimal{Precision: 10, Scale: 2}, "array<int>": &schema.Array{Element: schema.Integer},
		"map<string,array<date>>":  &schema.Map{Key: schema.String, Value: &schema.Array{Element: schema.Date}},
		"struct<a:int,b_c:string>": &schema.Struct{Fields: []schema.Field{{Name: "A", Type: schema.Integer}, {Name: "b c", Type: schema.Variant}}},
	} {
		if got := hive(typ); got != want {
			t.Errorf("%v: got %s, want %s", typ, got, want)
		}
	}
	wide := &schema.Struct{}
	for range 20_000 {
		wide.Fields = append(wide.Fields, schema.Field{Name: "column", Type: schema.Long})
	}
	if got := hive(wide); got != "string" {
		t.Errorf("a type longer than Glue takes: got %d characters", len(got))
	}
	if got := cut("añb", 2); got != "a" {
		t.Errorf("cut: got %q", got)
	}
}

const owner = "shop/prod"

func table(database, name string, columns ...string) Table {
	t := Table{Database: database, Name: name, Location: "s3://lake/" + name, Owner: owner}
	for _, c := range columns {
		t.Columns = append(t.Columns, Column{Name: c, Type: "int"})
	}
	return t
}

func database(name, owner string, tables ...Table) Database {
	d := Database{name, owner, map[string]Table{}}
	for _, t := range tables {
		d.Tables[t.Name] = t
	}
	return d
}

// TestPlan promises what is done about each difference, and that what is somebody else's is let alone.
func TestPlan(t *testing.T) {
	foreign := table("b", "theirs", "x")
	foreign.Owner = ""
	have := map[string]Database{
		"b":   database("b", owner, table("b", "same", "x"), table("b", "wider", "x"), table("b", "gone", "x"), foreign),
		"old": database("old", owner, table("old", "t", "x")),
		"x":   database("x", "somebody"),
	}
	want := []Table{
		table("b", "same", "x"), table("b", "wider", "x", "y"), table("b", "new", "x"), table("b", "theirs", "x"), table("n", "t", "x"), table("x", "t", "x"), table("n", "t", "y"),
	}
	say := func(steps []Step, problems []*Problem) string {
		var lines []string
		for _, s := range steps {
			lines = append(lines, string(s.Do)+" "+s.Name())
		}
		for _, p := range problems {
			lines = append(lines, "problem "+p.Name)
		}
		return strings.Join(lines, "\n")
	}
	if diff := cmp.Diff(say(Plan(owner, want, have, true)), `create b.new
update b.wider
create n
create n.t
delete b.gone
delete old.t
delete old
problem n.t
problem b.theirs
problem x`); diff != "" {
		t.Errorf("-got +want:\n%s", diff)
	}
	if got := say(Plan(owner, want[:1], have, false)); got != "" {
		t.Errorf("a table that is as it should be: %s", got)
	}
}

// fake is a Glue that mistreats one call of its choice.
type fake struct {
	calls, hurt int
	how         string
	databases   map[string]map[string]string
	tables      map[string]map[string]json.RawMessage
}

func newFake() *fake {
	return &fake{databases: map[string]map[string]string{}, tables: map[string]map[string]json.RawMessage{}}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.calls++
	hurt := f.calls == f.hurt
	var in struct {
		Name, DatabaseName string
		DatabaseInput      struct {
			Name       string
			Parameters map[string]string
		}
		TableInput json.RawMessage
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	if hurt && f.how == "cut" {
		panic(http.ErrAbortHandler)
	}
	var out any = map[string]any{}
	code := ""
	switch action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSGlue."); {
	case hurt && f.how == "throttled":
		code = "ThrottlingException"
	case hurt && f.how == "denied":
		code = "AccessDeniedException"
	default:
		out, code = f.answer(action, in.Name, in.DatabaseName, in.DatabaseInput.Name, in.DatabaseInput.Parameters, in.TableInput)
	}
	if hurt && f.how == "lost" {
		panic(http.ErrAbortHandler)
	}
	if code != "" {
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"__type": code, "Message": code}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (f *fake) answer(action, name, database, made string, parameters map[string]string, table json.RawMessage) (any, string) {
	var of struct{ Name string }
	if table != nil {
		_ = json.Unmarshal(table, &of)
	}
	switch action {
	case "GetDatabase":
		if p, ok := f.databases[name]; ok {
			return map[string]any{"Database": map[string]any{"Name": name, "Parameters": p}}, ""
		}
		return nil, "EntityNotFoundException"
	case "GetTables":
		list := []json.RawMessage{}
		for _, k := range sorted(f.tables[database]) {
			list = append(list, f.tables[database][k])
		}
		return map[string]any{"TableList": list}, ""
	case "CreateDatabase":
		if _, ok := f.databases[made]; ok {
			return nil, "AlreadyExistsException"
		}
		f.databases[made], f.tables[made] = parameters, map[string]json.RawMessage{}
	case "DeleteDatabase":
		if _, ok := f.databases[name]; !ok {
			return nil, "EntityNotFoundException"
		}
		delete(f.databases, name)
	case "CreateTable", "UpdateTable":
		_, there := f.tables[database][of.Name]
		if action == "CreateTable" && there {
			return nil, "AlreadyExistsException"
		} else if action == "UpdateTable" && !there {
			return nil, "EntityNotFoundException"
		}
		f.tables[database][of.Name] = table
	case "DeleteTable":
		if _, ok := f.tables[database][name]; !ok {
			return nil, "EntityNotFoundException"
		}
		delete(f.tables[database], name)
	}
	return map[string]any{}, ""
}

// TestSweep mistreats each call in turn: a sync that fails says so, and the next one brings the catalog to
// what it should be; then nothing is left to do.
func TestSweep(t *testing.T) {
	first := []Table{table("b", "one", "x"), table("b", "two", "x"), table("c", "three", "x")}
	then := []Table{table("b", "one", "x", "y"), table("b", "four", "x")}
	for _, how := range []string{"throttled", "denied", "cut", "lost"} {
		servers.EachCall(t, func(hurt int) int {
			f := newFake()
			f.how, f.hurt = how, hurt
			server := httptest.NewServer(f)
			defer server.Close()
			c := New(servers.AWS(t, server.URL), "us-east-1", owner)
			for _, want := range [][]Table{first, then} {
				if _, _, err := c.Sync(t.Context(), want, []string{"b", "c"}, true); (err != nil) != (how == "denied" && f.calls == hurt) {
					t.Errorf("%s at call %d: %v", how, hurt, err)
				}
			}
			for range 2 {
				if _, problems, err := c.Sync(t.Context(), then, []string{"b", "c"}, true); err != nil && f.calls != hurt || len(problems) > 0 {
					t.Errorf("%s at call %d, the next time: %v, %v", how, hurt, err, problems)
				}
			}
			if steps, _, err := c.Sync(t.Context(), then, []string{"b", "c"}, true); err != nil && f.calls != hurt || len(steps) > 0 {
				t.Errorf("%s at call %d, in the end: %v, %v, want nothing to do", how, hurt, steps, err)
			}
			if got := sorted(f.tables["b"]); !slices.Equal(got, []string{"four", "one"}) || len(f.databases) != 1 {
				t.Errorf("%s at call %d: tables %v, databases %v", how, hurt, got, sorted(f.databases))
			}
			return f.calls
		})
	}
}

// TestFormation promises that what is wanted is granted, and that what was granted and is not wanted any more
// is taken back.
func TestFormation(t *testing.T) {
	cfg := servers.AWS(t, servers.Moto(t).Endpoint)
	f := NewFormation(cfg, "us-east-1")
	for range 2 {
		if err := f.Register(t.Context(), "arn:aws:s3:::lake/shop"); err != nil {
			t.Fatal(err)
		}
	}
	who := "arn:aws:iam::123456789012:role/analyst"
	one := access.Grant{Principal: who, Database: "b", Table: "*", Permissions: []string{"SELECT", "DESCRIBE"}}
	two := access.Grant{Principal: who, Database: "b", Table: "people", Excluded: []string{"name"}, Permissions: []string{"SELECT"}}
	three := access.Grant{Principal: who, Database: "c", Permissions: []string{"DESCRIBE"}}
	granted, err := f.Settle(t.Context(), []access.Grant{one, two}, nil)
	if err != nil || len(granted) != 2 {
		t.Fatalf("%v, %v", granted, err)
	}
	if granted, err = f.Settle(t.Context(), []access.Grant{two, three}, granted); err != nil || len(granted) != 2 {
		t.Fatalf("%v, %v", granted, err)
	}
	var out struct {
		PrincipalResourcePermissions []struct {
			Resource    map[string]json.RawMessage
			Permissions []string
		}
	}
	if err := awsx.REST(t.Context(), cfg, "lakeformation", "us-east-1", "/ListPermissions", map[string]any{}, &out); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range out.PrincipalResourcePermissions {
		if len(p.Permissions) > 0 {
			for kind := range p.Resource {
				got = append(got, kind)
			}
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(got, []string{"Database", "TableWithColumns"}); diff != "" {
		t.Errorf("granted: -got +want:\n%s", diff)
	}
}

// TestOnMoto promises that a server of the API takes what is sent, and gives it back as it was.
func TestOnMoto(t *testing.T) {
	cfg := servers.AWS(t, servers.Moto(t).Endpoint)
	c := New(cfg, "us-east-1", owner)
	want := []Table{table("shop_prod_bronze", "orders", "id", "shop"), table("shop_prod_main", "totals", "n")}
	want[0].Description, want[0].Columns[0].Comment = "orders of shops", "its number"
	if steps, problems, err := c.Sync(t.Context(), want, nil, true); err != nil || len(steps) != 4 || len(problems) > 0 {
		t.Fatalf("%v, %v, %v", steps, problems, err)
	}
	c = New(cfg, "us-east-1", owner)
	if steps, problems, err := c.Sync(t.Context(), want, nil, true); err != nil || len(steps)+len(problems) > 0 {
		t.Errorf("again: %v, %v, %v, want nothing to do", steps, problems, err)
	}
	in := map[string]any{"DatabaseName": "shop_prod_main", "TableInput": map[string]any{"Name": "theirs"}}
	if err := awsx.JSON(t.Context(), cfg, "glue", "us-east-1", "AWSGlue.CreateTable", in, nil); err != nil {
		t.Fatal(err)
	}
	var told []string
	if err := New(cfg, "us-east-1", owner).Remove(t.Context(), func(s Step) { told = append(told, s.Name()) }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(told, " "); got != "shop_prod_bronze.orders shop_prod_bronze shop_prod_main.totals" {
		t.Errorf("removed %s: want all of ours, and the database without a table of others", got)
	}
}
