package proof

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/delta"
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
	p.write(t, text, delta.AppendOptions{})
}

// overwrite replaces all rows, or those of which a predicate over partition columns is true.
func (p place) overwrite(t *testing.T, where stats.Predicate, text string) {
	t.Helper()
	p.write(t, text, delta.AppendOptions{Replace: true, ReplaceWhere: where})
}

func (p place) write(t *testing.T, text string, o delta.AppendOptions) {
	t.Helper()
	rows := batch(t, p.snapshot(t, latest).Schema(), text)
	if _, err := delta.Append(context.Background(), p.table, one(rows), o); err != nil {
		t.Fatal(err)
	}
}

func one(b arrow.RecordBatch) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) { yield(b, nil) }
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
	var batches []arrow.RecordBatch
	for b, err := range delta.Scan(context.Background(), s, nil, where) {
		if err != nil {
			t.Fatal(err)
		}
		defer b.Release()
		batches = append(batches, b)
	}
	return textOf(schema.ToArrow(s.Schema()), batches)
}

// sound promises that petalake finds nothing wrong with the table, down to its statistics.
func (p place) sound(t *testing.T) {
	t.Helper()
	report, err := p.table.Check(context.Background(), delta.CheckOptions{Data: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range report.Problems {
		t.Error("check: ", problem)
	}
}
