package query

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/write"
)

// affected is the answer to a statement that writes: how many rows, as Spark says it.
func affected(rows int64) (array.RecordReader, error) {
	columns := arrow.NewSchema([]arrow.Field{
		{Name: "num_affected_rows", Type: arrow.PrimitiveTypes.Int64}, {Name: "num_inserted_rows", Type: arrow.PrimitiveTypes.Int64},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, columns)
	defer b.Release()
	for i := range 2 {
		b.Field(i).(*array.Int64Builder).Append(rows)
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	return array.NewRecordReader(columns, []arrow.RecordBatch{batch})
}

// run answers a statement on DuckDB, within what a guard lets through: a query by the engine, a change by a commit
// of ours.
func (q *Engines) run(ctx context.Context, g *guard, tell func(tablefile.Progress), statement string, args []any) (array.RecordReader, error) {
	change, err := duck.ParseChange(statement)
	if err != nil {
		return nil, err
	}
	if change == nil {
		return g.engine(q).Watch(ctx, tell, statement, args...)
	}
	if len(args) > 0 {
		return nil, duck.ErrorAt(change.Text, change.At, duck.Refused, "write the values into the statement", "a statement that writes takes no parameters")
	}
	done, err := q.change(ctx, g, write.Statement{Change: change, Tell: tell})
	if err != nil {
		return nil, err
	}
	return affected(done.Rows)
}

// change runs an INSERT or a CREATE TABLE on DuckDB, within what a guard lets through.
func (q *Engines) change(ctx context.Context, g *guard, s write.Statement) (write.Done, error) {
	if err := g.may(access.Write, s.Table); err != nil {
		return write.Done{}, err
	}
	s.View = func(tables duck.Resolver) *duck.Engine { return g.over(q.Duck, tables) }
	return q.Writer.Run(ctx, s)
}
