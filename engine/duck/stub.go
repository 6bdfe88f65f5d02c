package duck

import (
	"context"
	"fmt"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// stubs are empty tables that stand for the tables of one statement while DuckDB plans it. Their
// columns have made-up names, so that a name in a plan is certainly one of theirs, whatever the
// statement or the table calls its own.
type stubs struct {
	prefix string // of the made-up column names
	inputs []*input
}

// stubSchema holds the stubs; no table of a lake is in it, since no statement may name it.
const stubSchema = "@stub"

func newStubs(sql string, inputs []*input) stubs {
	s := stubs{inputs: inputs}
	for i := 0; ; i++ {
		s.prefix = fmt.Sprintf("pl%d_", i)
		if !s.taken(sql) {
			return s
		}
	}
}

func (s stubs) taken(sql string) bool {
	if strings.Contains(strings.ToLower(sql), s.prefix) {
		return true
	}
	for _, in := range s.inputs {
		for _, f := range in.fields() {
			if strings.Contains(strings.ToLower(f.Name), s.prefix) {
				return true
			}
		}
	}
	return false
}

func stubName(i int) string { return fmt.Sprintf("s%d", i) }

// create makes the stubs and, over each, a view with the table's name and columns.
func (s stubs) create(ctx context.Context, c *duckdb.Conn) error {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE SCHEMA %s;\n", duckdb.QuoteIdent(stubSchema))
	for _, name := range viewSchemas(s.inputs) {
		fmt.Fprintf(&b, "CREATE SCHEMA IF NOT EXISTS %s;\n", duckdb.QuoteIdent(name))
	}
	for i, in := range s.inputs {
		var columns, names []string
		for j, f := range in.fields() {
			t, err := tablefile.QueryType(f.Type)
			if err != nil {
				return fmt.Errorf("table %s: column %q: %w", in.name, f.Name, err)
			}
			columns = append(columns, fmt.Sprintf("%s%d %s", s.prefix, j, t))
			names = append(names, fmt.Sprintf("%s%d AS %s", s.prefix, j, duckdb.QuoteIdent(f.Name)))
		}
		table := duckdb.QuoteIdent(stubSchema) + "." + stubName(i)
		fmt.Fprintf(&b, "CREATE TABLE %s (%s);\n", table, strings.Join(columns, ", "))
		fmt.Fprintf(&b, "CREATE VIEW %s AS SELECT %s FROM %s;\n", in.view(), strings.Join(names, ", "), table)
	}
	_, err := c.Exec(ctx, b.String())
	return err
}

// column finds the field that a made-up name stands for.
func (s stubs) column(in *input, name string) (schema.Field, bool) {
	rest, ok := strings.CutPrefix(name, s.prefix)
	if !ok {
		return schema.Field{}, false
	}
	i := 0
	for _, c := range []byte(rest) {
		if !isDigit(c) || i > 1<<20 {
			return schema.Field{}, false
		}
		i = i*10 + int(c-'0')
	}
	if rest == "" || i >= len(in.fields()) {
		return schema.Field{}, false
	}
	return in.fields()[i], true
}
