package tablefile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/duckdb"
)

// oddTexts are values of a partition column that something takes for a sign: NULL's folder, separators
// of paths and patterns, letters that differ in case or in form alone, and what is too long for a name.
func oddTexts() []string {
	texts := []string{
		"__HIVE_DEFAULT_PARTITION__", "__hive_default_partition__", "null", "NULL", "Paris", "paris", "PARIS", "é", "e\u0301",
		".", "..", " ", "a ", "a", "%41", "A", "a/b", `a\b`, "a=b", "p=1", "*", "?", "[a]", "{a}", "'", `"`, "~", "#", "中文", "😀",
		"\u00a0", "\u3000", "\u0085", "\n", "\r", "\t", "\x01", "\x7f", "-0", "0", "00", "infinity", "1e3",
	}
	for _, long := range []string{"x", "é", "😀", "%"} {
		texts = append(texts, strings.Repeat(long, 300), strings.Repeat(long, 299)+"y")
	}
	return texts
}

// TestEveryPartitionIsItsOwn promises that each row comes back once, with its own value of the partition
// columns, whatever the others of the same write have.
func TestEveryPartitionIsItsOwn(t *testing.T) {
	b := newBench(t)
	values := []string{"NULL"}
	for _, text := range oddTexts() {
		values = append(values, duckdb.Quote(text))
	}
	var rows, want []string
	for i, v := range values {
		w := values[(i+7)%len(values)]
		rows = append(rows, fmt.Sprintf("(%d, %s, %s), (%d, %s, %s)", i, v, w, i+1000, v, w))
	}
	spec := b.spec("petalake_partition int, p string, q string")
	spec.PartitionBy = []string{"p", "q"}
	source := "SELECT * FROM (VALUES " + strings.Join(rows, ", ") + ") t(petalake_partition, p, q)"
	w, err := b.writeSelect(source, spec)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Files) != len(values) {
		t.Errorf("got %d files, want one for each of %d partitions", len(w.Files), len(values))
	}
	conn := b.conn(b.root)
	text := func(v *string) string {
		if v == nil {
			return "NULL"
		}
		return duckdb.Quote(*v)
	}
	var got []string
	for _, f := range w.Files {
		ids, err := conn.Strings(t.Context(), "SELECT petalake_partition FROM read_parquet($1) ORDER BY 1", filepath.Join(b.root, "t", f.Path))
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			got = append(got, id[0]+" "+text(f.PartitionValues["p"])+" "+text(f.PartitionValues["q"]))
		}
	}
	for i, v := range values {
		w := values[(i+7)%len(values)]
		want = append(want, fmt.Sprintf("%d %s %s", i, v, w), fmt.Sprintf("%d %s %s", i+1000, v, w))
	}
	same(t, "rows", got, want)
}

// TestPartitionValuesOfOtherReaders promises that dates and moments that readers of Delta tables do not
// agree on are refused, with the value, and nothing is written.
func TestPartitionValuesOfOtherReaders(t *testing.T) {
	for _, c := range []struct{ typ, value string }{
		{"date", "DATE 'infinity'"}, {"date", "DATE '-infinity'"}, {"date", "DATE '0044-03-15 (BC)'"}, {"date", "DATE '12024-03-15'"},
		{"timestamp", "TIMESTAMPTZ 'infinity'"}, {"timestamp", "TIMESTAMPTZ '0044-03-15 (BC) 00:00:00+00'"},
		{"timestamp_ntz", "TIMESTAMP '12024-03-15 00:00:00'"}, {"timestamp_ntz", "TIMESTAMP '-infinity'"},
	} {
		b := newBench(t)
		spec := b.spec("p " + c.typ + ", v int")
		spec.PartitionBy = []string{"p"}
		_, err := b.writeSelect("SELECT "+c.value+" AS p, 1 AS v UNION ALL SELECT NULL, 2", spec)
		var refused *PartitionError
		if !errors.As(err, &refused) || refused.Column != "p" || refused.Hint() == "" {
			t.Errorf("%s: got %v, want a *PartitionError", c.value, err)
		}
		if left, _ := os.ReadDir(filepath.Join(b.root, "t")); len(left) > 0 {
			t.Errorf("%s: left in the table's folder: %v", c.value, left)
		}
	}
}
