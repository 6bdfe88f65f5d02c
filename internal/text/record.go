package text

import (
	"fmt"

	"github.com/petalake/petalake/delta/schema"
)

// record reads the record at t.at into a row, and moves on. Passed is true where there was none.
func (t *Rows) record() (m *Misfit, passed bool) {
	if t.reader.source.JSON {
		return t.object()
	}
	text, f := t.block.text, t.block.file
	if m, passed = t.split(); m != nil || passed {
		return m, passed
	}
	clear(t.taken)
	t.rescue.row = t.rescue.row[:0]
	for i, c := range t.cells {
		cell := t.reader.source.CSV.value(text, c, &t.scratch)
		if f.Columns[i] < 0 {
			if t.rescue.on() && f.Names[i] != "" && !t.reader.source.Options.isNull(cell) {
				t.rescue.text(f.Names[i], cell)
			}
			continue
		}
		column := t.Columns[f.Columns[i]]
		t.taken[f.Columns[i]] = true
		rows := column.Rows
		if column.isNull(cell) {
			column.null()
		} else if misfit := column.text(cell); misfit != nil && t.rescue.on() {
			column.replace(rows)
			t.rescue.text(column.Field.Name, cell)
		} else if misfit != nil {
			if m == nil {
				m = misfit
			} else {
				m.Reason += "; column " + misfit.Column + ": " + misfit.Reason
			}
		}
	}
	t.absent(m)
	return m, false
}

// absent gives the columns that a record does not have no value, and that of what was rescued its own.
func (t *Rows) absent(m *Misfit) {
	if m != nil {
		return
	}
	for i, c := range t.Columns {
		if !t.taken[i] && c != t.rescue.column && c != t.file && c != t.time {
			c.null()
		}
	}
	t.rescue.end()
	t.from()
}

// split finds the cells of the record at t.at, and moves on.
func (t *Rows) split() (m *Misfit, passed bool) {
	d, text, f := &t.reader.source.CSV, t.block.text, t.block.file
	from := t.at
	if d.Comment != 0 && text[from] == d.Comment {
		t.at += lineLength(text[from:])
		return nil, true
	}
	t.cells = t.cells[:0]
	next, how := d.record(text, from, f.ends, true, &t.cells)
	if how == unclosed { // the next line may be a record again
		next = from + lineLength(text[from:])
	}
	t.at = next
	if t.reader.passed(text[from:next]) {
		return nil, true
	}
	reason := ""
	switch {
	case t.invalid && !t.reader.source.isText(text[from:next]):
		reason = t.reader.source.noText()
	case how == unclosed:
		reason = "a quote is not closed"
	case how == garbled:
		reason = "something stands behind the quote that closes a value"
	case how == stray:
		reason = "a value that is not in quotes holds a line end of another form than the file's, whose lines end in two ways"
	case len(t.cells) > len(f.Columns), len(t.cells) < len(f.Columns) && !t.reader.source.Pad:
		reason = fmt.Sprintf("the number of values is wrong: expected %d, found %d", len(f.Columns), len(t.cells))
	default:
		return nil, false
	}
	return &Misfit{Reason: reason}, false
}

// isNull says whether a cell stands for no value.
func (c *Column) isNull(cell []byte) bool {
	return len(cell) == 0 && c.Field.Type != schema.String || c.options.isNull(cell)
}

func (o *Options) isNull(cell []byte) bool {
	if len(cell) == 0 && len(o.Null) == 0 {
		return true
	}
	for _, null := range o.Null {
		if string(cell) == null {
			return true
		}
	}
	return false
}
