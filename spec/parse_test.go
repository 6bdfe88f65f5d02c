package spec_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/spec"
)

func parse(t *testing.T, text string) *spec.Lakehouse {
	t.Helper()
	l, err := spec.Parse("lakehouse.yaml", []byte(text), nil)
	if err != nil {
		t.Fatalf("got problems, want none:\n%v", err)
	}
	return l
}

func TestEveryKey(t *testing.T) {
	l, err := spec.Load("testdata/full/lakehouse.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ignore := []cmp.Option{cmpopts.IgnoreTypes(spec.Element{}), cmpopts.IgnoreUnexported(spec.Source{}, spec.Job{}, spec.Environment{}), cmpopts.EquateEmpty()}
	wantTable := &spec.Table{
		Name: spec.TableName{Schema: "bronze", Table: "flights"}, Description: "a flight",
		Columns: []*spec.Column{
			{Name: "date", Type: "timestamp_ntz", Description: "local time"},
			{Name: "origin", Type: "string", Nullable: true},
			{Name: "price", Type: "decimal(10,2)", Nullable: true},
			{Name: "month", Type: "int", Nullable: true},
			{Name: "legs", Type: "array<struct<from:string,to:string not null>>", Nullable: true},
		},
		PartitionBy: []string{"month"}, ClusterBy: []string{"origin"},
		Constraints: map[string]string{"positive": "price > 0"},
		Properties:  map[string]string{"delta.appendOnly": "true", "owner": "7"},
		Evolve:      spec.EvolveWiden,
	}
	if diff := cmp.Diff(wantTable, l.Table(spec.TableName{Schema: "Bronze", Table: "FLIGHTS"}), ignore...); diff != "" {
		t.Errorf("table: -want +got\n%s", diff)
	}
	header, quote, escape := true, `"`, ""
	wantSource := &spec.Source{
		Name: "flights_csv", Kind: spec.KindFiles, Description: "from the authority",
		Table: wantTable.Name, OnError: spec.Quarantine, MaxBad: "0.5%",
		Files: &spec.Files{
			Paths: []spec.Text{"raw/flights/*.csv", "${env:RAW}/*.csv.gz"}, Format: spec.CSV, Mode: spec.Append, Identity: spec.ByContent, Columns: map[string]string{"price": "Price, EUR", "*": "*"},
			Options: spec.Options{
				Delimiter: ";", Header: &header, Quote: &quote, Escape: &escape, Null: []string{"NA", ""},
				DateFormat: "%d.%m.%Y", TimestampFormat: "%d.%m.%Y %H:%M", TimeZone: "UTC", Encoding: "latin-1", MaxRow: 64_000_000,
			},
		},
	}
	if diff := cmp.Diff(wantSource, l.Source("flights_csv"), ignore...); diff != "" {
		t.Errorf("source: -want +got\n%s", diff)
	}
	wantModel := &spec.Model{
		Name: spec.TableName{Schema: "gold", Table: "arrivals"}, Query: "\nSELECT * FROM bronze.flights\n",
		Mode: spec.Incremental, IncrementalOn: wantTable.Name, QueryPos: spec.Pos{File: "testdata/full/lakehouse.yaml", Line: 57, Column: 7},
	}
	if diff := cmp.Diff(wantModel, l.Model(wantModel.Name), ignore...); diff != "" {
		t.Errorf("model: -want +got\n%s", diff)
	}
	wantJob := &spec.Job{
		Name: "train", PySpark: "jobs/train.py", Args: []spec.Text{"2026", "${env:REGION}"}, PyFiles: []string{"jobs/common.py"},
		Conf: map[string]string{"spark.sql.shuffle.partitions": "8"}, Memory: 2e9, Cores: 2, Every: spec.Duration(6 * time.Hour),
		TimeZone: "UTC", Backoff: spec.Duration(30 * time.Second), MaxBackoff: spec.Duration(10 * time.Minute), Engine: "auto",
	}
	if diff := cmp.Diff(wantJob, l.Job("train"), ignore...); diff != "" {
		t.Errorf("job: -want +got\n%s", diff)
	}
	if now := l.Job("now"); now.Text != "SELECT 1;\nSELECT 2\n" || now.TextPos.Line == 0 || now.Kind() != spec.JobSQL {
		t.Errorf("got %+v, want the statements and their place", now)
	}
	if j, err := l.Job("train").Resolve(func(string) (string, bool) { return "east", true }); err != nil || j.Args[1] != "east" {
		t.Errorf("resolved: got %v, %v", j, err)
	}
	delays := l.Model(spec.TableName{Schema: "gold", Table: "delays"})
	if want := (spec.Pos{File: "testdata/full/models/delays.sql", Line: 1, Column: 1}); delays.QueryPos != want || !strings.HasPrefix(delays.Query, "SELECT origin") {
		t.Errorf("got %q at %v, want the SELECT of the file at %v", delays.Query, delays.QueryPos, want)
	}
	if got, want := delays.At("partition_by").String(), "testdata/full/lakehouse.yaml:51:19"; got != want {
		t.Errorf("partition_by: got %s, want %s", got, want)
	}
}

func TestDefaults(t *testing.T) {
	l := parse(t, "lakehouse: a\nsources: {raw: {path: x.csv}}\nmodels: {m: {query: select 1}}\ntables: {t: {columns: [a: int]}}")
	s, m := l.Sources[0], l.Models[0]
	for what, pair := range map[string][2]any{
		"kind":     {s.Kind, spec.KindFiles},
		"table":    {s.Table, spec.TableName{Table: "raw"}},
		"mode":     {s.Files.Mode, spec.Append},
		"on_error": {s.OnError, spec.Reject},
		"format":   {s.Files.Format, spec.Format("")},
		"encoding": {s.Files.Options.Encoding, "utf-8"},
		"model":    {m.Mode, spec.Full},
		"evolve":   {l.Tables[0].Evolve, spec.EvolveNone},
		"nullable": {l.Tables[0].Columns[0].Nullable, true},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %v, want %v", what, pair[0], pair[1])
		}
	}
	e, err := l.Environment("")
	if err != nil {
		t.Fatal(err)
	}
	if e.Name != "local" || e.Storage != "./lake" || e.Memory.Percent != 60 || e.Engine != "duckdb" || e.S3.SSE != spec.SSENone {
		t.Errorf("got %+v, want local in ./lake with 60%% of the memory", e)
	}
}

func TestEnvironmentByName(t *testing.T) {
	l := parse(t, "lakehouse: a\nenvironments: {test: {}, prod: {s3: {endpoint: 'http://x'}}}")
	if e, err := l.Environment("prod"); err != nil || !e.S3.PathStyle {
		t.Errorf("got %+v, %v, want prod with path style", e, err)
	}
	for name, want := range map[string]string{
		"prd": `lakehouse.yaml: no environment "prd": did you mean "prod"?`,
		"":    `lakehouse.yaml: no environment "local": use one of test, prod`,
	} {
		if _, err := l.Environment(name); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", name, err, want)
		}
	}
	one := parse(t, "lakehouse: a\nenvironments: {test: }")
	if e, err := one.Environment(""); err != nil || e.Name != "test" || e.Storage != "./lake" {
		t.Errorf("got %+v, %v, want the only environment", e, err)
	}
}

// A file that repeats itself through aliases is given up, not worked through.
func TestAliasesAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("lakehouse: a\ntables:\n  t0: {columns: [&c {name: x, type: int}]}\n  t1: {columns: &l [")
	b.WriteString(strings.Repeat("*c, ", 3000))
	b.WriteString("]}\n")
	for i := 2; i < 1000; i++ {
		fmt.Fprintf(&b, "  t%d: {columns: *l}\n", i)
	}
	_, err := spec.Parse("lakehouse.yaml", []byte(b.String()), nil)
	var problems spec.Errors
	if !errors.As(err, &problems) || len(problems) > 1001 || !strings.Contains(err.Error(), "aliases") {
		t.Errorf("got %d problems, want at most 1001, one of them about aliases", len(problems))
	}
}

func big(tables int) []byte {
	var b strings.Builder
	b.WriteString("lakehouse: big\ntables:\n")
	for i := range tables {
		fmt.Fprintf(&b, "  s%d.table_%d:\n    columns:\n", i%100, i)
		for c := range 10 {
			fmt.Fprintf(&b, "      - {name: column_%d, type: \"decimal(10,%d)\", description: a column}\n", c, c)
		}
		b.WriteString("    partition_by: [column_1]\n")
	}
	b.WriteString("sources:\n")
	for i := range tables {
		fmt.Fprintf(&b, "  source_%d: {path: raw/%d/*.csv, table: s%d.table_%d}\n", i, i, i%100, i)
	}
	return []byte(b.String())
}

func TestBig(t *testing.T) {
	n := sweep.Of(1000, 10_000, 10_000) // what grows faster than the file takes minutes at 10,000
	l, err := spec.Parse("lakehouse.yaml", big(n), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Tables) != n || len(l.Sources) != n || l.Tables[n-1].Columns[9].Type != "decimal(10,9)" {
		t.Errorf("got %d tables and %d sources, want %d", len(l.Tables), len(l.Sources), n)
	}
}

func BenchmarkParse(b *testing.B) {
	data := big(10_000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := spec.Parse("lakehouse.yaml", data, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// Whatever the file holds, Parse ends, and its problems stand inside the file.
func FuzzParse(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := spec.Parse("f", data, nil)
		if err == nil {
			if _, err := l.Environments[0].Resolve(func(string) (string, bool) { return "x", true }); err == nil && l.Name == "" {
				t.Error("got a lakehouse without a name")
			}
			return
		}
		var problems spec.Errors
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("got %T, want spec.Errors", err)
		}
		text := strings.TrimPrefix(string(data), "\uFEFF")
		lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
		for _, p := range problems {
			if p.Message == "" || p.Pos.Line < 1 || p.Pos.Column < 1 {
				t.Fatalf("%v: got no place or no message", p)
			}
			if p.Pos.Line > len(lines) || p.Pos.Column > utf8.RuneCountInString(lines[p.Pos.Line-1])+1 {
				t.Fatalf("%v: got a place outside the file", p)
			}
		}
	})
}
