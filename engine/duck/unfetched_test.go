package duck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/duckdb"
)

// TestUnfetchedColumnIsAnError reads columns whose bytes were never fetched, right behind one that
// was: whatever the compression, DuckDB must fail and not find zeros.
func TestUnfetchedColumnIsAnError(t *testing.T) {
	t.Parallel()
	for _, compression := range []string{"uncompressed", "snappy", "zstd"} {
		l := newLake(t)
		whole, holes := filepath.Join(l.dir, "whole.parquet"), filepath.Join(l.dir, "holes.parquet")
		_, err := l.writer.Exec(t.Context(), "COPY (SELECT i AS id, hash(i)::VARCHAR AS a, i * 1.5::DOUBLE AS b FROM range(300000) r(i)) TO "+
			duckdb.Quote(whole)+" (FORMAT parquet, ROW_GROUP_SIZE 100000, COMPRESSION "+compression+")")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(whole)
		if err != nil {
			t.Fatal(err)
		}
		size := int64(len(raw))
		start, err := footerStart(raw, size)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parseFooter(raw[start:size-tailBytes], start)
		if err != nil {
			t.Fatal(err)
		}
		sparse := make([]byte, size)
		for _, s := range append(f.need([]string{"id"}, false), span{0, 4}, span{start, size}) {
			copy(sparse[s.From:s.To], raw[s.From:s.To])
		}
		if err := os.WriteFile(holes, sparse, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := l.writer.Scalar(t.Context(), "SELECT sum(id)::BIGINT FROM "+duckdb.Quote(holes)); err != nil || got != "44999850000" {
			t.Errorf("%s: the column that was fetched: got %s, %v", compression, got, err)
		}
		for _, column := range []string{"a", "b"} {
			got, err := l.writer.Scalar(t.Context(), "SELECT sum(hash("+column+"))::VARCHAR FROM "+duckdb.Quote(holes))
			if err == nil || !strings.Contains(err.Error(), "TProtocolException") {
				t.Errorf("%s: column %s was not fetched: got %q, %v; want an error of the page header", compression, column, got, err)
			}
		}
	}
}
