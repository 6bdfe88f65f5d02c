package spark

import (
	"bytes"
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/petalake/petalake/engine/spark/connectpb"
	"github.com/petalake/petalake/internal/sql"
)

// Query runs one statement and streams its rows. DDL and DML have run when it returns. Args are
// bound to ? in order; a single Named binds :name. When ctx ends the statement is interrupted on the
// server too.
func (s *Session) Query(ctx context.Context, sql string, args ...any) (array.RecordReader, error) {
	return s.Watch(ctx, nil, sql, args...)
}

// Watch is Query, and tells how far the statement is, about every two seconds. It tells while Query
// would wait: before it returns, and while the next batch of the reader is waited for.
func (s *Session) Watch(ctx context.Context, tell func(Progress), sql string, args ...any) (array.RecordReader, error) {
	input, err := statement(sql, args)
	if err != nil {
		return nil, err
	}
	// A server parses the statement, and runs it where it is not a query. What it returns gives the rows.
	command := &connectpb.SqlCommand{Input: input}
	var result *connectpb.Relation
	err = s.run(ctx, tell, &connectpb.Command{CommandType: &connectpb.Command_SqlCommand{SqlCommand: command}},
		func(r *connectpb.ExecutePlanResponse) {
			if relation := r.GetSqlCommandResult().GetRelation(); relation != nil {
				result = relation
			}
		})
	if err == nil && result == nil {
		err = errNoAnswer
	}
	if err != nil {
		return nil, unsure(err, sql) // and never the statement again: it may be an INSERT
	}
	if rows := result.GetLocalRelation(); len(rows.GetData()) > 0 && rows.Schema == nil {
		// It was a command, and these are its rows: the server need not be asked for them.
		r, err := ipc.NewReader(bytes.NewReader(rows.GetData()))
		if err != nil {
			return nil, fmt.Errorf("spark: the rows of a command cannot be read: %w", err)
		}
		return r, nil
	}
	r, err := s.execute(ctx, tell, result)
	if err != nil {
		return nil, unsure(err, sql)
	}
	return r, nil
}

// Execute runs a plan that gives rows and streams them.
func (s *Session) Execute(ctx context.Context, plan *connectpb.Relation) (array.RecordReader, error) {
	return s.execute(ctx, nil, plan)
}

func (s *Session) execute(ctx context.Context, tell func(Progress), plan *connectpb.Relation) (array.RecordReader, error) {
	return newReader(s.operation(ctx, &connectpb.Plan{OpType: &connectpb.Plan_Root{Root: plan}}, tell))
}

// Run runs a command to its end.
func (s *Session) Run(ctx context.Context, command *connectpb.Command) error {
	return unsure(s.run(ctx, nil, command, func(*connectpb.ExecutePlanResponse) {}), "")
}

// run runs a command to its end and passes its responses on.
func (s *Session) run(ctx context.Context, tell func(Progress), command *connectpb.Command, each func(*connectpb.ExecutePlanResponse)) error {
	op := s.operation(ctx, &connectpb.Plan{OpType: &connectpb.Plan_Command{Command: command}}, tell)
	defer op.end()
	for {
		r, err := op.next()
		if err != nil || r == nil {
			return err
		}
		each(r)
	}
}

// Describe returns the columns of a SELECT. Other statements are refused, and do not run.
func (s *Session) Describe(ctx context.Context, query string) (*arrow.Schema, error) {
	plan, err := statement("SELECT * FROM (\n"+sql.Trim(sql.Spark, query)+"\n) LIMIT 0", nil)
	if err != nil {
		return nil, err
	}
	r, err := s.Execute(ctx, plan)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	return r.Schema(), nil
}

// modes are the ways to explain a statement.
var modes = map[string]connectpb.AnalyzePlanRequest_Explain_ExplainMode{
	"":          connectpb.AnalyzePlanRequest_Explain_EXPLAIN_MODE_SIMPLE,
	"simple":    connectpb.AnalyzePlanRequest_Explain_EXPLAIN_MODE_SIMPLE,
	"extended":  connectpb.AnalyzePlanRequest_Explain_EXPLAIN_MODE_EXTENDED,
	"codegen":   connectpb.AnalyzePlanRequest_Explain_EXPLAIN_MODE_CODEGEN,
	"cost":      connectpb.AnalyzePlanRequest_Explain_EXPLAIN_MODE_COST,
	"formatted": connectpb.AnalyzePlanRequest_Explain_EXPLAIN_MODE_FORMATTED,
}

// Explain returns the server's plan for a query, as text. Mode is simple (or empty), extended,
// codegen, cost or formatted.
func (s *Session) Explain(ctx context.Context, sql, mode string, args ...any) (string, error) {
	m, ok := modes[mode]
	if !ok {
		return "", fmt.Errorf("spark: explain mode %q: simple, extended, codegen, cost and formatted are known", mode)
	}
	input, err := statement(sql, args)
	if err != nil {
		return "", err
	}
	var text string
	err = s.ask(ctx, func() error {
		r, err := s.client.AnalyzePlan(ctx, &connectpb.AnalyzePlanRequest{
			Analyze: &connectpb.AnalyzePlanRequest_Explain_{Explain: &connectpb.AnalyzePlanRequest_Explain{
				Plan: &connectpb.Plan{OpType: &connectpb.Plan_Root{Root: input}}, ExplainMode: m,
			}},
		})
		text = r.GetExplain().GetExplainString()
		return err
	})
	return text, err
}
