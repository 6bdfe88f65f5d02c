package tablefile

import (
	"context"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/internal/duckdb"
)

// copyFiles runs a COPY with RETURN_STATS and returns the files it wrote.
func copyFiles(ctx context.Context, c *duckdb.Conn, sql string, args ...any) ([]Staged, error) {
	r, err := c.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	var files []Staged
	for r.Next() {
		batch := r.RecordBatch()
		for i := range int(batch.NumRows()) {
			w, err := copyRow(batch, i)
			if err != nil {
				return nil, err
			}
			files = append(files, w)
		}
	}
	return files, r.Err()
}

func copyRow(batch arrow.RecordBatch, i int) (Staged, error) {
	var w Staged
	for j, col := range batch.Columns() {
		name := batch.ColumnName(j)
		bad := fmt.Errorf("copy: column %s has the type %s", name, col.DataType())
		switch name {
		case "filename":
			c, ok := col.(*array.String)
			if !ok {
				return w, bad
			}
			w.path = strings.Clone(c.Value(i))
		case "count", "file_size_bytes":
			n, ok := integerAt(col, i)
			if !ok {
				return w, bad
			}
			if name == "count" {
				w.rows = n
			} else {
				w.size = n
			}
		case "column_statistics":
			c, ok := col.(*array.Map)
			if !ok {
				return w, bad
			}
			w.columns = columnTexts(c, i)
		case "partition_keys":
			if c, ok := col.(*array.Map); ok && c.IsValid(i) {
				for _, number := range textMap(c, i) { // of one column
					w.partition = *number
				}
			}
		}
	}
	return w, nil
}

func integerAt(col arrow.Array, i int) (int64, bool) {
	switch c := col.(type) {
	case *array.Uint64:
		return int64(c.Value(i)), true
	case *array.Int64:
		return c.Value(i), true
	}
	return 0, false
}

func columnTexts(m *array.Map, i int) map[string]map[string]string {
	out := map[string]map[string]string{}
	keys, ok := m.Keys().(*array.String)
	items, ok2 := m.Items().(*array.Map)
	if !ok || !ok2 {
		return out
	}
	from, to := m.ValueOffsets(i)
	for j := int(from); j < int(to); j++ {
		texts := map[string]string{}
		for k, v := range textMap(items, j) {
			if v != nil {
				texts[k] = *v
			}
		}
		out[strings.Clone(keys.Value(j))] = texts
	}
	return out
}

func textMap(m *array.Map, i int) map[string]*string {
	out := map[string]*string{}
	keys, ok := m.Keys().(*array.String)
	items, ok2 := m.Items().(*array.String)
	if !ok || !ok2 {
		return out
	}
	from, to := m.ValueOffsets(i)
	for j := int(from); j < int(to); j++ {
		var v *string
		if items.IsValid(j) {
			text := strings.Clone(items.Value(j))
			v = &text
		}
		out[strings.Clone(keys.Value(j))] = v
	}
	return out
}
