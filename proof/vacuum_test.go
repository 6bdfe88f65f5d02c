package proof

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"unicode"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/sweep"
)

// oddPartitions has a value of a partition column for each character that somebody writes into a path
// in a way of their own, each between letters and alone.
func oddPartitions() []string {
	var out []string
	for c := rune(' '); c < 0x110; c++ {
		switch {
		case c < 0x80 && (unicode.IsLetter(c) || unicode.IsDigit(c)):
		case c < 0xa1 && c > 0x82 && c != 0x85 && c < 0x9f: // controls beyond ASCII are written alike
		case c > 0xa1 && c%7 != 0: // so are letters
		default:
			out = append(out, "x"+string(c)+"y")
		}
	}
	for _, c := range "\t\n\r\x01\u0300\u1680\u2000\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff\ue000中文😀" {
		out = append(out, "x"+string(c)+"y", string(c))
	}
	return append(out, "é", ".", "..", "%41", "a/b", "a=b", "__HIVE_DEFAULT_PARTITION__")
}

// TestVacuumByOthers promises that the VACUUM of Spark and that of deltalake leave every live file of
// our tables where it is, whatever its partition is called: they look for files by the text of their
// paths in the log.
func TestVacuumByOthers(t *testing.T) {
	o := others(t)
	p := newPlace(t)
	s := columns(t, "id bigint, p string")
	p.create(t, delta.Metadata{Schema: s, PartitionColumns: []string{"p"}, Configuration: map[string]string{"delta.checkpointInterval": "2"}})
	var rows []map[string]any
	for i, value := range oddPartitions() {
		rows = append(rows, map[string]any{"id": i, "p": value})
	}
	rows = append(rows, map[string]any{"id": -1, "p": nil})
	text, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	p.append(t, string(text))
	ofSQL := p.named("sql")
	p.copy(t, "select * from t", ofSQL)
	p.append(t, `[{"id": 5000, "p": "é"}]`) // behind a checkpoint
	p.append(t, `[{"id": 5001, "p": "é"}]`)
	for name, table := range map[string]place{"rows of Go": p, "rows of SQL": ofSQL} {
		want := table.scan(t, latest, nil)
		if len(want.rows) < len(rows) {
			t.Fatalf("%s: got %d rows, want %d at least", name, len(want.rows), len(rows))
		}
		o.spark(t, "set spark.databricks.delta.retentionDurationCheck.enabled = false",
			"set spark.sql.sources.parallelPartitionDiscovery.parallelism = 2", // VACUUM lists folders in 10,000 tasks otherwise
			fmt.Sprintf("vacuum %s retain 0 hours", table.sql()))
		if _, err := o.ask(request{Do: "deltalake-vacuum", Table: table.path}); err != nil {
			t.Fatal(err)
		}
		table.sound(t)
		table.seen(t, latest, want, "spark", "deltalake")
	}
}

// partitionTypes are columns of the types that a table can be partitioned by, with values from one end of each type to the other.
const partitionTypes = "id bigint, n int, l bigint, s smallint, b tinyint, flag boolean, d double, f float, dec decimal(20,4), day date, at timestamp, wall timestamp_ntz"

func partitionRows() string {
	return `[
		{"id": 1, "n": -2147483648, "l": -9223372036854775808, "s": -32768, "b": -128, "flag": true, "d": 1e300, "f": -1.5e-30, "dec": "1234567890123456.7891", "day": "0001-01-01", "at": "0001-01-01 00:00:00.000001Z", "wall": "0001-01-01 00:00:00.000001"},
		{"id": 2, "n": 2147483647, "l": 9223372036854775807, "s": 32767, "b": 127, "flag": false, "d": 0.1, "f": 0.1, "dec": "0.5000", "day": "9999-12-31", "at": "9999-12-31 23:59:59.999999Z", "wall": "9999-12-31 23:59:59.999999"},
		{"id": 3, "n": 0, "l": 0, "s": 0, "b": 0, "flag": true, "d": -5e-324, "f": 3e38, "dec": "100.0000", "day": "1582-10-10", "at": "1969-12-31 23:59:59Z", "wall": "2024-03-31 02:30:00"},
		{"id": 4}]`
}

// TestVacuumOfPartitionTypes promises what TestVacuumByOthers does for partitions of every type, with checkpoints of the classic form and of
// the newer one, which Spark writes.
func TestVacuumOfPartitionTypes(t *testing.T) {
	o := others(t)
	for policy, kind := range map[string]string{"classic": "*.checkpoint.parquet", "v2": "*.checkpoint.*-*.*"} {
		p := newPlace(t)
		s := columns(t, partitionTypes)
		var by []string
		for _, f := range s.Fields[1:] {
			by = append(by, f.Name)
		}
		p.create(t, delta.Metadata{Schema: s, PartitionColumns: by, Configuration: map[string]string{"delta.checkpointInterval": "2", "delta.checkpointPolicy": policy}})
		p.append(t, partitionRows())
		ofSQL := p.named("sql")
		p.copy(t, "select * from t", ofSQL)
		for name, table := range map[string]place{"rows of Go": p, "rows of SQL": ofSQL} {
			if (policy == "v2") != (name == "rows of Go") && sweep.Of(1, 1, 2) == 1 { // each form of a checkpoint with one way of writing shows the same
				continue
			}
			for i := range 2 { // behind a checkpoint, and before one of Spark
				o.spark(t, fmt.Sprintf("insert into %s (id, n) values (%d, 7)", table.sql(), 100+i))
			}
			if made, _ := filepath.Glob(filepath.Join(table.path, "_delta_log", kind)); len(made) == 0 {
				t.Errorf("%s, %s: no such checkpoint", name, policy)
			}
			want := table.scan(t, latest, nil)
			if len(want.rows) != 6 {
				t.Errorf("%s: got %d rows, want 6", name, len(want.rows))
			}
			o.spark(t, "set spark.databricks.delta.retentionDurationCheck.enabled = false", "set spark.sql.sources.parallelPartitionDiscovery.parallelism = 2",
				fmt.Sprintf("vacuum %s retain 0 hours", table.sql()))
			if _, err := o.ask(request{Do: "deltalake-vacuum", Table: table.path}); err != nil {
				t.Fatal(err)
			}
			table.sound(t)
			table.seen(t, latest, want, "spark", "deltalake")
		}
	}
}
