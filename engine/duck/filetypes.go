package duck

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/duckdb"
)

// fileTypes remembers which columns data files have. Where all of a scan's files have the table's
// own columns, DuckDB may read the files' own schema instead of a given one; it then also reads
// the first file's statistics before it plans, which is worth a third of the time of a join.
type fileTypes struct {
	mu    sync.Mutex
	known map[string]map[string]string // file -> folded column -> type, without quotes

	gregorian map[fileKey]bool // files that have nothing in another calendar
}

// rememberedFiles bounds the memory; a file more begins anew.
const rememberedFiles = 10000

// compare finds out whether the view's files have its columns, with the types of the table. It reads
// the footers of files it has not seen.
func (t *fileTypes) compare(ctx context.Context, c *duckdb.Conn, v *view) error {
	v.native = true
	clear(v.widened)
	for i, path := range v.input.paths {
		columns, err := t.columns(ctx, c, path, v.input.files[i])
		if err != nil {
			return err
		}
		for j, f := range v.input.fields() {
			if !v.inFile(f) {
				continue
			}
			stored, ok := columns[strings.ToLower(f.Name)]
			if v.native = v.native && stored == unquoted(v.types[j]); ok && stored != unquoted(v.types[j]) {
				v.widened[j] = true
			}
		}
	}
	return nil
}

func unquoted(s string) string { return strings.ReplaceAll(s, `"`, "") }

func (t *fileTypes) columns(ctx context.Context, c *duckdb.Conn, path string, f delta.Add) (map[string]string, error) {
	key := fmt.Sprintf("%s %d %d", path, f.Size, f.ModTime)
	t.mu.Lock()
	columns, ok := t.known[key]
	t.mu.Unlock()
	if ok {
		return columns, nil
	}
	rows, err := c.Strings(ctx, "SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet(["+
		duckdb.Quote(globs.Replace(path))+"], hive_partitioning = false))")
	if err != nil {
		return nil, err
	}
	columns = make(map[string]string, len(rows))
	for _, r := range rows {
		columns[strings.ToLower(r[0])] = unquoted(r[1])
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil || len(t.known) >= rememberedFiles {
		t.known = map[string]map[string]string{}
	}
	t.known[key] = columns
	return columns, nil
}
