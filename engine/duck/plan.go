package duck

import (
	"context"
	"fmt"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/words"
)

// Plan says what a statement reads.
type Plan struct {
	Tables  []TablePlan
	FromLog bool // answered from the tables' logs: no data file is read
}

// TablePlan is what a statement reads of one version of a table.
type TablePlan struct {
	Table      sql.TableName
	Version    int64
	At         delta.When // as the statement asked for it
	Files      int        // that are read
	Bytes      int64      // of those files, whole
	TotalFiles int64      // of the table at this version; -1 where nobody counted
	TotalBytes int64
	Columns    []string // that are read; nil where it is not known: all
	Pruned     bool     // statistics were asked with the statement's conditions
	Fetched    int64    // bytes that were brought to this machine for the statement
	Requests   int      // ranged reads that took
}

// String is "bronze.flights version 7: files: 3 of 10000, 1.2 MB".
func (t TablePlan) String() string {
	of := ""
	if t.TotalFiles >= 0 {
		of = fmt.Sprintf(" of %d", t.TotalFiles)
	}
	s := fmt.Sprintf("%s version %d: files: %d%s, %s", t.Table, t.Version, t.Files, of, words.Decimal(t.Bytes))
	if len(t.Columns) > 0 {
		s += ", columns: " + strings.Join(t.Columns, ", ")
	}
	if t.Requests > 0 {
		s += fmt.Sprintf(", fetched: %s in %d reads", words.Decimal(t.Fetched), t.Requests)
	}
	return s
}

// String has a line for each table.
func (p *Plan) String() string {
	var lines []string
	for _, t := range p.Tables {
		lines = append(lines, t.String())
	}
	if p.FromLog {
		lines = append(lines, "answered from the log, no data file is read")
	}
	return strings.Join(lines, "\n")
}

func newPlan(inputs []*input) *Plan {
	p := &Plan{}
	for _, in := range inputs {
		p.Tables = append(p.Tables, TablePlan{
			Table: in.name, Version: in.relation.Version(), At: in.at, TotalFiles: -1,
		})
	}
	return p
}

// note writes down what was found out about the inputs.
func (p *Plan) note(inputs []*input) {
	for i, in := range inputs {
		t := &p.Tables[i]
		t.Files, t.Bytes, t.Pruned = len(in.files), 0, in.where != nil
		for _, f := range in.files {
			t.Bytes += f.Size
		}
		if in.scanned && !in.all {
			t.Columns = in.columns
		}
	}
}

// Plan says what a statement would read, and counts the files of its tables, which takes as long
// as listing them where their last writer left no count. Where the lake is not on this machine, the footers of the files are fetched.
func (e *Engine) Plan(ctx context.Context, sql string, args ...any) (*Plan, error) {
	ctx, done := e.during(ctx)
	defer done()
	r, err := e.prepareFor(ctx, sql, args, true)
	if err != nil {
		return nil, ended(ctx, err)
	}
	defer r.end()
	return r.plan, e.total(ctx, r)
}

// Weigh says how many files a statement would read, and how large they are, from the tables' logs alone: no
// data file is touched, wherever it is. TotalFiles and Columns are not told.
func (e *Engine) Weigh(ctx context.Context, sql string, args ...any) (*Plan, error) {
	p, err := e.Prepare(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return p.Weight, nil
}

// total counts the files of each table of a plan.
func (e *Engine) total(ctx context.Context, r *relation) error {
	inputs, err := e.resolve(ctx, r.statement)
	if err != nil {
		return err
	}
	for i := range r.plan.Tables {
		t := &r.plan.Tables[i]
		if t.TotalFiles, t.TotalBytes, err = inputs[i].relation.Totals(ctx); err != nil {
			return fmt.Errorf("table %s: %w", t.Table, err)
		}
	}
	return nil
}
