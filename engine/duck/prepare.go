package duck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/sql"
)

// relation is a query ready to run: a session in which its tables are visible, and the SQL that
// reads them. Whoever holds it runs statements around the SQL on conn and then calls end.
type relation struct {
	conn *duckdb.Conn
	sql  string
	args []any
	plan *Plan

	statement   *statement
	inputs      []*input
	rewritten   rewritten
	footersOnly bool                     // nothing will run: columns need not be here
	hideFiles   bool                     // as Options has it
	answered    bool                     // sql is whole without a data file
	bound       bool                     // the statement is bound before it runs: whether DuckDB takes it chooses an engine
	rawFault    func(said string) string // shortens errors of a statement that reads raw files; nil for others
	ends        []func()
}

// end takes the tables away and frees what the query held. The rows must be released before.
func (r *relation) end() {
	for i := len(r.ends) - 1; i >= 0; i-- {
		r.ends[i]()
	}
	r.ends = nil
}

// prepare judges a statement, finds its tables and their files, and installs them in a session.
func (e *Engine) prepare(ctx context.Context, sql string, args []any) (*relation, error) {
	return e.prepareFor(ctx, sql, args, false)
}

func (e *Engine) prepareFor(ctx context.Context, sql string, args []any, footersOnly bool) (*relation, error) {
	session, err := e.data.session(ctx)
	if err != nil {
		return nil, err
	}
	r := &relation{conn: session.conn, args: args, footersOnly: footersOnly, hideFiles: e.options.hideFiles, ends: []func(){session.end}}
	if err := e.ready(ctx, r, session, sql); err != nil {
		r.end()
		return nil, r.discreet(err)
	}
	return r, nil
}

func (e *Engine) ready(ctx context.Context, r *relation, session *session, sql string) error {
	if err := e.find(ctx, r, session, sql); err != nil {
		return err
	}
	return e.finish(ctx, r, session)
}

// find parses the statement, finds its tables, and what of them it reads, as far as their logs tell. It touches no
// data file.
func (e *Engine) find(ctx context.Context, r *relation, session *session, sql string) error {
	s, err := parse(ctx, parserOf(session.conn), sql)
	if err != nil {
		return err
	}
	r.statement = s
	if e.options.hideFiles && s.explain.Analyze {
		return failure(Refused, "EXPLAIN shows the plan, and runs nothing", "EXPLAIN ANALYZE names data files, which may show values of columns that are not yours").at(sql, 0)
	}
	if s.show != "" {
		r.sql, err = e.showTables(ctx)
		r.rewritten, r.plan, r.answered = rewritten{sql: r.sql}, &Plan{}, true
		return err
	}
	if e.options.Files != "" {
		s.takeFiles()
	}
	if r.inputs, err = e.resolve(ctx, s); err != nil {
		return err
	}
	if answer, ok, err := e.fromLog(ctx, s, r.inputs); err != nil {
		return err
	} else if ok {
		r.sql, r.rewritten, r.answered = answer, rewritten{sql: answer}, true
		r.plan = newPlan(r.inputs)
		r.plan.FromLog = true
		return nil
	}
	if len(s.files) > 0 {
		r.rawFault = e.rawFault
		return nil // a plan needs the columns of the files, which only they tell
	}
	studied := r.bound || len(r.inputs) > 0 && (s.filters || e.cache != nil)
	if studied && e.cache == nil && !r.bound && !r.footersOnly && s.explain.Text == "" {
		few, err := e.fewFiles(ctx, r.inputs)
		if err != nil {
			return err
		}
		studied = !few
	}
	if studied {
		return e.study(ctx, s, r.inputs, r.args)
	}
	return nil
}

// finish lists the files of a statement that was found, brings them to this machine, and makes its tables visible.
func (e *Engine) finish(ctx context.Context, r *relation, session *session) error {
	if r.answered {
		return nil
	}
	if err := e.gather(ctx, r); err != nil {
		return err
	}
	if len(r.inputs)+len(r.statement.files) > 0 {
		if err := session.begin(ctx); err != nil {
			return err
		}
		if err := e.installFiles(ctx, session.conn, r.statement); err != nil {
			return err
		}
		if err := install(ctx, session.conn, r.inputs, e.types); err != nil {
			return damaged(err, r.inputs)
		}
	}
	r.rewritten = r.statement.rewrite(r.inputs)
	r.sql = r.rewritten.sql
	r.plan.note(r.inputs)
	return nil
}

// gather lists the files each input needs, and brings them to this machine.
func (e *Engine) gather(ctx context.Context, r *relation) error {
	r.plan = newPlan(r.inputs)
	for _, in := range r.inputs {
		if err := in.list(ctx); err != nil {
			return fmt.Errorf("table %s: %w", in.name, err)
		}
	}
	if e.cache != nil {
		release, err := e.hydrate(ctx, r.plan, r.inputs, r.footersOnly || r.statement.plansOnly())
		r.ends = append([]func(){release}, r.ends...)
		return err
	}
	for _, in := range r.inputs {
		if err := in.locate(e.options.LocalRoot); err != nil {
			return fmt.Errorf("table %s: %w", in.name, err)
		}
	}
	return nil
}

// studiedFiles is how many files a table has that is worth a plan over stubs, which costs a few
// milliseconds. Of fewer files DuckDB itself passes over what the footers exclude, in less time.
// EXPLAIN is always planned so: what it shows is what the log knows.
const studiedFiles = 5

// fewFiles says whether every input is a table of few files without partitions, and if so lists
// them. It looks at no more entries of a log than that takes, and only once at a large table's.
func (e *Engine) fewFiles(ctx context.Context, inputs []*input) (bool, error) {
	lists := make([][]delta.Add, len(inputs))
	for i, in := range inputs {
		if _, large := e.large.Load(in.root); large || len(in.meta.PartitionColumns) > 0 {
			return false, nil
		}
		for f, err := range in.relation.Plan(ctx, nil) {
			if err != nil {
				return false, fmt.Errorf("table %s: %w", in.name, err)
			}
			if lists[i] = append(lists[i], f); len(lists[i]) == studiedFiles {
				e.large.Store(in.root, true)
				return false, nil
			}
		}
	}
	for i, in := range inputs {
		in.files, in.listed = lists[i], true
	}
	return true, nil
}

// list asks the table for the files that are left.
func (in *input) list(ctx context.Context) error {
	if in.unread || in.listed {
		return nil
	}
	for f, err := range in.relation.Plan(ctx, in.where) {
		if err != nil {
			return err
		}
		in.files = append(in.files, f)
	}
	return nil
}

// locate finds the files under a folder.
func (in *input) locate(root string) error {
	for _, f := range in.files {
		key, err := in.key(f)
		if err != nil {
			return err
		}
		in.paths = append(in.paths, filepath.Join(root, filepath.FromSlash(key)))
	}
	return nil
}

// key is where a file is in the store. A path that leads out of the table's folder is refused.
func (in *input) key(f delta.Add) (string, error) {
	key := f.Path
	if in.root != "" {
		key = in.root + "/" + f.Path
	}
	if !fs.ValidPath(f.Path) || !fs.ValidPath(key) {
		return "", fmt.Errorf("file %q is not under the table's folder: %w", f.Path, fs.ErrInvalid)
	}
	return key, nil
}

// parserOf has a session's DuckDB parse.
func parserOf(c *duckdb.Conn) parser {
	return func(ctx context.Context, sql string) ([]byte, error) {
		out, err := c.Scalar(ctx, "SELECT json_serialize_sql(CAST($1 AS VARCHAR))::VARCHAR", sql)
		return []byte(out), err
	}
}

// References returns the tables a SELECT reads, each once, in the order it names them first. Names
// of its own CTEs are not among them. The tables need not exist.
func (e *Engine) References(ctx context.Context, text string) ([]sql.TableName, error) {
	ctx, done := e.during(ctx)
	defer done()
	session, err := e.data.session(ctx)
	if err != nil {
		return nil, err
	}
	defer session.end()
	s, err := parse(ctx, parserOf(session.conn), text)
	if err != nil {
		return nil, err
	}
	var out []sql.TableName
	seen := map[sql.TableName]bool{}
	for _, r := range s.tables {
		if !seen[r.name.Fold()] {
			seen[r.name.Fold()] = true
			out = append(out, r.name)
		}
	}
	return out, nil
}

// failed turns an error of the running statement into one about the user's text.
func (r *relation) failed(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return ended(ctx, err)
	}
	if fault, ok := tablefile.CalendarFault(err); ok {
		return r.discreet(fault)
	}
	if err = damaged(err, r.inputs); errors.As(err, new(*DamageError)) {
		return r.discreet(err)
	}
	if d, ok := errors.AsType[*duckdb.Error](err); ok {
		if r.rawFault != nil && d.Line == 0 {
			said := *d
			said.Message = r.rawFault(d.Message)
			d = &said
		}
		return r.discreet(r.statement.explainError(d, r.rewritten))
	}
	return r.discreet(err)
}
