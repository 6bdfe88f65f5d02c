package duck

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// A condition in a plan is text. It is parsed again by DuckDB, never by us, and used only where
// every condition of a scan parses: text with a newline in a string is cut into several
// conditions, and a hostile string could look like one in the middle of them, but its first piece
// does not parse.

// conditionSQL makes a condition a statement that the parser takes.
func conditionSQL(text string) string { return "SELECT 1 WHERE " + text }

// suspicious says that a condition must not be trusted before it is parsed: a comment would hide
// what follows.
func suspicious(text string) bool {
	return strings.Contains(text, "--") || strings.Contains(text, "/*") || strings.ContainsAny(text, ";\x00")
}

// parseCondition reads the parser's answer for conditionSQL; ok is false where it is anything but
// one plain condition.
func parseCondition(raw []byte) (condition node, ok bool) {
	var answer struct {
		Error      bool `json:"error"`
		Statements []struct {
			Node node `json:"node"`
		} `json:"statements"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&answer) != nil || answer.Error || len(answer.Statements) != 1 {
		return nil, false
	}
	n := answer.Statements[0].Node
	from, _ := n["from_table"].(node)
	condition, _ = n["where_clause"].(node)
	plain := str(n["type"]) == "SELECT_NODE" && str(from["type"]) == "EMPTY" && condition != nil &&
		n["having"] == nil && n["qualify"] == nil && n["sample"] == nil && empty(n["modifiers"]) && empty(n["group_expressions"])
	return condition, plain
}

func empty(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) == 0
}

// columnsOf finds the field a made-up column name stands for.
type columnsOf func(name string) (schema.Field, bool)

var comparisons = map[string]stats.Op{
	"COMPARE_EQUAL": stats.EQ, "COMPARE_NOTEQUAL": stats.NE,
	"COMPARE_LESSTHAN": stats.LT, "COMPARE_LESSTHANOREQUALTO": stats.LE,
	"COMPARE_GREATERTHAN": stats.GT, "COMPARE_GREATERTHANOREQUALTO": stats.GE,
}

var flipped = map[stats.Op]stats.Op{
	stats.EQ: stats.EQ, stats.NE: stats.NE, stats.LT: stats.GT, stats.LE: stats.GE, stats.GT: stats.LT, stats.GE: stats.LE,
}

// predicate turns a parsed condition into what file statistics can answer. What they cannot answer
// becomes stats.Unknown.
func predicate(n node, columns columnsOf) stats.Predicate {
	switch str(n["type"]) {
	case "CONJUNCTION_AND":
		return stats.And(each(n, columns))
	case "CONJUNCTION_OR":
		return stats.Or(each(n, columns))
	case "OPERATOR_NOT":
		if p := each(n, columns); len(p) == 1 {
			return stats.Not{Predicate: p[0]}
		}
	case "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL":
		return nullTest(n, columns)
	case "COMPARE_IN", "COMPARE_NOT_IN":
		return membership(n, columns)
	case "COMPARE_BETWEEN":
		return between(n, columns)
	case "COLUMN_REF":
		if path, t, ok := column(n, columns); ok && t == schema.Boolean {
			return stats.Compare{Path: path, Op: stats.EQ, Value: true}
		}
	}
	if op, ok := comparisons[str(n["type"])]; ok {
		return comparison(op, object(n["left"]), object(n["right"]), columns)
	}
	return stats.Unknown{}
}

func each(n node, columns columnsOf) []stats.Predicate {
	var out []stats.Predicate
	list, _ := n["children"].([]any)
	for _, child := range list {
		out = append(out, predicate(object(child), columns))
	}
	return out
}

func nullTest(n node, columns columnsOf) stats.Predicate {
	list, _ := n["children"].([]any)
	if len(list) != 1 {
		return stats.Unknown{}
	}
	path, _, ok := column(object(list[0]), columns)
	switch {
	case !ok:
		return stats.Unknown{}
	case str(n["type"]) == "OPERATOR_IS_NOT_NULL":
		return stats.Not{Predicate: stats.IsNull{Path: path}}
	}
	return stats.IsNull{Path: path}
}

func membership(n node, columns columnsOf) stats.Predicate {
	list, _ := n["children"].([]any)
	if len(list) < 2 {
		return stats.Unknown{}
	}
	path, t, ok := column(object(list[0]), columns)
	if !ok || inexact(t) {
		return stats.Unknown{}
	}
	in := stats.In{Path: path}
	for _, item := range list[1:] {
		v, ok := constant(object(item), t)
		if !ok {
			return stats.Unknown{}
		}
		in.Values = append(in.Values, v)
	}
	if str(n["type"]) == "COMPARE_NOT_IN" {
		return stats.Not{Predicate: in}
	}
	return in
}

func between(n node, columns columnsOf) stats.Predicate {
	input := object(n["input"])
	return stats.And{
		comparison(stats.GE, input, object(n["lower"]), columns),
		comparison(stats.LE, input, object(n["upper"]), columns),
	}
}

func comparison(op stats.Op, left, right node, columns columnsOf) stats.Predicate {
	path, t, ok := column(left, columns)
	if !ok {
		path, t, ok = column(right, columns)
		right, op = left, flipped[op]
	}
	if !ok {
		return stats.Unknown{}
	}
	v, ok := constant(right, t)
	if !ok {
		return stats.Unknown{}
	}
	if inexact(t) {
		return widened(path, op, v.(float64), t)
	}
	return stats.Compare{Path: path, Op: op, Value: v}
}

func inexact(t schema.Type) bool { return t == schema.Float || t == schema.Double }

// widened compares floating point numbers one step looser than the plan's text says, since text,
// statistics and files may each have rounded.
func widened(path []string, op stats.Op, v float64, t schema.Type) stats.Predicate {
	below, above := math.Nextafter(v, math.Inf(-1)), math.Nextafter(v, math.Inf(1))
	if t == schema.Float {
		f := float32(v)
		below = float64(math.Nextafter32(f, float32(math.Inf(-1))))
		above = float64(math.Nextafter32(f, float32(math.Inf(1))))
	}
	if math.IsInf(below, 0) || math.IsInf(above, 0) {
		return stats.Unknown{}
	}
	low, high := stats.Compare{Path: path, Op: stats.GE, Value: below}, stats.Compare{Path: path, Op: stats.LE, Value: above}
	switch op {
	case stats.GT, stats.GE:
		return low
	case stats.LT, stats.LE:
		return high
	case stats.EQ:
		return stats.And{low, high}
	}
	return stats.Unknown{}
}

// column reads a column or a path into a struct, by the names of the table.
func column(n node, columns columnsOf) (path []string, t schema.Type, ok bool) {
	names := steps(n)
	if len(names) == 0 {
		return nil, nil, false
	}
	f, ok := columns(names[0])
	if !ok {
		return nil, nil, false
	}
	path, t = []string{f.Name}, f.Type
	for _, name := range names[1:] {
		s, isStruct := t.(*schema.Struct)
		if !isStruct {
			return nil, nil, false
		}
		i := slices.IndexFunc(s.Fields, func(f schema.Field) bool { return strings.EqualFold(f.Name, name) })
		if i < 0 {
			return nil, nil, false
		}
		path, t = append(path, s.Fields[i].Name), s.Fields[i].Type
	}
	return path, t, true
}

// steps are the names in a.b.c or struct_extract(a.b, 'c').
func steps(n node) []string {
	var out []string
	switch {
	case str(n["class"]) == "COLUMN_REF":
		list, _ := n["column_names"].([]any)
		for _, item := range list {
			out = append(out, str(item))
		}
	case str(n["function_name"]) == "struct_extract" || str(n["type"]) == "STRUCT_EXTRACT":
		list, _ := n["children"].([]any)
		if len(list) != 2 {
			return nil
		}
		outer := steps(object(list[0]))
		name, ok := constant(object(list[1]), schema.String)
		if !ok || outer == nil {
			return nil
		}
		out = append(outer, name.(string))
	}
	return out
}

func object(v any) node {
	n, _ := v.(node)
	return n
}
