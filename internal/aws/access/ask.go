package access

import (
	"fmt"
	"strings"

	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// Right is what an actor may do with a table: at least one of the two.
type Right struct {
	Actor       Actor
	Table       spec.TableName
	Read, Write bool
	Columns     Columns // that the actor reads
}

// Rights are those of actors on tables, in this order; an actor and a table without a right are left out.
func (r *Rules) Rights(actors []Actor, tables []spec.TableName) (all []Right) {
	for _, who := range actors {
		for _, t := range tables {
			reads, _ := r.Allows(who, Read, t, "")
			writes, _ := r.Allows(who, Write, t, "")
			if reads || writes {
				all = append(all, Right{who, t, reads, writes, r.Columns(who, t)})
			}
		}
	}
	return all
}

// UnknownTableError says that lakehouse.yaml names no such table.
type UnknownTableError struct{ Name, Near string }

// Error implements error.
func (e *UnknownTableError) Error() string {
	return fmt.Sprintf("no table %q in lakehouse.yaml", e.Name)
}

// Hint says what to do.
func (e *UnknownTableError) Hint() string {
	if e.Near != "" {
		return fmt.Sprintf("did you mean %q?", e.Near)
	}
	return "petalake access list shows the tables that lakehouse.yaml names"
}

// Table finds the table of lakehouse.yaml that a text names. An error is an *UnknownTableError.
func (r *Rules) Table(text string) (spec.TableName, error) {
	var names []string
	for _, t := range r.Tables() {
		names = append(names, t.String())
		if strings.EqualFold(t.String(), text) || strings.EqualFold(t.Schema+"."+t.Table, text) {
			return t, nil
		}
	}
	return spec.TableName{}, &UnknownTableError{text, words.Nearest(text, names)}
}

// Column finds the table that a text names, or the table and the column behind it, as in bronze.orders.id. An error
// is an *UnknownTableError.
func (r *Rules) Column(text string) (spec.TableName, string, error) {
	table, err := r.Table(text)
	if err == nil {
		return table, "", nil
	}
	for _, t := range r.Tables() {
		for _, name := range []string{t.String(), t.Schema + "." + t.Table} {
			if n := len(name); len(text) > n+1 && text[n] == '.' && strings.EqualFold(text[:n], name) {
				return t, text[n+1:], nil
			}
		}
	}
	return spec.TableName{}, "", err
}

// RolesError says that an actor has several roles, of which IAM takes one at a time.
type RolesError struct {
	Actor string
	Roles []string
}

// Error implements error.
func (e *RolesError) Error() string {
	return fmt.Sprintf("%s has %d roles, and IAM one at a time", e.Actor, len(e.Roles))
}

// Hint says what to do.
func (e *RolesError) Hint() string { return "name one: " + strings.Join(e.Roles, ", ") }

// Documents are the policies of IAM that an actor gets, of those of an environment, with what lakehouse.yaml says filled in; what
// only AWS knows is left as ${Key} and the like. Of an actor of several roles the error is a *RolesError.
func Documents(l *spec.Lakehouse, e *spec.Environment, policies []Policy, who Actor) (all []Document, err error) {
	role := ""
	if has := who.Roles(); len(has) == 1 {
		role = RoleName(l, e, has[0].Name)
	} else if len(has) > 1 {
		several := &RolesError{Actor: who.Name()}
		for _, r := range has {
			several.Roles = append(several.Roles, r.Name)
		}
		return nil, several
	}
	for _, p := range policies {
		if p.Role != role {
			continue
		}
		for _, d := range p.Documents {
			if d, err = d.Filled(l, e); err != nil {
				return nil, err
			}
			all = append(all, d)
		}
	}
	return all, nil
}
