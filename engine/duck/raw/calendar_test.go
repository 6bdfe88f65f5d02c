package raw

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// TestRawFilesOfOldSpark promises that days which an old Spark wrote are loaded by their names, beside those of other files, also as text;
// and an error with file and column where that cannot be.
func TestRawFilesOfOldSpark(t *testing.T) {
	b := newBench(t)
	write := func(name, footer string) string {
		db, err := duckdb.Open(duckdb.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		conn, err := db.Conn()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		path := filepath.Join(b.raw, name)
		_, err = conn.Exec(t.Context(), "COPY (SELECT DATE '1500-01-10' AS d, TIMESTAMPTZ '1500-01-10 00:00:00+00' AS t, DATE '1500-01-10' AS text) TO "+
			duckdb.Quote(path)+" (FORMAT parquet, KV_METADATA "+footer+")")
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	old, young := write("a.parquet", "{'org.apache.spark.version': '2.4.8'}"), write("b.parquet", "{'org.apache.spark.version': '4.1.1'}")
	got, err := Loader{}.Load(t.Context(), Files{Format: FormatParquet, Paths: []string{old, young}}, b.spec("d date, t timestamp, text string"))
	if err != nil {
		t.Fatal(err)
	}
	same(t, "rows", b.rows("t", got.Files, "d"), []string{"1500-01-01|1500-01-01 00:00:00+00|1500-01-01", "1500-01-10|1500-01-10 00:00:00+00|1500-01-10"})

	b = newBench(t)
	strange := write("c.parquet", "{'org.apache.spark.version': '2.4.8', 'org.apache.spark.timeZone': 'Mars/Olympus'}")
	_, err = Loader{}.Load(t.Context(), Files{Format: FormatParquet, Paths: []string{strange}}, b.spec("d date, t timestamp, text string"))
	fault, ok := errors.AsType[*tablefile.CalendarError](err)
	if !ok || fault.File != strange || !strings.Contains(err.Error(), "column t") || fault.Hint() == "" {
		t.Errorf("got %v, want an error with file and column", err)
	}
	b.clean()
}
