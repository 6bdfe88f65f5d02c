package duck

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/sql"
)

// study has DuckDB plan the statement over stubs and notes on each input which rows and columns
// the plan wants. It reads no data.
func (e *Engine) study(ctx context.Context, s *statement, inputs []*input, args []any) error {
	session, err := e.planner.session(ctx)
	if err != nil {
		return err
	}
	defer session.end()
	if err := session.begin(ctx); err != nil {
		return err
	}
	stubs := newStubs(s.sql, inputs)
	if err := stubs.create(ctx, session.conn); err != nil {
		return fmt.Errorf("planning: %w", err)
	}
	plain := *s
	plain.explain = sql.Explain{}
	r := plain.rewrite(inputs)
	rows, err := session.conn.Strings(ctx, "EXPLAIN (FORMAT JSON) "+r.sql, args...)
	if err != nil {
		return s.planError(ctx, err, r)
	}
	if len(rows) != 1 || len(rows[0]) < 2 {
		return errors.New("planning: DuckDB gave no plan")
	}
	scans, err := readPlan([]byte(rows[0][1]))
	if err != nil {
		return err
	}
	conditions, err := parseConditions(ctx, session.conn, scans)
	if err != nil {
		return fmt.Errorf("planning: %w", err)
	}
	return stubs.note(scans, conditions)
}

// planError is an error of the statement's own, found while it was planned.
func (s *statement) planError(ctx context.Context, err error, r rewritten) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	const prefix = len("EXPLAIN (FORMAT JSON) ")
	if d, ok := errors.AsType[*duckdb.Error](err); ok {
		moved := *d
		if moved.Line == 1 {
			moved.Column -= prefix
		}
		return s.explainError(&moved, r)
	}
	return err
}

// parseConditions parses the conditions of all scans in one round; the answer of each is the
// parser's JSON.
func parseConditions(ctx context.Context, c *duckdb.Conn, scans []scan) (map[string]string, error) {
	var texts []string
	for _, s := range scans {
		for _, text := range s.conditions {
			if !suspicious(text) {
				texts = append(texts, conditionSQL(text))
			}
		}
	}
	if len(texts) == 0 {
		return nil, nil
	}
	rows, err := c.Strings(ctx, "SELECT t, json_serialize_sql(t)::VARCHAR FROM (SELECT unnest(CAST($1 AS VARCHAR[])) AS t)", texts)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r[0]] = r[1]
	}
	return out, nil
}

// note writes what the scans want on the inputs. An input that no scan reads needs no file; one
// read twice needs what either wants.
func (s stubs) note(scans []scan, parsed map[string]string) error {
	for i, in := range s.inputs {
		in.scanned, in.unread, in.all, in.columns = true, true, false, nil
		var any stats.Or
		pruned := true
		for _, sc := range scans {
			if sc.stub != i {
				continue
			}
			in.unread = false
			p, ok := s.want(in, sc, parsed)
			pruned = pruned && ok && p != nil
			any = append(any, p)
			if !ok {
				in.all = true
			}
			s.touch(in, sc)
		}
		switch {
		case !pruned || in.unread:
			in.where = nil
		case len(any) == 1:
			in.where = any[0]
		default:
			in.where = any
		}
	}
	for _, sc := range scans {
		if sc.stub >= len(s.inputs) {
			return fmt.Errorf("reading DuckDB's plan: no stub %d", sc.stub)
		}
	}
	return nil
}

// want is what every wanted row of a scan satisfies; ok is false where a condition did not parse,
// and then nothing is known. A nil predicate wants every row.
func (s stubs) want(in *input, sc scan, parsed map[string]string) (p stats.Predicate, ok bool) {
	for j, f := range in.fields() {
		if !plainFields(f.Type) && regexp.MustCompile(fmt.Sprintf(`%s%d\b`, s.prefix, j)).MatchString(sc.mentioned) {
			return nil, false
		}
	}
	var all stats.And
	for _, text := range sc.conditions {
		raw, known := parsed[conditionSQL(text)]
		if !known {
			return nil, false
		}
		condition, plain := parseCondition([]byte(raw))
		if !plain {
			return nil, false
		}
		all = append(all, predicate(condition, func(name string) (schema.Field, bool) { return s.column(in, name) }))
	}
	if len(all) == 0 {
		return nil, true
	}
	return all, true
}

// touch notes the columns that a plan's text mentions for a scan. Text of the user's may add some;
// none is missed, since the plan writes every column it reads by its made-up name.
func (s stubs) touch(in *input, sc scan) {
	for _, m := range regexp.MustCompile(s.prefix+`\d+`).FindAllString(sc.mentioned, -1) {
		if f, ok := s.column(in, m); ok && !slices.Contains(in.columns, f.Name) {
			in.columns = append(in.columns, f.Name)
		}
	}
}
