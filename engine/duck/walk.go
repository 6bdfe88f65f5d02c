package duck

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// node is an object of the parser's JSON.
type node = map[string]any

// functionList holds the scalar, aggregate and window functions a statement may call, one a line.
// Everything else is refused: functions that read files, settings, variables, other sessions'
// statements or the clock of the process, and those that a later version adds.
//
//go:embed functions.txt
var functionList string

// functions is the list, in order.
var functions = sync.OnceValue(func() []string { return strings.Fields(functionList) })

// tableFunctions may stand in FROM.
var tableFunctions = []string{"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"}

// tableNodes may stand in FROM.
var tableNodes = []string{"BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SHOW_REF", "SUBQUERY", "TABLE_FUNCTION"}

// queryNodes are whole queries.
var queryNodes = []string{"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}

func allowedFunction(name string) bool {
	if isOperator(name) {
		return true
	}
	_, ok := slices.BinarySearch(functions(), strings.ToLower(name))
	return ok
}

// isOperator says whether the parser's name of a function is that of an operator, as + is.
func isOperator(name string) bool { return !sql.Lex(sql.DuckDB, name)[0].IsName() }

// scope is the CTEs that can be seen from a place, innermost first.
type scope struct {
	name  string // folded
	outer *scope
}

func (s *scope) has(name string) bool {
	for ; s != nil; s = s.outer {
		if s.name == strings.ToLower(name) {
			return true
		}
	}
	return false
}

// walker goes through a statement, finds the tables it reads and refuses what may not be read. A
// name counts as a CTE only where DuckDB certainly sees one; in doubt it is a table.
type walker struct{ s *statement }

// query walks a SELECT, a set operation or a recursive CTE.
func (w *walker) query(n node, in *scope) error {
	kind := str(n["type"])
	if !slices.Contains(queryNodes, kind) {
		return w.refuse(n, "a query of kind %s", kind)
	}
	in, err := w.ctes(n, in)
	if err != nil {
		return err
	}
	if kind == "RECURSIVE_CTE_NODE" {
		in = &scope{strings.ToLower(str(n["cte_name"])), in}
	}
	for _, key := range []string{"where_clause", "having", "qualify"} {
		w.s.filters = w.s.filters || n[key] != nil
	}
	for _, key := range sortedKeys(n) {
		if key == "cte_map" {
			continue
		}
		if err := w.value(key, n[key], in); err != nil {
			return err
		}
	}
	return nil
}

// ctes walks the WITH list in order: each sees the ones before it, not itself.
func (w *walker) ctes(n node, in *scope) (*scope, error) {
	m, _ := n["cte_map"].(node)
	list, _ := m["map"].([]any)
	for _, item := range list {
		entry, _ := item.(node)
		value, _ := entry["value"].(node)
		name := strings.ToLower(str(entry["key"]))
		query, _ := value["query"].(node)
		body, _ := query["node"].(node)
		if err := w.query(body, in); err != nil {
			return nil, err
		}
		in = &scope{name, in}
	}
	return in, nil
}

// value walks anything below a query.
func (w *walker) value(key string, v any, in *scope) error {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if err := w.value(key, item, in); err != nil {
				return err
			}
		}
	case node:
		return w.object(key, v, in)
	}
	return nil
}

func (w *walker) object(key string, n node, in *scope) error {
	kind := str(n["type"])
	_, expression := n["class"]
	_, sampled := n["sample"]
	if slices.Contains(queryNodes, kind) {
		return w.query(n, in)
	}
	isTable := !expression && (sampled || key == "from_table" || key == "source")
	if isTable && !slices.Contains(tableNodes, kind) {
		return w.refuse(n, "%s in FROM", kind)
	}
	if name, ok := n["function_name"].(string); ok {
		if !allowedFunction(name) {
			return w.unknownFunction(n, name)
		}
	}
	if isTable {
		done, err := w.table(kind, n, in)
		if done || err != nil {
			return err
		}
	}
	return w.members(n, in)
}

func (w *walker) members(n node, in *scope) error {
	for _, k := range sortedKeys(n) {
		if err := w.value(k, n[k], in); err != nil {
			return err
		}
	}
	return nil
}

// table looks at what stands in FROM; done means that there is nothing left to walk.
func (w *walker) table(kind string, n node, in *scope) (done bool, err error) {
	switch kind {
	case "BASE_TABLE":
		return true, w.baseTable(n, in)
	case "TABLE_FUNCTION":
		f, _ := n["function"].(node)
		if !slices.Contains(tableFunctions, strings.ToLower(str(f["function_name"]))) {
			return true, w.unknownFunction(f, str(f["function_name"]))
		}
		return true, w.members(f, in)
	case "JOIN":
		w.s.filters = w.s.filters || n["condition"] != nil
	case "SHOW_REF":
		return w.show(n)
	}
	return false, nil
}

// baseTable records a table, unless the name is a CTE's.
func (w *walker) baseTable(n node, in *scope) error {
	name := spec.NewTableName(str(n["schema_name"]), str(n["table_name"]))
	from := offset(n)
	switch {
	case str(n["catalog_name"]) != "":
		return failure(Unknown, "a table has at most a schema and a name, as in bronze.flights",
			"no catalog %q", str(n["catalog_name"])).at(w.s.user, from)
	case n["at_clause"] != nil:
		return failure(Syntax, "write VERSION AS OF 3 or TIMESTAMP AS OF '2026-01-31'",
			"time travel needs a constant").at(w.s.user, from)
	case str(n["schema_name"]) == "" && in.has(name.Table): // main.x is never a CTE
		return nil
	}
	to := from
	if from >= 0 {
		to = nameEnd(w.s.sql, from)
	}
	w.s.tables = append(w.s.tables, &reference{name: name, from: from, to: to})
	return nil
}

// nameEnd is where the dotted name that starts at from ends.
func nameEnd(text string, from int) int {
	t := sql.Lex(sql.DuckDB, text[from:])
	if len(t) == 0 {
		return from
	}
	n := 1
	for n+1 < len(t) && t[n].Is(".") {
		n += 2
	}
	return from + t[n-1].To()
}

// show judges DESCRIBE, SUMMARIZE and SHOW.
func (w *walker) show(n node) (done bool, err error) {
	kind, what := str(n["show_type"]), strings.Trim(str(n["table_name"]), `"`)
	switch {
	case n["query"] != nil && (kind == "DESCRIBE" || kind == "SUMMARY"):
		return false, nil
	case kind == "SHOW_UNQUALIFIED" && (what == "tables" || what == "__show_tables_expanded"):
		if top, _ := w.s.root["from_table"].(node); top != nil && str(top["type"]) == "SHOW_REF" && str(top["show_type"]) == kind {
			w.s.show = "tables"
			return true, nil
		}
	}
	return true, failure(Refused, "use SHOW TABLES, DESCRIBE table or SUMMARIZE table", "this form of SHOW is not supported").at(w.s.user, 0)
}

func (w *walker) unknownFunction(n node, name string) error {
	e := failure(Refused, "docs/sql.md says which functions a statement may call", "function %q is not available", name)
	if close := words.NearestThree(name, functions()); len(close) > 0 {
		e.hint = "did you mean " + strings.Join(close, ", ") + "?"
	}
	return e.at(w.s.user, offset(n))
}

func (w *walker) refuse(n node, format string, args ...any) error {
	e := failure(Refused, "", format, args...)
	e.Message += " is not supported"
	return e.at(w.s.user, offset(n))
}

// offset is where the parser saw a node, -1 where it did not say.
func offset(n node) int {
	v, ok := n["query_location"].(json.Number)
	if !ok {
		return -1
	}
	i, err := v.Int64()
	if err != nil || i < 0 {
		return -1
	}
	return int(i)
}

func str(v any) string {
	s, _ := v.(string)
	return s
}

func sortedKeys(n node) []string {
	keys := make([]string, 0, len(n))
	for k := range n {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
