package proof

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/uuid"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// latest is the newest version of a table.
var latest = delta.When{}

// version is one of its versions.
func version(v int64) delta.When { return delta.When{Version: &v} }

// batch makes rows of a schema from a JSON array of objects.
func batch(t *testing.T, s *schema.Struct, text string) arrow.RecordBatch {
	t.Helper()
	b, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema.ToArrow(s), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Release)
	return b
}

// columns parses "id bigint, name string".
func columns(t *testing.T, text string) *schema.Struct {
	t.Helper()
	s, err := schema.ParseType("struct<" + text + ">")
	if err != nil {
		t.Fatal(err)
	}
	return s.(*schema.Struct)
}

// expect is the text of rows as they should be read.
func expect(t *testing.T, s *schema.Struct, text string) rows {
	t.Helper()
	b := batch(t, s, text)
	return textOf(b.Schema(), []arrow.RecordBatch{b})
}

// files writes the rows of a batch as data files, one for each partition.
func (p place) files(ctx context.Context, s *schema.Struct, by []string, b arrow.RecordBatch) ([]delta.Add, error) {
	parts, err := datafile.Split(b, s, by)
	if err != nil {
		return nil, err
	}
	var out []delta.Add
	for _, part := range parts {
		defer part.Rows.Release()
		a := delta.Add{PartitionValues: part.Values, DataChange: true, ModTime: time.Now().UnixMilli()}
		a.Path = datafile.Dir(by, part.Values) + "part-" + uuid.NewString() + ".zstd.parquet"
		a.Size, a.Stats, err = datafile.Write(ctx, p.table.Store(), p.table.Root()+"/"+a.Path, s.Without(by...), one(part.Rows), datafile.Options{})
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func one(b arrow.RecordBatch) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) { yield(b, nil) }
}

// create makes the table.
func (p place) create(t *testing.T, m delta.Metadata) {
	t.Helper()
	p.update(t, func(x *delta.Txn) error {
		x.SetMetadata(m)
		x.Operation("CREATE TABLE", map[string]string{"isManaged": "false"}, nil)
		return nil
	})
}

// append adds rows, of the table's schema.
func (p place) append(t *testing.T, text string) {
	t.Helper()
	p.write(t, text, map[string]string{"mode": "Append"}, func(*delta.Txn) error { return nil })
}

// overwrite replaces all rows.
func (p place) overwrite(t *testing.T, text string) {
	t.Helper()
	p.write(t, text, map[string]string{"mode": "Overwrite"}, func(x *delta.Txn) error { return x.RemoveAll(context.Background()) })
}

// replace replaces the rows of which a predicate over partition columns is true.
func (p place) replace(t *testing.T, where stats.Predicate, text string) {
	t.Helper()
	p.write(t, text, map[string]string{"mode": "Overwrite"}, func(x *delta.Txn) error {
		return x.RemoveWhere(context.Background(), where)
	})
}

func (p place) write(t *testing.T, text string, parameters map[string]string, first func(*delta.Txn) error) {
	t.Helper()
	m := p.snapshot(t, latest).Metadata()
	added, err := p.files(context.Background(), m.Schema, m.PartitionColumns, batch(t, m.Schema, text))
	if err != nil {
		t.Fatal(err)
	}
	p.update(t, func(x *delta.Txn) error {
		if err := first(x); err != nil {
			return err
		}
		x.Add(added...)
		x.Operation("WRITE", parameters, nil)
		return nil
	})
}

func (p place) update(t *testing.T, change func(*delta.Txn) error) {
	t.Helper()
	if _, err := p.table.Update(context.Background(), change); err != nil {
		t.Fatal(err)
	}
}

// scan reads the rows of a version, of the files that may hold a row that is wanted.
func (p place) scan(t *testing.T, at delta.When, where stats.Predicate) rows {
	t.Helper()
	s := p.snapshot(t, at)
	m := s.Metadata()
	var batches []arrow.RecordBatch
	for f, err := range s.Files(context.Background(), where) {
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]stats.Value{}
		for _, c := range m.PartitionColumns {
			_, field, _ := m.Schema.Lookup(c)
			if values[c], err = stats.ParsePartition(field.Type, f.PartitionValues[c]); err != nil {
				t.Fatal(err)
			}
		}
		read := datafile.Read(context.Background(), p.table.Store(), p.table.Root()+"/"+f.Path, f.Size, m.Schema, datafile.ReadOptions{Partition: values})
		for b, err := range read {
			if err != nil {
				t.Fatal(err)
			}
			defer b.Release()
			batches = append(batches, b)
		}
	}
	return textOf(schema.ToArrow(m.Schema), batches)
}

// exists says whether there is a table.
func (p place) exists() bool {
	_, err := p.table.Snapshot(context.Background(), latest)
	return !errors.Is(err, fs.ErrNotExist)
}
