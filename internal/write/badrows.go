package write

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// BadRow is a row of the quarantine.
type BadRow struct {
	Source  string    // the name of a source, or petalake load with the table
	File    string    // the raw file
	Line    int64     // from 1; 0 for the whole file
	Raw     string    // the row's text
	Reason  string    // why it could not be read
	Time    time.Time // when that was
	Table   string    // that it was for
	Reading string    // how its text is read, as JSON; "" of rows that older versions put aside
	Replay  int64     // the number of the replay that moves it to its table; 0 for none
}

// BadRows yields the rows of the quarantine, of one source or, with "", of all.
func (w *Writer) BadRows(ctx context.Context, source string) iter.Seq2[BadRow, error] {
	return func(yield func(BadRow, error) bool) {
		table, err := w.Env.Table(ctx, Quarantine)
		if err != nil {
			yield(BadRow{}, err)
			return
		}
		snapshot, err := table.Snapshot(ctx, delta.When{})
		if errors.Is(err, fs.ErrNotExist) {
			return
		}
		if err != nil {
			yield(BadRow{}, err)
			return
		}
		numbers := replayNumbers{writer: w}
		for row, err := range badRows(ctx, snapshot, bySource(source)) {
			moved := false
			if err == nil {
				moved, err = numbers.moved(ctx, row)
			}
			if moved || err == nil && source != "" && row.Source != source {
				continue
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// group names the rows that are read again together: those of one table whose texts are read in one way, or one file.
func (r BadRow) group() string {
	if r.Line == 0 {
		return r.Table + "\n" + r.File
	}
	return r.Table + "\n" + r.Reading
}

// bySource finds the files of the quarantine that may have rows of a source; nil for all.
func bySource(name string) stats.Predicate {
	if name == "" {
		return nil
	}
	return stats.Compare{Path: []string{"source"}, Op: stats.EQ, Value: name}
}

// replayApp is the application by whose transaction version a table knows which replays of a source it has.
func replayApp(source string) string { return "petalake.replay/" + source }

// replayNumbers are the transaction versions of tables, each looked up once.
type replayNumbers struct {
	writer *Writer
	tables map[string]map[string]int64
}

// moved says whether a row of the quarantine is in its table.
func (n *replayNumbers) moved(ctx context.Context, row BadRow) (bool, error) {
	if row.Replay == 0 {
		return false, nil
	}
	if n.tables == nil {
		n.tables = map[string]map[string]int64{}
	}
	if _, ok := n.tables[row.Table]; !ok {
		name, err := catalog.ParseName(row.Table)
		if err != nil {
			return false, err
		}
		table, err := n.writer.Env.Table(ctx, name)
		if err != nil {
			return false, err
		}
		snapshot, err := table.Snapshot(ctx, delta.When{})
		switch {
		case err == nil:
			n.tables[row.Table] = snapshot.Transactions()
		case errors.Is(err, fs.ErrNotExist):
			n.tables[row.Table] = map[string]int64{}
		default:
			return false, err
		}
	}
	have, ok := n.tables[row.Table][replayApp(row.Source)]
	return ok && row.Replay <= have, nil
}

// badRows yields the rows of the files that may match.
func badRows(ctx context.Context, snapshot *delta.Snapshot, where stats.Predicate) iter.Seq2[BadRow, error] {
	return func(yield func(BadRow, error) bool) {
		for batch, err := range delta.Scan(ctx, snapshot, nil, where) {
			if err != nil {
				yield(BadRow{}, err)
				return
			}
			for i := range int(batch.NumRows()) {
				row, err := badRow(batch, i)
				if !yield(row, err) || err != nil {
					batch.Release()
					return
				}
			}
			batch.Release()
		}
	}
}

func badRow(batch arrow.RecordBatch, i int) (row BadRow, err error) {
	for j, column := range batch.Columns() {
		if column.IsNull(i) {
			continue
		}
		name := batch.ColumnName(j)
		switch c := column.(type) {
		case *array.String:
			texts := map[string]*string{"source": &row.Source, "file": &row.File, "raw": &row.Raw, "reason": &row.Reason, "table": &row.Table, "reading": &row.Reading}
			if to := texts[name]; to != nil {
				*to = string([]byte(c.Value(i)))
			}
		case *array.Int64:
			numbers := map[string]*int64{"line": &row.Line, "replay": &row.Replay}
			if to := numbers[name]; to != nil {
				*to = c.Value(i)
			}
		case *array.Timestamp:
			row.Time = time.UnixMicro(int64(c.Value(i))).UTC()
		default:
			return row, fmt.Errorf("%s: column %s: a type that it should not have", Quarantine, name)
		}
	}
	return row, nil
}

// writeBadRows writes rows as data files of the quarantine, which nobody sees yet.
func writeBadRows(ctx context.Context, quarantine *delta.Table, m delta.Metadata, rows []BadRow) ([]delta.Add, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	as := schema.ToArrow(m.Schema)
	b := array.NewRecordBuilder(memory.DefaultAllocator, as)
	defer b.Release()
	for _, row := range rows {
		for i, f := range as.Fields() {
			texts := map[string]string{"source": row.Source, "file": row.File, "raw": row.Raw, "reason": row.Reason, "table": row.Table, "reading": row.Reading}
			numbers := map[string]int64{"line": row.Line, "replay": row.Replay}
			switch to := b.Field(i).(type) {
			case *array.StringBuilder:
				if text, ok := texts[f.Name]; ok && (text != "" || f.Name == "raw" && row.Line > 0) {
					to.Append(text)
				} else {
					to.AppendNull()
				}
			case *array.Int64Builder:
				if n := numbers[f.Name]; n != 0 {
					to.Append(n)
				} else {
					to.AppendNull()
				}
			case *array.TimestampBuilder:
				to.Append(arrow.Timestamp(row.Time.UnixMicro()))
			default:
				to.AppendNull()
			}
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	return delta.WriteFiles(ctx, quarantine, m, func(yield func(arrow.RecordBatch, error) bool) { yield(batch, nil) })
}
