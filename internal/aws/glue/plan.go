package glue

import (
	"fmt"
	"slices"
)

// Database is a database of the catalog with its tables, by their names.
type Database struct {
	Name   string
	Owner  string // as that of Table
	Tables map[string]Table
}

// Verb is what a step does.
type Verb string

// The verbs.
const (
	Create Verb = "create"
	Update Verb = "update"
	Delete Verb = "delete"
)

// Step is something to do in the catalog: to a table, or to a database where it names none.
type Step struct {
	Do       Verb   `json:"do"`
	Database string `json:"database"`
	Table    string `json:"table,omitempty"`
	Why      string `json:"why"`

	table Table
}

// Name is that of the table, or of the database.
func (s Step) Name() string {
	if s.Table == "" {
		return s.Database
	}
	return s.Database + "." + s.Table
}

// Problem is something that the catalog cannot be made to show.
type Problem struct {
	Name string // of the database or the table: shop_prod_bronze.orders
	Why  string
	hint string
}

func (p *Problem) Error() string { return "catalog: " + p.Name + ": " + p.Why }

// Hint says what to do.
func (p *Problem) Hint() string { return p.hint }

// Plan says what is to be done so that the catalog has the tables that are wanted, all of one owner, and no
// others of that owner. Have are the databases that there are, those that no table is wanted in any more
// among them. Without whole, tables that are not wanted stay.
func Plan(owner string, want []Table, have map[string]Database, whole bool) (steps []Step, problems []*Problem) {
	wanted := map[string]map[string]Table{}
	for _, t := range want {
		tables := wanted[t.Database]
		if tables == nil {
			tables = map[string]Table{}
			wanted[t.Database] = tables
		}
		if _, twice := tables[t.Name]; twice {
			problems = append(problems, &Problem{t.Database + "." + t.Name, "two tables of the lake have this name there, where all letters are small", "rename one of them"})
			continue
		}
		tables[t.Name] = t
	}
	for _, name := range sorted(wanted) {
		there, ok := have[name]
		switch {
		case !ok:
			steps = append(steps, Step{Do: Create, Database: name, Why: "it is a schema of the lake"})
		case there.Owner != owner:
			problems = append(problems, &Problem{name, "there is a database of this name that is not of petalake", "rename or remove it, or write aws: {catalog: none}"})
			continue
		}
		tables := wanted[name]
		for _, t := range sorted(tables) {
			step, problem := one(tables[t], there.Tables)
			if problem != nil {
				problems = append(problems, problem)
			} else if step != nil {
				steps = append(steps, *step)
			}
		}
	}
	if whole {
		steps = append(steps, removals(owner, wanted, have)...)
	}
	return steps, problems
}

// one is what is to be done about a table.
func one(t Table, there map[string]Table) (*Step, *Problem) {
	is, ok := there[t.Name]
	switch {
	case !ok:
		return &Step{Create, t.Database, t.Name, "it is a table of the lake", t}, nil
	case is.Owner != t.Owner:
		return nil, &Problem{t.Database + "." + t.Name, "there is a table of this name that is not of petalake", "rename or remove it"}
	case is.equal(t):
		return nil, nil
	}
	return &Step{Update, t.Database, t.Name, differs(is, t), t}, nil
}

// differs says in which way a table is another than it should be.
func differs(is, should Table) string {
	switch {
	case is.Location != should.Location:
		return "its location is " + should.Location
	case !slices.Equal(is.Columns, should.Columns):
		return fmt.Sprintf("its columns changed: %d, where there are %d", len(should.Columns), len(is.Columns))
	}
	return "its description changed"
}

// removals are what is the owner's and not wanted: tables, and databases that are empty then.
func removals(owner string, wanted map[string]map[string]Table, have map[string]Database) (steps []Step) {
	for _, name := range sorted(have) {
		there := have[name]
		if there.Owner != owner {
			continue
		}
		left := 0
		for _, t := range sorted(there.Tables) {
			_, keep := wanted[name][t]
			if keep || there.Tables[t].Owner != owner {
				left++
				continue
			}
			steps = append(steps, Step{Do: Delete, Database: name, Table: t, Why: "the lake has no such table"})
		}
		if left == 0 && len(wanted[name]) == 0 {
			steps = append(steps, Step{Do: Delete, Database: name, Why: "the lake has no such schema"})
		}
	}
	return steps
}
