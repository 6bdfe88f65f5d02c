package duck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/words"
)

// input is one version of one table that a statement reads, with what became known of it while
// the statement was planned.
type input struct {
	name     sql.TableName // as the statement wrote it first
	at       delta.When
	relation Relation
	root     string // key of the table's folder
	meta     delta.Metadata

	scanned bool            // DuckDB's plan was read; unless it was, every file is needed
	where   stats.Predicate // what every wanted row satisfies; nil: nothing known
	columns []string        // the columns the plan touches; meaningless where allColumns is true
	all     bool            // every column may be touched
	unread  bool            // the plan does not read the table at all

	files  []delta.Add // what is left after pruning
	listed bool        // files are known
	paths  []string    // where each is on this machine
}

func (in *input) fields() []schema.Field { return in.meta.Schema.Fields }

// schema is the schema of the input's view: the table's, or one for an older version.
func (in *input) schema() string {
	s := in.name.Schema
	if s == "" {
		s = "main"
	}
	switch {
	case in.at.Version != nil:
		s += fmt.Sprintf("@v%d", *in.at.Version)
	case in.at.Time != nil:
		s += fmt.Sprintf("@t%d", in.at.Time.UnixMicro())
	}
	return s
}

// view is the quoted name of the input's view.
func (in *input) view() string {
	return duckdb.QuoteIdent(in.schema()) + "." + duckdb.QuoteIdent(in.name.Table)
}

func viewSchemas(inputs []*input) []string {
	var out []string
	for _, in := range inputs {
		if s := in.schema(); s != "main" && !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// same says whether two references mean the same version of the same table.
func (in *input) same(r *reference) bool {
	return in.name.Fold() == r.name.Fold() && sameWhen(in.at, r.at)
}

func sameWhen(a, b delta.When) bool {
	switch {
	case a.Version != nil || b.Version != nil:
		return a.Version != nil && b.Version != nil && *a.Version == *b.Version
	case a.Time != nil || b.Time != nil:
		return a.Time != nil && b.Time != nil && a.Time.Equal(*b.Time)
	}
	return true
}

// resolve finds the tables of a statement, each version once, so that a statement sees one state
// of a table however often it names it.
func (e *Engine) resolve(ctx context.Context, s *statement) ([]*input, error) {
	var inputs []*input
	for _, r := range s.tables {
		if slices.ContainsFunc(inputs, func(in *input) bool { return in.same(r) }) {
			continue
		}
		rel, root, err := e.options.Tables.Resolve(ctx, r.name, r.at)
		if err != nil {
			return nil, e.unresolved(ctx, s, r, err)
		}
		inputs = append(inputs, &input{name: r.name, at: r.at, relation: rel, root: root, meta: rel.Metadata(), all: true})
	}
	return inputs, nil
}

func (e *Engine) unresolved(ctx context.Context, s *statement, r *reference, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !errors.Is(cause, fs.ErrNotExist) {
		out := failure(Unread, "", "table %s: %v", r.name, cause)
		out.Err = cause
		if h, ok := errors.AsType[interface {
			error
			Hint() string
		}](cause); ok {
			out.hint = h.Hint()
		}
		return out.at(s.user, r.from)
	}
	out := failure(Unknown, "petalake tables lists the tables", "no table %q", r.name)
	out.Err = cause
	if r.at != (delta.When{}) {
		out.Message, out.hint = fmt.Sprintf("table %s: %v", r.name, cause), "petalake history TABLE lists the versions"
	} else if strings.ContainsAny(r.name.Table, "/*") || strings.Contains(r.name.Table, ".") {
		out.hint = "SQL reads the tables of the lake; petalake load makes a table of a file, and petalake sql --files reads files as they are"
	}
	names, err := e.options.Tables.Names(ctx)
	if err != nil {
		return out.at(s.user, r.from)
	}
	var all []string
	for _, n := range names {
		all = append(all, n.String())
	}
	if close := words.NearestThree(r.name.String(), all); len(close) > 0 && r.at == (delta.When{}) {
		out.hint = "did you mean " + strings.Join(close, ", ") + "?"
	}
	return out.at(s.user, r.from)
}
