package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/spec"
)

// Action is what one does with a table.
type Action string

// The actions. Who writes a table also reads it.
const (
	Read  Action = "read"
	Write Action = "write"
)

// quarantine keeps rows of any table that could not be read as they should.
const quarantine = "_quarantine"

// Rules are who may do what in a lakehouse.
type Rules struct {
	l      *spec.Lakehouse
	tables []spec.TableName // that lakehouse.yaml names, in order
}

// New returns the rules of a lakehouse.
func New(l *spec.Lakehouse) *Rules {
	r := &Rules{l: l}
	add := func(names ...spec.TableName) {
		for _, n := range names {
			if !n.IsZero() && !slices.ContainsFunc(r.tables, n.Same) {
				r.tables = append(r.tables, n)
			}
		}
	}
	for _, t := range l.Tables {
		add(t.Name)
	}
	for _, s := range l.Sources {
		add(s.Table)
	}
	for _, m := range l.Models {
		add(m.Name)
	}
	for _, j := range l.Jobs {
		add(j.Writes...)
	}
	slices.SortFunc(r.tables, func(a, b spec.TableName) int { return strings.Compare(a.String(), b.String()) })
	return r
}

// On says whether lakehouse.yaml says who may do what. Otherwise everybody may do everything.
func (r *Rules) On() bool { return r.l.InAccess() }

// Tables are those that lakehouse.yaml names, in order.
func (r *Rules) Tables() []spec.TableName { return r.tables }

// Allows says whether an actor may read or write a table, or with a column that column of it, and why:
// the line of lakehouse.yaml that lets it, or what is missing.
func (r *Rules) Allows(a Actor, do Action, table spec.TableName, column string) (bool, string) {
	if !r.On() {
		return true, "lakehouse.yaml has no access: nobody is held back"
	}
	switch {
	case a.petalake() && do == Read:
		return true, "petalake itself reads all tables"
	case a.petalake():
		if r.daemonWrites(table) {
			return true, "petalake itself writes what sources, models and its own jobs fill"
		}
		return false, fmt.Sprintf("petalake itself writes what sources, models and its own jobs fill, and %s is none of it", table)
	case len(a.roles) == 0:
		return false, a.String() + " is in no role"
	}
	hidden := ""
	for _, role := range a.roles {
		at, ok := pattern(role, do, table)
		if !ok {
			continue
		}
		if columns := limits(role, table); do == Read && column != "" && !columns.Has(column) {
			hidden = fmt.Sprintf("the role %s reads %s, and not its column %s", role.Name, table, column)
			continue
		}
		return true, fmt.Sprintf("the role %s, at %s", role.Name, role.At(at))
	}
	if hidden != "" {
		return false, hidden
	}
	return false, r.missing(a, do, table)
}

// Everything says whether an actor may read and write all tables, of which no column is left out: only such a
// one is let to what cannot be held to less, such as Spark.
func (r *Rules) Everything(a Actor) bool {
	return !r.On() || a.petalake() || slices.ContainsFunc(a.roles, func(role *spec.AccessRole) bool {
		return slices.ContainsFunc(role.Writes, spec.TablePattern.All)
	})
}

// missing says what an actor would need.
func (r *Rules) missing(a Actor, do Action, table spec.TableName) string {
	var names []string
	for _, has := range a.roles {
		names = append(names, has.Name)
	}
	whose := ""
	if a.kind != role {
		whose = a.String() + ": "
	}
	if len(names) > 1 {
		return fmt.Sprintf("%snone of the roles %s %ss %s", whose, strings.Join(names, ", "), do, table)
	}
	return fmt.Sprintf("%sthe role %s does not %s %s", whose, names[0], do, table)
}

// Columns are those of a table that an actor may read; none, where it may not read the table.
func (r *Rules) Columns(a Actor, table spec.TableName) Columns {
	if !r.On() || a.petalake() {
		return Columns{}
	}
	all := Columns{named: true}
	for _, role := range a.roles {
		if _, ok := pattern(role, Read, table); ok {
			all = all.or(limits(role, table))
		}
	}
	return all
}

// pattern is the key of the list entry by which a role may do something with a table.
func pattern(role *spec.AccessRole, do Action, table spec.TableName) (key string, ok bool) {
	lists := []struct {
		key      string
		patterns []spec.TablePattern
	}{{"writes", role.Writes}, {"reads", role.Reads}}
	if do == Write {
		lists = lists[:1]
	}
	for _, list := range lists {
		for i, p := range list.patterns {
			if strings.HasPrefix(table.Table, "_") && !(p.All() && len(role.Columns)+len(role.Except) == 0) {
				continue // rows of any table, hidden columns among them
			}
			if p.Matches(table) {
				return fmt.Sprintf("%s[%d]", list.key, i), true
			}
		}
	}
	return "", false
}

// limits are the columns of a table that a role reads, if it reads the table.
func limits(role *spec.AccessRole, table spec.TableName) (c Columns) {
	for _, one := range role.Columns {
		if one.Table.Same(table) {
			c.named, c.Names = true, append(c.Names, one.Column)
		}
	}
	for _, one := range role.Except {
		if one.Table.Same(table) && !c.named {
			c.Names = append(c.Names, one.Column)
		}
	}
	return c
}

// Columns are columns of a table: some by name, or all but some. The zero value is all.
type Columns struct {
	Names []string
	named bool // Names are the columns; else they are what is left out
}

// All says whether no column is left out.
func (c Columns) All() bool { return !c.named && len(c.Names) == 0 }

// None says whether there is no column.
func (c Columns) None() bool { return c.named && len(c.Names) == 0 }

// Only are the columns where they are named; nil where they are all but some.
func (c Columns) Only() []string {
	if !c.named {
		return nil
	}
	return c.Names
}

// Except are the columns that are left out of all.
func (c Columns) Except() []string {
	if c.named {
		return nil
	}
	return c.Names
}

// Has says whether a column is among them, in any case of letters.
func (c Columns) Has(name string) bool { return contains(c.Names, name) == c.named }

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// or are the columns of either.
func (c Columns) or(d Columns) Columns {
	without := func(names []string, keep func(string) bool) (left []string) {
		for _, n := range names {
			if keep(n) {
				left = append(left, n)
			}
		}
		return left
	}
	switch {
	case c.named && d.named:
		return Columns{named: true, Names: append(slices.Clone(c.Names), without(d.Names, func(n string) bool { return !contains(c.Names, n) })...)}
	case c.named:
		return d.or(c)
	}
	return Columns{Names: without(c.Names, func(n string) bool { return !d.Has(n) })}
}

// daemonWrites says whether petalake itself writes a table: what sources load, models make, its own jobs
// write, and those of SQL on its engine, which it holds to their roles itself.
func (r *Rules) daemonWrites(table spec.TableName) bool {
	if strings.EqualFold(table.Table, quarantine) || r.l.Table(table) != nil || r.l.Model(table) != nil {
		return true
	}
	if slices.ContainsFunc(r.l.Sources, func(s *spec.Source) bool { return s.Table.Same(table) }) {
		return true
	}
	return slices.ContainsFunc(r.l.Jobs, func(j *spec.Job) bool {
		return slices.ContainsFunc(j.Writes, table.Same) && (j.Role == "" || j.Kind() == spec.JobSQL)
	})
}
