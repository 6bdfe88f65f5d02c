package duck

import (
	"context"
	"fmt"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// fromLog answers SELECT count(*), min(x), max(x) FROM t, in any combination, from the statistics
// in the table's log, where these are exact. The answer is a statement of constants.
func (e *Engine) fromLog(ctx context.Context, s *statement, inputs []*input) (sql string, ok bool, err error) {
	wanted := logQuestions(s)
	if len(wanted) == 0 || len(inputs) != 1 {
		return "", false, nil
	}
	in := inputs[0]
	answers := make([]answer, len(wanted))
	for i, q := range wanted {
		if answers[i], ok = newAnswer(q, in); !ok {
			return "", false, nil
		}
	}
	for f, err := range in.relation.Files(ctx, nil) {
		if err != nil {
			return "", false, fmt.Errorf("table %s: %w", in.name, err)
		}
		for i := range answers {
			if !answers[i].add(f) {
				return "", false, nil
			}
		}
	}
	var list []string
	for i, a := range answers {
		list = append(list, a.literal()+" AS "+duckdb.QuoteIdent(wanted[i].alias))
	}
	return "SELECT " + strings.Join(list, ", "), true, nil
}

// question is one aggregate over a whole table.
type question struct {
	aggregate string // "count", "min" or "max"
	column    string // "" for count
	alias     string // the name of the result's column
}

// logQuestions reads a statement that is nothing but aggregates over one table; nil for another.
func logQuestions(s *statement) []question {
	n := s.root
	from := object(n["from_table"])
	modifiers, _ := n["modifiers"].([]any)
	groups, _ := n["group_expressions"].([]any)
	ctes, _ := object(n["cte_map"])["map"].([]any)
	whole := str(n["type"]) == "SELECT_NODE" && str(from["type"]) == "BASE_TABLE" && from["sample"] == nil &&
		len(modifiers)+len(groups)+len(ctes) == 0 && len(object(from)["column_name_alias"].([]any)) == 0
	for _, key := range []string{"where_clause", "having", "qualify", "sample"} {
		whole = whole && n[key] == nil
	}
	if !whole || s.explain.Analyze {
		return nil
	}
	var out []question
	list, _ := n["select_list"].([]any)
	for _, item := range list {
		q, ok := newQuestion(object(item))
		if !ok {
			return nil
		}
		out = append(out, q)
	}
	return out
}

func newQuestion(n node) (question, bool) {
	args, _ := n["children"].([]any)
	orders, _ := object(n["order_bys"])["orders"].([]any)
	name := strings.ToLower(str(n["function_name"]))
	if str(n["class"]) != "FUNCTION" || n["distinct"] == true || n["filter"] != nil || len(orders) > 0 || str(n["schema"]) != "" {
		return question{}, false
	}
	q := question{aggregate: name, alias: str(n["alias"])}
	switch {
	case name == "count_star" && len(args) == 0:
		q.aggregate = "count"
		if q.alias == "" {
			q.alias = "count_star()"
		}
		return q, true
	case (name == "min" || name == "max") && len(args) == 1:
		arg := object(args[0])
		names, _ := arg["column_names"].([]any)
		if str(arg["class"]) != "COLUMN_REF" || len(names) != 1 {
			return question{}, false
		}
		q.column = str(names[0])
		if q.alias == "" {
			if !plainName(q.column) || strings.ToLower(q.column) != q.column {
				return question{}, false // DuckDB would quote or fold it
			}
			q.alias = name + "(" + q.column + ")"
		}
		return q, true
	}
	return question{}, false
}

// answer is a question being answered, file by file.
type answer struct {
	question
	field schema.Field
	kind  string
	rows  int64
	value stats.Value // nil: no value yet
}

// newAnswer is false where the log cannot answer exactly: of text there are only prefixes, of
// timestamps only milliseconds, of floating point numbers not the NaNs.
func newAnswer(q question, in *input) (answer, bool) {
	a := answer{question: q}
	if q.aggregate == "count" {
		return a, true
	}
	for _, name := range in.meta.PartitionColumns {
		if strings.EqualFold(name, q.column) {
			return a, false
		}
	}
	for _, f := range in.fields() {
		if strings.EqualFold(f.Name, q.column) {
			a.field = f
			a.kind, _ = tablefile.QueryType(f.Type)
			switch f.Type {
			case schema.Byte, schema.Short, schema.Integer, schema.Long, schema.Date:
				return a, true
			}
		}
	}
	return a, false
}

// add takes one more file; false where its statistics do not say enough.
func (a *answer) add(f delta.Add) bool {
	if f.Stats.NumRecords < 0 {
		return false
	}
	a.rows += f.Stats.NumRecords
	if a.aggregate == "count" || f.Stats.NumRecords == 0 {
		return true
	}
	for _, c := range f.Stats.Columns {
		if len(c.Path) != 1 || c.Path[0] != a.field.Name {
			continue
		}
		v := c.Min
		if a.aggregate == "max" {
			v = c.Max
		}
		if v == nil {
			return c.NullCount == f.Stats.NumRecords
		}
		if !f.Stats.TightBounds {
			return false
		}
		return a.take(v)
	}
	return false
}

func (a *answer) take(v stats.Value) bool {
	n, ok := ordinal(v)
	if !ok {
		return false
	}
	if a.value != nil {
		old, _ := ordinal(a.value)
		if a.aggregate == "min" && old <= n || a.aggregate == "max" && old >= n {
			return true
		}
	}
	a.value = v
	return true
}

func ordinal(v stats.Value) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case stats.Date:
		return int64(v), true
	}
	return 0, false
}

// literal is the answer in SQL.
func (a *answer) literal() string {
	switch v := a.value.(type) {
	case int64:
		return fmt.Sprintf("CAST('%d' AS %s)", v, a.kind)
	case stats.Date:
		return fmt.Sprintf("(DATE '1970-01-01' + CAST(%d AS INTEGER))", v)
	}
	if a.aggregate == "count" {
		return fmt.Sprintf("CAST(%d AS BIGINT)", a.rows)
	}
	return "CAST(NULL AS " + a.kind + ")"
}
