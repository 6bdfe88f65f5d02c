package duck

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/petalake/petalake/internal/duckdb"
)

// splice replaces the bytes [from, to) of a text.
type splice struct {
	from, to int
	text     string
}

// rewritten is a statement as DuckDB gets it.
type rewritten struct {
	sql     string
	splices []splice // in order
}

// rewrite gives every reference to an older version the name of that version's view, and puts
// EXPLAIN back in front.
func (s *statement) rewrite(inputs []*input) rewritten {
	var r rewritten
	for _, ref := range s.tables {
		i := slices.IndexFunc(inputs, func(in *input) bool { return in.same(ref) })
		if in := inputs[i]; in.at.Version != nil || in.at.Time != nil {
			r.splices = append(r.splices, splice{ref.from, ref.to, in.view()})
		}
	}
	slices.SortFunc(r.splices, func(a, b splice) int { return a.from - b.from })
	var b strings.Builder
	b.WriteString(s.explain.Text)
	last := len(s.explain.Text)
	for _, p := range r.splices {
		b.WriteString(s.sql[last:p.from])
		b.WriteString(p.text)
		last = p.to
	}
	b.WriteString(s.sql[last:])
	r.sql = b.String()
	return r
}

// original is where a byte of the rewritten statement was in the user's.
func (r rewritten) original(offset int) int {
	shift := 0
	for _, p := range r.splices {
		start := p.from + shift
		if offset < start {
			break
		}
		if offset < start+len(p.text) {
			return p.from
		}
		shift += len(p.text) - (p.to - p.from)
	}
	return offset - shift
}

// offsetOf is the byte at a line and column, both from 1; -1 where there is none.
func offsetOf(sql string, line, column int) int {
	if line < 1 || column < 1 {
		return -1
	}
	at := 0
	for ; line > 1; line-- {
		n := strings.IndexByte(sql[at:], '\n')
		if n < 0 {
			return -1
		}
		at += n + 1
	}
	for ; column > 1 && at < len(sql); column-- {
		_, n := utf8.DecodeRuneInString(sql[at:])
		at += n
	}
	return at
}

// explainError turns DuckDB's error about the rewritten statement into one about the user's.
func (s *statement) explainError(e *duckdb.Error, r rewritten) *Error {
	kind := Failed
	switch e.Kind {
	case duckdb.Parser:
		kind = Syntax
	case duckdb.Binder, duckdb.Catalog:
		kind = Unknown
	case duckdb.Permission:
		kind = Refused
	}
	message, hint := reword(e.Message)
	out := failure(kind, cmp.Or(e.Hint(), hint), "%s", message)
	out.Err = e
	if at := offsetOf(r.sql, e.Line, e.Column); at >= 0 {
		return out.at(s.user, r.original(at))
	}
	return out
}
