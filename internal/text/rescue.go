package text

import (
	"bytes"
	"encoding/json"
	"sync/atomic"
)

// rescue takes the values of a record that do not fit their columns, for one column of texts: an object of JSON, by the names of
// the values. Those of CSV are texts, those of JSON as they are written.
type rescue struct {
	origin Origin        // columns that no record may have
	ignore bool          // a value without a column is passed over
	column *Column       // nil where nothing is rescued
	row    []byte        // what was taken of the record at hand
	count  *atomic.Int64 // of the rows that something was taken of
}

// on says whether values are rescued.
func (r *rescue) on() bool { return r.column != nil }

// text takes a value of CSV.
func (r *rescue) text(name string, cell []byte) {
	value, err := json.Marshal(string(cell))
	if err == nil {
		r.value(name, value)
	}
}

// value takes a value that is JSON.
func (r *rescue) value(name string, value []byte) {
	key, err := json.Marshal(name)
	if err != nil {
		return
	}
	if len(r.row) == 0 {
		r.row = append(r.row, '{')
	} else {
		r.row = append(r.row, ',')
	}
	r.row = append(append(append(r.row, key...), ':'), bytes.TrimSpace(value)...)
}

// end puts what was taken of a record into the column.
func (r *rescue) end() {
	if !r.on() {
		return
	}
	if len(r.row) == 0 {
		r.column.null()
		return
	}
	r.column.put(append(r.row, '}'))
	r.row = r.row[:0]
	r.count.Add(1)
}

// replace makes the value of the row that a column was about to get none.
func (c *Column) replace(rows int) {
	c.cut(rows)
	c.null()
}
