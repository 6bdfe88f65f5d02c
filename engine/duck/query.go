package duck

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/sql"
)

// query runs a prepared relation. The reader owns it: releasing the reader ends it.
func (r *relation) query(ctx context.Context) (array.RecordReader, error) {
	rows, err := r.conn.Query(ctx, r.sql, r.args...)
	if err != nil {
		err = r.failed(ctx, err)
		r.end()
		return nil, err
	}
	out := &reader{RecordReader: rows, ctx: ctx, relation: r, schema: r.statement.titled(rows.Schema())}
	out.refs.Store(1)
	return out, nil
}

// reader is a stream of rows that gives its session back when it is released.
type reader struct {
	array.RecordReader
	ctx      context.Context // of the statement, to tell its end from an error
	relation *relation
	schema   *arrow.Schema // with the names that a person wrote
	current  arrow.RecordBatch
	refs     atomic.Int64
	err      error
}

func (r *reader) Schema() *arrow.Schema { return r.schema }

// RecordBatch is the current batch under the reader's schema.
func (r *reader) RecordBatch() arrow.RecordBatch { return r.current }

// Record is RecordBatch.
func (r *reader) Record() arrow.RecordBatch { return r.current }

func (r *reader) drop() {
	if r.current != nil {
		r.current.Release()
		r.current = nil
	}
}

func (r *reader) Next() bool {
	r.drop()
	if r.RecordReader.Next() {
		b := r.RecordReader.RecordBatch()
		r.current = array.NewRecordBatch(r.schema, b.Columns(), b.NumRows())
		return true
	}
	if r.err == nil {
		r.err = r.relation.failed(r.ctx, r.RecordReader.Err())
	}
	return false
}

func (r *reader) Err() error { return r.err }

func (r *reader) Retain() { r.refs.Add(1) }

func (r *reader) Release() {
	if r.refs.Add(-1) == 0 {
		r.drop()
		r.RecordReader.Release()
		r.relation.end()
	}
}

// explain runs EXPLAIN and adds what the plan of DuckDB cannot know: which files were left out.
func (e *Engine) explain(ctx context.Context, r *relation) (array.RecordReader, error) {
	defer r.end()
	if err := e.total(ctx, r); err != nil {
		return nil, err
	}
	var rows [][]string
	if r.plan.FromLog {
		rows = [][]string{{"physical_plan", "answered from the log, no data file is read"}}
	} else {
		var err error
		if rows, err = r.conn.Strings(ctx, r.sql, r.args...); err != nil {
			return nil, r.failed(ctx, err)
		}
	}
	for _, t := range r.plan.Tables {
		rows = append(rows, []string{"table", t.String()})
	}
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "explain_key", Type: arrow.BinaryTypes.String},
		{Name: "explain_value", Type: arrow.BinaryTypes.String},
	}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for _, row := range rows {
		for i := range 2 {
			b.Field(i).(*array.StringBuilder).Append(row[i])
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	return array.NewRecordReader(schema, []arrow.RecordBatch{batch})
}

// describe prepares a statement over empty tables.
func (e *Engine) describe(ctx context.Context, sql string) (*arrow.Schema, error) {
	session, err := e.data.session(ctx)
	if err != nil {
		return nil, err
	}
	defer session.end()
	s, err := parse(ctx, parserOf(session.conn), sql)
	if err != nil {
		return nil, err
	}
	r := &relation{statement: s}
	if s.show != "" {
		r.sql, err = e.showTables(ctx)
		r.rewritten.sql = r.sql
	} else {
		err = e.describeOver(ctx, r, session)
	}
	if err != nil {
		return nil, err
	}
	d, err := session.conn.Describe(ctx, r.sql)
	if err != nil {
		return nil, r.failed(ctx, err)
	}
	if d.Schema == nil {
		return nil, failure(Failed, "cast the parameter, as in $1::BIGINT", "the type of a column depends on a parameter")
	}
	return d.Schema, nil
}

func (e *Engine) describeOver(ctx context.Context, r *relation, session *session) error {
	inputs, err := e.resolve(ctx, r.statement)
	if err != nil {
		return err
	}
	if err := session.begin(ctx); err != nil {
		return err
	}
	if err := install(ctx, session.conn, inputs, e.types); err != nil {
		return err
	}
	r.rewritten = r.statement.rewrite(inputs)
	r.sql = r.rewritten.sql
	return nil
}

// showTables is a statement that gives the names of the lake's tables.
func (e *Engine) showTables(ctx context.Context) (string, error) {
	names, err := e.options.Tables.Names(ctx)
	if err != nil {
		return "", err
	}
	slices.SortFunc(names, func(a, b sql.TableName) int { return strings.Compare(a.String(), b.String()) })
	var rows []string
	for _, n := range names {
		rows = append(rows, fmt.Sprintf("(%s, %s)", duckdb.Quote(n.Schema), duckdb.Quote(n.Table)))
	}
	if len(rows) == 0 {
		return `SELECT '' AS "schema", '' AS name WHERE false`, nil
	}
	return `SELECT * FROM (VALUES ` + strings.Join(rows, ", ") + `) t("schema", name)`, nil
}
