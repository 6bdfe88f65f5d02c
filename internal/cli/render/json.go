package render

import (
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
)

// JSON writes rows as JSON lines: one object a line, columns in order. Numbers keep all their
// digits; timestamps are RFC 3339, binary is hexadecimal, NaN and the infinities are strings.
type JSON struct {
	w     io.Writer
	buf   []byte
	names [][]byte
}

// NewJSON starts JSON lines for rows of a schema. A second column of the same name gets a number:
// "a", "a_2".
func NewJSON(w io.Writer, schema *arrow.Schema) *JSON {
	j := &JSON{w: w}
	taken := map[string]bool{}
	for _, f := range schema.Fields() {
		name := f.Name
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s_%d", f.Name, n)
		}
		taken[name] = true
		j.names = append(j.names, append(appendQuoted(nil, name), ':'))
	}
	return j
}

// Write adds the rows of a batch.
func (j *JSON) Write(batch arrow.RecordBatch) error {
	cells := make([]cell, len(j.names))
	for i := range cells {
		cells[i] = quoted.nullable(batch.Column(i))
	}
	for row := range int(batch.NumRows()) {
		j.buf = append(j.buf, '{')
		for i, value := range cells {
			if i > 0 {
				j.buf = append(j.buf, ',')
			}
			j.buf = value(append(j.buf, j.names[i]...), row)
		}
		j.buf = append(j.buf, '}', '\n')
	}
	_, err := j.w.Write(j.buf)
	j.buf = j.buf[:0]
	return err
}

// Close does nothing: every line is already written.
func (j *JSON) Close() error { return nil }
