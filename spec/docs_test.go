package spec

import (
	"flag"
	"fmt"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const page = "../docs/lakehouse-yaml.md"

// The key tables of the page are those of the tags.
func TestPageHasTheKeys(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want := string(data)
	s := shapes{}
	for name, typ := range map[string]reflect.Type{
		"lakehouse": reflect.TypeFor[Lakehouse](), "tables": reflect.TypeFor[Table](), "columns": reflect.TypeFor[Column](),
		"sources": reflect.TypeFor[Source](), "options": reflect.TypeFor[Options](), "models": reflect.TypeFor[Model](), "jobs": reflect.TypeFor[Job](),
		"environments": reflect.TypeFor[Environment](), "s3": reflect.TypeFor[S3](),
		"spark": reflect.TypeFor[Spark](), "spark.emr": reflect.TypeFor[OnEMR](), "connect": reflect.TypeFor[Connect](), "users": reflect.TypeFor[ConnectUser](),
		"aws": reflect.TypeFor[AWS](), "daemon": reflect.TypeFor[Daemon](), "emr": reflect.TypeFor[EMR](),
		"access.roles": reflect.TypeFor[AccessRole](), "access.groups": reflect.TypeFor[AccessGroup](),
		"fleet": reflect.TypeFor[Fleet](), "fleet.budget": reflect.TypeFor[FleetBudget](), "fleet.quota": reflect.TypeFor[FleetQuota](),
	} {
		begin := "<!-- keys of " + name + " -->\n"
		before, rest, ok := strings.Cut(want, begin)
		_, after, closed := strings.Cut(rest, "<!-- end -->\n")
		if !ok || !closed {
			t.Fatalf("%s: no %s, or no end after it", page, begin)
		}
		want = before + begin + keyTable(s.of(typ)) + "<!-- end -->\n" + after
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("%s: -want +got (go test ./spec -update writes it anew)\n%s", page, diff)
	}
}

func keyTable(o *object) string {
	var b strings.Builder
	b.WriteString("\n| key | value | default | |\n|---|---|---|---|\n")
	row := func(f *field) {
		def := ""
		if f.def != "" {
			def = "`" + f.def + "`"
		}
		if f.required {
			def = "required"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.key, wording(f), def, f.doc)
	}
	for i := range o.fields {
		row(&o.fields[i])
	}
	for _, k := range o.kinds {
		for i := range k.fields {
			row(&k.fields[i])
		}
	}
	b.WriteString("\n")
	return b.String()
}

// wording is the form of a value, for the page.
func wording(f *field) string {
	one := f.look().says
	switch {
	case len(f.enum) > 0:
		return "`" + strings.Join(f.enum, "`, `") + "`"
	case f.says != "":
		one = f.says
	}
	switch f.form {
	case formBool:
		return "`true`, `false`"
	case formInt:
		return "number"
	case formTexts:
		return one + ", or a list of them"
	case formMap:
		return "name: " + f.each
	case formNamed:
		return "name: keys"
	case formList:
		return "list"
	case formObject:
		return "keys"
	}
	return one
}

// The examples of the page are good lakehouses, and its errors are the ones that are reported.
func TestPageExamples(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"models/delays.sql": {Data: []byte("select 1")}, "jobs/daily.sql": {Data: []byte("select 1")}, "jobs/train.py": {Data: []byte("")}}
	count := 0
	for i, part := range strings.Split(string(data), "```yaml\n")[1:] {
		text, rest, _ := strings.Cut(part, "```\n")
		if !strings.HasPrefix(text, "lakehouse:") {
			text = "lakehouse: part\n" + text
		}
		count++
		_, err := Parse("lakehouse.yaml", []byte(text), files)
		wantErr, hasErr := strings.CutPrefix(rest, "\n```text\n")
		if !hasErr {
			if err != nil {
				t.Errorf("%s: example %d:\n%v", path.Base(page), i+1, err)
			}
			continue
		}
		wantErr, _, _ = strings.Cut(wantErr, "\n```\n")
		if err == nil || err.Error() != wantErr {
			t.Errorf("%s: example %d: got\n%v\nwant\n%s", path.Base(page), i+1, err, wantErr)
		}
	}
	if count < 2 {
		t.Errorf("got %d examples, want at least 2", count)
	}
}
