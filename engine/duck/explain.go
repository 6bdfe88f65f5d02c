package duck

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// operator is a node of DuckDB's physical plan, as EXPLAIN (FORMAT JSON) writes it.
type operator struct {
	Name     string         `json:"name"`
	Children []operator     `json:"children"`
	Extra    map[string]any `json:"extra_info"`
}

// scan is one place in a plan where a stub is read.
type scan struct {
	stub       int      // index of the stub
	conditions []string // SQL that every wanted row satisfies, in the stub's made-up names
	columns    []string // what the scan gives to the operators above it
	mentioned  string   // all text of the plan that speaks of the scan's columns
}

// readPlan takes the scans out of a plan.
func readPlan(raw []byte) ([]scan, error) {
	var roots []operator
	if err := json.Unmarshal(raw, &roots); err != nil {
		return nil, fmt.Errorf("reading DuckDB's plan: %w", err)
	}
	var scans []scan
	for _, o := range roots {
		if err := o.collect(nil, &scans); err != nil {
			return nil, err
		}
	}
	return scans, nil
}

func (o operator) collect(above *operator, scans *[]scan) error {
	for _, child := range o.Children {
		if err := child.collect(&o, scans); err != nil {
			return err
		}
	}
	table, ok := o.Extra["Table"].(string)
	if !ok {
		return nil
	}
	i, err := stubIndex(table)
	if err != nil {
		return err
	}
	s := scan{stub: i, columns: entries(o.Extra["Projections"])}
	filters := entries(o.Extra["Filters"])
	s.mentioned = strings.Join(append(filters, s.columns...), "\n")
	for _, f := range filters {
		f = strings.TrimPrefix(f, "optional: ")
		if !strings.HasPrefix(f, "Dynamic Filter (") {
			s.conditions = append(s.conditions, f)
		}
	}
	if above != nil && above.Name == "FILTER" && len(above.Children) == 1 {
		s.conditions = append(s.conditions, entries(above.Extra["Expression"])...)
	}
	*scans = append(*scans, s)
	return nil
}

// stubIndex reads the stub out of a name like q1."@stub".s0.
func stubIndex(table string) (int, error) {
	_, name, ok := strings.Cut(table, `"`+stubSchema+`".s`)
	i, err := strconv.Atoi(name)
	if !ok || err != nil {
		return 0, fmt.Errorf("reading DuckDB's plan: unknown table %s", table)
	}
	return i, nil
}

// entries are the lines of a field that is a string for one line and a list for more.
func entries(v any) []string {
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, str(item))
		}
		return out
	}
	return nil
}
