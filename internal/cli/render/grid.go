package render

import (
	"bytes"
	"fmt"
	"io"
)

const (
	sampleRows  = 1000    // rows that settle the widths
	sampleBytes = 1 << 20 // or their size
)

// Grid writes rows of text aligned under named columns, with every value escaped. It settles the
// widths on the first thousand rows and streams the rest; a later value that is wider is cut where
// the width is limited, and else pushes its line to the right.
type Grid struct {
	w       io.Writer
	style   Style
	columns []Column
	widths  []int // nil while rows are still sampled
	held    [][]value
	bytes   int
	cut     bool
	buf     bytes.Buffer
}

type value struct {
	text string
	null bool
}

// NewGrid starts a grid.
func NewGrid(w io.Writer, style Style, columns ...Column) *Grid {
	return &Grid{w: w, style: style, columns: columns}
}

// Add writes a row, one value a column.
func (g *Grid) Add(texts ...string) error {
	row := make([]value, len(texts))
	for i, text := range texts {
		row[i].text = text
	}
	g.add(row)
	return g.flush()
}

func (g *Grid) add(row []value) {
	for i := range row {
		text := Escape(row[i].text)
		if limit := g.style.Width; limit > 0 && len(text) > 4*limit {
			text = Cut(text, limit) // no more of it can be shown; do not hold it
		}
		row[i].text = text
		g.bytes += len(text)
	}
	if g.widths != nil {
		g.put(row)
		return
	}
	g.held = append(g.held, row)
	if len(g.held) >= sampleRows || g.bytes >= sampleBytes {
		g.settle()
	}
}

// settle decides the widths and writes the head and what was held.
func (g *Grid) settle() {
	natural := make([]int, len(g.columns))
	for i, c := range g.columns {
		natural[i] = Width(c.Name)
		for _, row := range g.held {
			natural[i] = max(natural[i], Width(row[i].text))
		}
	}
	g.widths = fit(g.columns, natural, g.style.Width)
	g.head()
	for _, row := range g.held {
		g.put(row)
	}
	g.held = nil
}

func (g *Grid) head() {
	for i, w := range g.widths {
		g.cell(i, Cut(g.columns[i].Name, w), bold)
	}
	g.buf.WriteByte('\n')
	for i, w := range g.widths {
		if i > 0 {
			g.buf.WriteString(gap)
		}
		g.buf.WriteString(g.style.Dim(string(bytes.Repeat([]byte("─"), w))))
	}
	g.buf.WriteByte('\n')
}

func (g *Grid) put(row []value) {
	for i, w := range g.widths {
		text, code := row[i].text, ""
		if g.style.Width > 0 && Width(text) > w {
			text, g.cut = Cut(text, w), true
		}
		if row[i].null {
			code = dim
		}
		g.cell(i, text, code)
	}
	g.buf.Truncate(len(bytes.TrimRight(g.buf.Bytes(), " ")))
	g.buf.WriteByte('\n')
}

// cell writes one value with its padding; nothing follows the last value of a line.
func (g *Grid) cell(i int, text, code string) {
	if i > 0 {
		g.buf.WriteString(gap)
	}
	missing := pad(g.widths[i] - Width(text))
	if code != "" {
		text = g.style.paint(code, text)
	}
	switch {
	case g.columns[i].Right:
		g.buf.WriteString(missing + text)
	case i < len(g.widths)-1:
		g.buf.WriteString(text + missing)
	default:
		g.buf.WriteString(text)
	}
}

func (g *Grid) flush() error {
	if g.buf.Len() == 0 {
		return nil
	}
	_, err := g.w.Write(g.buf.Bytes())
	g.buf.Reset()
	return err
}

// Close writes a grid that never filled its sample.
func (g *Grid) Close() error {
	if g.widths == nil && len(g.columns) > 0 {
		g.settle()
	}
	return g.flush()
}

// Note says after Close what the width of the terminal kept from being shown, "" for nothing.
func (g *Grid) Note() string {
	switch {
	case len(g.widths) < len(g.columns):
		return fmt.Sprintf("%d of %d columns fit", len(g.widths), len(g.columns))
	case g.cut:
		return "long values are cut"
	}
	return ""
}
