package duck

import (
	"context"

	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/sql"
)

// Where reads a SQL condition on the columns of a table as far as statistics can answer it: every
// row for which the condition is true satisfies the predicate. Nil is satisfied by every row.
func (e *Engine) Where(ctx context.Context, table sql.TableName, condition string) (stats.Predicate, error) {
	session, err := e.data.session(ctx)
	if err != nil {
		return nil, err
	}
	defer session.end()
	name := duckdb.QuoteIdent(table.Table)
	if table.Schema != "" {
		name = duckdb.QuoteIdent(table.Schema) + "." + name
	}
	s, err := parse(ctx, parserOf(session.conn), "SELECT * FROM "+name+" WHERE ("+condition+"\n)")
	if err != nil {
		return nil, err
	}
	inputs, err := e.resolve(ctx, s)
	if err != nil {
		return nil, err
	}
	if err := e.study(ctx, s, inputs, nil); err != nil {
		return nil, err
	}
	if inputs[0].unread {
		return stats.Or{}, nil // no row can satisfy it
	}
	return inputs[0].where, nil
}
