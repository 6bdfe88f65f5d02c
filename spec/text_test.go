package spec_test

import (
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

func TestNearest(t *testing.T) {
	keys := []string{"columns", "partition_by", "cluster_by", "constraints", "evolve", "s3"}
	for name, want := range map[string]string{
		"colums": "columns", "Columns": "columns", "partiton_by": "partition_by", "clutser_by": "cluster_by",
		"evolv": "evolve", "s4": "s3", "zzz": "", "": "", "x": "", "cluster": "", "constrains": "constraints",
	} {
		if got := words.Nearest(name, keys); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := words.Nearest("ab", []string{"ac", "ab"}); got != "ab" {
		t.Errorf("got %q, want the same name before a near one", got)
	}
}

func TestTypes(t *testing.T) {
	for _, good := range []string{
		"string", "BIGINT", "decimal", "Decimal( 38 , 38 )", "numeric(5)", "array<array<date>>", "map<string, struct<a int, b: string not null>>",
		"struct<>", "struct<`a b`:int,`c``d`:double>", "timestamp_ntz", "bool", " int ",
	} {
		if err := spec.CheckType(good); err != nil {
			t.Errorf("%q: got %v, want none", good, err)
		}
	}
	for bad, want := range map[string]string{
		"":                                     "a type is missing",
		"strin":                                `did you mean "string"?`,
		"int64":                                "write bigint",
		"void":                                 `unknown type "void"`,
		"decimal(0)":                           "no decimal has 0 digits",
		"decimal(5,6)":                         "no decimal has 5 digits, 6 after the point",
		"decimal(x)":                           "not a number",
		"decimal(-1)":                          "not a number",
		"array<>":                              "a type is missing",
		"array":                                `"<" is missing`,
		"map<int>":                             `"," is missing`,
		"struct<a>":                            "a type is missing",
		"struct<a:int b:int":                   `"," is missing`,
		"struct<a:int,A:int":                   `two fields "A"`,
		"struct<`a:int>":                       "a backtick is not closed",
		"int>":                                 `unexpected ">"`,
		"int not null":                         `unexpected "not null"`,
		strings.Repeat("array<", 1000) + "int": "more than 64 deep",
	} {
		if err := spec.CheckType(bad); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %s", bad, err, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]spec.Size{
		"4GB": 4e9, "1.5 gib": 3 << 29, "512MiB": 512 << 20, "7b": 7, "2TB": 2e12, "1.2PB": 12e14, "0B": 0, " 1KB ": 1000, "1KiB": 1024,
	} {
		if got, err := spec.ParseSize(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "4", "GB", "-1GB", "1e3GB", "4 G B", ".5GB", "1.2.3GB", "99999999TB", "4EB", "0x1GB", "infB", "nanB"} {
		if got, err := spec.ParseSize(bad); err == nil {
			t.Errorf("%q: got %d, want an error", bad, got)
		}
	}
	for size, want := range map[spec.Size]string{4e9: "4GB", 1 << 30: "1GiB", 1500: "1500B", 0: "0B", 1000: "1KB"} {
		if got := size.String(); got != want {
			t.Errorf("%d: got %s, want %s", size, got, want)
		}
	}
}

func TestMemory(t *testing.T) {
	for text, want := range map[string]spec.Size{"60%": 600, "100 %": 1000, "1%": 10, "4GB": 4e9} {
		if m, err := spec.ParseMemory(text); err != nil || m.Of(1000) != want {
			t.Errorf("%q: got %d, %v, want %d of 1000", text, m.Of(1000), err, want)
		}
	}
	for _, bad := range []string{"0%", "101%", "x%", "%", "60", "0GB", "1.5%"} {
		if m, err := spec.ParseMemory(bad); err == nil {
			t.Errorf("%q: got %v, want an error", bad, m)
		}
	}
	if got, want := (spec.Memory{Percent: 100}).Of(1<<62), spec.Size(1<<62); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1h30m": 90 * time.Minute, "7d": 168 * time.Hour, "0.5d": 12 * time.Hour, "0s": 0} {
		if got, err := spec.ParseDuration(text); err != nil || time.Duration(got) != want {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, bad := range []string{"", "7", "d", "-1s", "1 week", "9999999d"} {
		if got, err := spec.ParseDuration(bad); err == nil {
			t.Errorf("%q: got %v, want an error", bad, got)
		}
	}
	if got := spec.Duration(48 * time.Hour).String(); got != "2d" {
		t.Errorf("got %s, want 2d", got)
	}
}

func TestTableNames(t *testing.T) {
	for text, want := range map[string]string{"flights": "flights", "main.flights": "flights", "MAIN.flights": "flights", "bronze.Flights": "bronze.Flights"} {
		if n, err := spec.ParseTableName(text); err != nil || n.String() != want {
			t.Errorf("%q: got %v, %v, want %s", text, n, err, want)
		}
	}
	for _, bad := range []string{"", ".", "a.", ".a", "a.b.c", "a-b", "1a", "_a", "a b", "é", "information_schema.t", "a/../b"} {
		if n, err := spec.ParseTableName(bad); err == nil {
			t.Errorf("%q: got %v, want an error", bad, n)
		}
	}
}

func TestFormatOf(t *testing.T) {
	type format struct {
		f    spec.Format
		tabs bool
	}
	for name, want := range map[string]format{
		"a.csv": {spec.CSV, false}, "a.CSV.gz": {spec.CSV, false}, "b.tsv.zst": {spec.CSV, true}, "c.jsonl": {spec.JSON, false},
		"d.ndjson.gz": {spec.JSON, false}, "raw/*.json": {spec.JSON, false}, "s3://b/e.parquet": {spec.Parquet, false},
		"f.txt": {"", false}, "g.gz": {"", false}, "h": {"", false}, "raw.csv/x": {"", false},
	} {
		if f, tabs := spec.FormatOf(name); (format{f, tabs}) != want {
			t.Errorf("%s: got %q, %v, want %v", name, f, tabs, want)
		}
	}
}
