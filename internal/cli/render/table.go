package render

import (
	"io"

	"github.com/apache/arrow-go/v18/arrow"
)

// Writer writes the rows of record batches. Close writes what was held back; it does not close
// what the rows are written to.
type Writer interface {
	Write(batch arrow.RecordBatch) error
	Close() error
}

// Table writes rows aligned for people, as a Grid does.
type Table struct{ grid *Grid }

// NewTable starts a table for rows of a schema.
func NewTable(w io.Writer, schema *arrow.Schema, style Style) *Table {
	var columns []Column
	for _, f := range schema.Fields() {
		columns = append(columns, Column{Name: Escape(f.Name), Right: isNumber(f.Type), Whole: isNumber(f.Type) || isTime(f.Type)})
	}
	return &Table{NewGrid(w, style, columns...)}
}

// Write adds the rows of a batch.
func (t *Table) Write(batch arrow.RecordBatch) error {
	cells := cellsOf(batch, plain)
	for row := range int(batch.NumRows()) {
		values := make([]value, len(cells))
		for i, c := range cells {
			if a := batch.Column(i); isNull(a, row) {
				values[i] = value{"NULL", true}
			} else {
				values[i] = value{text: string(c(nil, row))}
			}
		}
		t.grid.add(values)
	}
	return t.grid.flush()
}

func cellsOf(batch arrow.RecordBatch, f form) []cell {
	cells := make([]cell, batch.NumCols())
	for i := range cells {
		cells[i] = f.bind(batch.Column(i))
	}
	return cells
}

// Close writes what is still held.
func (t *Table) Close() error { return t.grid.Close() }

// Note says after Close what the width of the terminal kept from being shown, "" for nothing.
func (t *Table) Note() string { return t.grid.Note() }
