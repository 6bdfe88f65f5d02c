package sql

// Explain is the EXPLAIN in front of a statement.
type Explain struct {
	Text    string // up to the statement behind it; "" for none
	Analyze bool   // the statement is run
}

// CutExplain takes EXPLAIN, EXPLAIN ANALYZE or EXPLAIN (FORMAT x) off the front of a statement for DuckDB and leaves
// blanks in its place. An EXPLAIN with nothing behind it stays.
func CutExplain(text string) (explain Explain, rest string) {
	t := Lex(DuckDB, text)
	if len(t) < 2 || !t[0].Is("EXPLAIN") {
		return Explain{}, text
	}
	n := 1
	switch {
	case t[1].Is("ANALYZE"):
		n = 2
	case t[1].Is("(") && len(t) > 2 && t[2].Is("FORMAT", "ANALYZE"):
		for n < len(t) && !t[n].Is(")") {
			n++
		}
		n++
	}
	if n >= len(t) {
		return Explain{}, text
	}
	for _, option := range t[1:n] {
		explain.Analyze = explain.Analyze || option.Is("ANALYZE")
	}
	out := []byte(text)
	blank(out[:t[n].From])
	explain.Text = text[:t[n].From]
	return explain, string(out)
}
