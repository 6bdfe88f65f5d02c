package proof

import (
	"encoding/json"
	"fmt"
	"testing"
	"unicode"

	"github.com/petalake/petalake/delta"
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
