package spec_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/petalake/petalake/spec"
)

func TestJSONSchema(t *testing.T) {
	golden(t, "testdata/schema.json", string(spec.JSONSchema()))
}

// The keys that the parser takes are those of the schema, at every place of the file.
func TestSchemaHasTheKeysOfTheParser(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(spec.JSONSchema(), &schema); err != nil {
		t.Fatal(err)
	}
	defs := schema["$defs"].(map[string]any)
	column := defs["Column"].(map[string]any)["anyOf"].([]any)[0]
	kinds := defs["Source"].(map[string]any)["oneOf"].([]any)
	places := map[string]struct {
		schema any
		text   string
	}{
		"Lakehouse":   {schema, "zzzzzzzz: 1"},
		"Table":       {defs["Table"], "tables: {t: {zzzzzzzz: 1}}"},
		"Column":      {column, "tables: {t: {columns: [{zzzzzzzz: 1, name: a}]}}"},
		"Source":      {kinds[0], "sources: {s: {zzzzzzzz: 1}}"},
		"a stream":    {kinds[1], "sources: {s: {kind: stream, zzzzzzzz: 1}}"},
		"a database":  {kinds[2], "sources: {s: {kind: database, zzzzzzzz: 1}}"},
		"Options":     {defs["Options"], "sources: {s: {options: {zzzzzzzz: 1}}}"},
		"Model":       {defs["Model"], "models: {m: {zzzzzzzz: 1}}"},
		"Job":         {defs["Job"], "jobs: {j: {zzzzzzzz: 1}}"},
		"Environment": {defs["Environment"], "environments: {e: {zzzzzzzz: 1}}"},
		"OnFailure":   {defs["OnFailure"], "environments: {e: {on_failure: {zzzzzzzz: 1}}}"},
		"S3":          {defs["S3"], "environments: {e: {s3: {zzzzzzzz: 1}}}"},
		"Spark":       {defs["Spark"], "environments: {e: {spark: {zzzzzzzz: 1}}}"},
		"OnEMR":       {defs["OnEMR"], "environments: {e: {spark: {emr: {zzzzzzzz: 1}}}}"},
		"Connect":     {defs["Connect"], "environments: {e: {connect: {zzzzzzzz: 1}}}"},
		"ConnectUser": {defs["ConnectUser"], "environments: {e: {connect: {users: {u: {zzzzzzzz: 1}}}}}"},
		"AWS":         {defs["AWS"], "environments: {e: {aws: {zzzzzzzz: 1}}}"},
		"Daemon":      {defs["Daemon"], "environments: {e: {aws: {daemon: {zzzzzzzz: 1}}}}"},
		"Fleet":       {defs["Fleet"], "fleet: {zzzzzzzz: 1}"},
		"FleetBudget": {defs["FleetBudget"], "fleet: {budget: {zzzzzzzz: 1}}"},
		"FleetQuota":  {defs["FleetQuota"], "fleet: {quota: {zzzzzzzz: 1}}"},
		"Access":      {defs["Access"], "access: {zzzzzzzz: 1}"},
		"AccessRole":  {defs["AccessRole"], "access: {roles: {r: {zzzzzzzz: 1}}}"},
		"AccessGroup": {defs["AccessGroup"], "access: {groups: {g: {zzzzzzzz: 1}}}"},
		"EMR":         {defs["EMR"], "environments: {e: {aws: {emr: {zzzzzzzz: 1}}}}"},
	}
	for name := range defs {
		if _, ok := places[name]; !ok {
			t.Errorf("the schema defines %s, which this test does not look at", name)
		}
	}
	for name, place := range places {
		var want []string
		for key := range place.schema.(map[string]any)["properties"].(map[string]any) {
			want = append(want, key)
		}
		slices.Sort(want)
		_, err := spec.Parse("lakehouse.yaml", []byte(place.text), nil)
		var problems spec.Errors
		errors.As(err, &problems)
		i := slices.IndexFunc(problems, func(p spec.Problem) bool { return strings.Contains(p.Message, `unknown key "zzzzzzzz"`) })
		if i < 0 {
			t.Errorf("%s: got %v, want an unknown key", name, err)
			continue
		}
		got := strings.Split(strings.TrimPrefix(problems[i].Hint, "the keys here are "), ", ")
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("keys of %s: -schema +parser\n%s", name, diff)
		}
	}
}

const validate = `
import json, sys, jsonschema, yaml
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
for name in sys.argv[2:]:
    problems = list(jsonschema.Draft202012Validator(schema).iter_errors(yaml.safe_load(open(name))))
    print(name, "bad" if problems else "good", *[p.message for p in problems][:3])
`

// A validator that others wrote takes the good files, and refuses those with bad keys and values.
func TestSchemaWithPython(t *testing.T) {
	if testing.Short() {
		t.Skip("Python takes its time: left out with -short")
	}
	python := os.Getenv("PETALAKE_PYTHON")
	if python == "" {
		python = "../.tools/venv/bin/python"
	}
	if exec.Command(python, "-c", "import jsonschema, yaml").Run() != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s has no jsonschema and yaml (PETALAKE_PYTHON names another)", python)
		}
		t.Skipf("%s has no jsonschema and yaml (PETALAKE_PYTHON names another)", python)
	}
	files, err := filepath.Glob("../examples/*/lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := append(files, "testdata/full/lakehouse.yaml")
	bad := []string{"testdata/errors/keys.yaml", "testdata/errors/types.yaml"}
	args := append(append([]string{"-c", validate, "testdata/schema.json"}, good...), bad...)
	out, err := exec.Command(python, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, f := range good {
		if !strings.Contains(string(out), f+" good") {
			t.Errorf("got %s\nwant %s to be good", out, f)
		}
	}
	for _, f := range bad {
		if !strings.Contains(string(out), f+" bad") {
			t.Errorf("got %s\nwant %s to be bad", out, f)
		}
	}
}
