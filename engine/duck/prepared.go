package duck

import (
	"context"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/engine/duck/tablefile"
)

// Prepared is a statement whose tables and files were found, and which may be run now: what was found out is
// what runs. It holds a session until it is closed, or the rows of its run are released.
type Prepared struct {
	// Weight is how many files the statement reads, and how large they are; TotalFiles and Columns are not told.
	Weight *Plan

	engine  *Engine
	session *session
	ctx     context.Context // of the statement: from Prepare to the end of its rows
	r       *relation
}

// Prepare finds what a statement reads from the tables' logs alone: no data file is touched, wherever it is.
func (e *Engine) Prepare(ctx context.Context, sql string, args ...any) (*Prepared, error) {
	ctx, done := e.during(ctx)
	session, err := e.data.session(ctx)
	if err != nil {
		defer done()
		return nil, ended(ctx, err)
	}
	r := &relation{conn: session.conn, args: args, hideFiles: e.options.hideFiles, bound: true, ends: []func(){done, session.end}}
	p := &Prepared{engine: e, session: session, ctx: ctx, r: r}
	if err = e.find(ctx, r, session, sql); err == nil {
		p.Weight, err = r.weigh(ctx)
	}
	if err != nil {
		defer r.end()
		return nil, r.discreet(ended(ctx, err))
	}
	return p, nil
}

// Close gives the session back. A Prepared that was run is closed with its rows.
func (p *Prepared) Close() {
	if p.r != nil {
		p.r.end()
		p.r = nil
	}
}

// Watch runs the statement, once. Tell is as for Engine.Watch.
func (p *Prepared) Watch(tell func(tablefile.Progress)) (array.RecordReader, error) {
	r := p.r
	p.r = nil
	if err := p.engine.finish(p.ctx, r, p.session); err != nil {
		defer r.end()
		return nil, r.discreet(ended(p.ctx, err))
	}
	if r.statement.explain.Text != "" {
		return p.engine.explain(p.ctx, r)
	}
	if tell != nil {
		r.watch(tell)
	}
	return r.query(p.ctx)
}

// heldFiles is how many files of a table weigh keeps for the run.
const heldFiles = 5_000

// weigh counts what the statement reads. Of a table of a few files the list is kept, so that it is not read again.
func (r *relation) weigh(ctx context.Context) (*Plan, error) {
	if r.answered {
		return r.plan, nil
	}
	p := newPlan(r.inputs)
	for i, in := range r.inputs {
		if err := in.weigh(ctx, &p.Tables[i]); err != nil {
			return nil, fmt.Errorf("table %s: %w", in.name, err)
		}
	}
	return p, nil
}

func (in *input) weigh(ctx context.Context, t *TablePlan) error {
	if t.Pruned = in.where != nil; in.unread {
		return nil
	}
	if in.listed {
		t.Files = len(in.files)
		for _, f := range in.files {
			t.Bytes += f.Size
		}
		return nil
	}
	in.listed = true
	for f, err := range in.relation.Plan(ctx, in.where) {
		if err != nil {
			return err
		}
		t.Files++
		t.Bytes += f.Size
		if in.listed {
			in.files = append(in.files, f)
		}
		if in.listed && t.Files > heldFiles {
			in.listed, in.files = false, nil
		}
	}
	return nil
}
