package render

import (
	"bytes"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
)

// CSV writes rows as RFC 4180 CSV under a line of names, with \n at the end of lines. A null is
// nothing at all, and an empty string is "".
type CSV struct {
	w    io.Writer
	buf  []byte
	head bool
	cols []string
}

// NewCSV starts CSV for rows of a schema.
func NewCSV(w io.Writer, schema *arrow.Schema) *CSV {
	c := &CSV{w: w}
	for _, f := range schema.Fields() {
		c.cols = append(c.cols, f.Name)
	}
	return c
}

// Write adds the rows of a batch.
func (c *CSV) Write(batch arrow.RecordBatch) error {
	c.header()
	cells := cellsOf(batch, exact)
	for row := range int(batch.NumRows()) {
		for i, value := range cells {
			if i > 0 {
				c.buf = append(c.buf, ',')
			}
			if isNull(batch.Column(i), row) {
				continue
			}
			start := len(c.buf)
			c.buf = value(c.buf, row)
			c.buf = quoteCSV(c.buf, start)
		}
		c.buf = append(c.buf, '\n')
	}
	return c.flush()
}

func (c *CSV) header() {
	if c.head {
		return
	}
	c.head = true
	for i, name := range c.cols {
		if i > 0 {
			c.buf = append(c.buf, ',')
		}
		start := len(c.buf)
		c.buf = quoteCSV(append(c.buf, name...), start)
	}
	c.buf = append(c.buf, '\n')
}

// quoteCSV quotes the value that begins at start, where it must be.
func quoteCSV(dst []byte, start int) []byte {
	v := dst[start:]
	if len(v) > 0 && !bytes.ContainsAny(v, ",\"\r\n") && v[0] != ' ' && v[len(v)-1] != ' ' {
		return dst
	}
	v = bytes.ReplaceAll(v, []byte{'"'}, []byte{'"', '"'})
	return append(append(append(dst[:start], '"'), v...), '"')
}

func (c *CSV) flush() error {
	_, err := c.w.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

// Close writes the line of names where no batch came.
func (c *CSV) Close() error {
	c.header()
	return c.flush()
}
