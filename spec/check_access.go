package spec

import (
	"fmt"
	"slices"
	"strings"
)

// daemonActor is the name of petalake itself among those who read and write.
const daemonActor = "daemon"

// access checks who may do what against the tables that there are.
func (c *checker) access(tables map[TableName]made) {
	taken := map[string]string{daemonActor: "petalake itself"}
	for _, r := range c.Access.Roles {
		c.actorName(taken, r.Name, "access.roles."+r.Name, r.Pos)
	}
	for _, g := range c.Access.Groups {
		c.actorName(taken, g.Name, "access.groups."+g.Name, g.Pos)
		c.members(&g.Element, "access.groups."+g.Name, g.Members, true)
	}
	for _, r := range c.Access.Roles {
		at := "access.roles." + r.Name
		c.members(&r.Element, at, r.Members, false)
		c.patterns(r, at, "reads", r.Reads, tables)
		c.patterns(r, at, "writes", r.Writes, tables)
		c.limits(r, at, "columns", r.Columns, tables)
		c.limits(r, at, "except", r.Except, tables)
		c.contradictions(r, at)
		if len(r.Reads)+len(r.Writes) == 0 && !r.Has("reads") && !r.Has("writes") {
			c.fail(r.Pos, at, "write reads: or writes: with tables", "the role may do nothing")
		}
	}
	c.jobRoles()
	for _, e := range c.Environments {
		c.door(e)
	}
}

// actorName reports a name that somebody else among those who read and write has.
func (c *checker) actorName(taken map[string]string, name, at string, pos Pos) {
	if name == "" {
		return // reported
	}
	if by, ok := taken[strings.ToLower(name)]; ok {
		c.fail(pos, at, "choose another", "the name is taken by %s", by)
		return
	}
	taken[strings.ToLower(name)] = at
}

// members checks a list of members. Groups are no members of groups.
func (c *checker) members(e *Element, path string, list []string, ofGroup bool) {
	for i, name := range list {
		key := fmt.Sprintf("members[%d]", i)
		at := path + "." + key
		switch f := badMember(name); {
		case f != nil:
			c.fail(e.At(key), at, f.hint, "%s", f.message)
		case slices.Index(list, name) < i:
			c.fail(e.At(key), at, "keep one", "%s is there twice", name)
		case name == daemonActor:
			c.fail(e.At(key), at, "leave it out", "petalake itself has what it needs")
		case c.Access.Role(name) != nil:
			c.fail(e.At(key), at, "name its members", "%s is a role, and no member of one", name)
		case ofGroup && c.Access.Group(name) != nil:
			c.fail(e.At(key), at, "name its members", "%s is a group, and no member of one", name)
		}
	}
}

// patterns checks a list of tables: each stands for at least one, and * has a reason.
func (c *checker) patterns(r *AccessRole, path, list string, patterns []TablePattern, tables map[TableName]made) {
	for i, p := range patterns {
		key := fmt.Sprintf("%s[%d]", list, i)
		at := path + "." + key
		if slices.Index(patterns, p) < i {
			c.fail(r.At(key), at, "keep one", "%s is there twice", p)
			continue
		}
		if p.All() {
			if strings.TrimSpace(r.Reason) == "" {
				c.fail(r.At(key), at, "name schemas or tables, as in gold.*, or write reason:", "* stands for all tables, and there is no reason")
			}
			continue
		}
		if !slices.ContainsFunc(patternCandidates(tables), p.Matches) {
			what, otherwise := "table "+p.String(), "declare it under tables, sources or models"
			if p.Schemawide() {
				what = "table in the schema " + p.Schema
			}
			c.fail(r.At(key), at, c.suggest(p.String(), append(names(tables), schemasOf(tables)...), otherwise), "no %s", what)
		}
	}
}

func patternCandidates(tables map[TableName]made) (list []TableName) {
	for _, m := range tables {
		list = append(list, m.name)
	}
	return list
}

func schemasOf(tables map[TableName]made) (list []string) {
	for _, m := range tables {
		list = append(list, m.name.Schema+".*")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// limits checks a list of columns: their tables are read by the role, and have them where it is known.
func (c *checker) limits(r *AccessRole, path, list string, columns []ColumnName, tables map[TableName]made) {
	for i, col := range columns {
		key := fmt.Sprintf("%s[%d]", list, i)
		at := path + "." + key
		table := c.Table(col.Table)
		same := func(o ColumnName) bool { return o.Table.Same(col.Table) && strings.EqualFold(o.Column, col.Column) }
		switch _, known := tables[col.Table.Fold()]; {
		case !known:
			c.fail(r.At(key), at, c.suggest(col.Table.String(), names(tables), "write schema.table.column"), "no table %q", col.Table)
		case slices.IndexFunc(columns, same) < i:
			c.fail(r.At(key), at, "keep one", "%s is there twice", col)
		case matching(r.Writes, col.Table):
			c.fail(r.At(key), at, "leave out the column, or let another role write the table", "the role writes %s, and who writes a table reads all of it", col.Table)
		case !matching(r.Reads, col.Table):
			c.fail(r.At(key), at, "write "+col.Table.String()+" in reads: too", "the role does not read %s", col.Table)
		case table != nil && len(table.Columns) > 0:
			var have []string
			for _, h := range table.Columns {
				have = append(have, h.Name)
			}
			if !slices.ContainsFunc(have, func(n string) bool { return strings.EqualFold(n, col.Column) }) {
				c.fail(r.At(key), at, c.suggest(col.Column, have, "the columns are "+few(have)), "no column %q in %s", col.Column, col.Table)
			}
		}
	}
}

func matching(patterns []TablePattern, t TableName) bool {
	return slices.ContainsFunc(patterns, func(p TablePattern) bool { return p.Matches(t) })
}

// contradictions reports a table of which some columns are named and others excepted.
func (c *checker) contradictions(r *AccessRole, path string) {
	for i, col := range r.Except {
		key := fmt.Sprintf("except[%d]", i)
		if k := slices.IndexFunc(r.Columns, func(o ColumnName) bool { return o.Table.Same(col.Table) }); k >= 0 {
			c.fail(r.At(key), path+"."+key, "keep one: columns: says all that is read", "columns: names those of %s already, at line %d", col.Table, r.At(fmt.Sprintf("columns[%d]", k)).Line)
		}
	}
}

// jobRoles checks the roles that jobs have.
func (c *checker) jobRoles() {
	var roles []string
	for _, r := range c.Access.Roles {
		roles = append(roles, r.Name)
	}
	for _, j := range c.Jobs {
		at := "jobs." + j.Name + ".role"
		if !j.Has("role") || j.Role == "" {
			continue
		}
		r := c.Access.Role(j.Role)
		if r == nil {
			c.fail(j.At("role"), at, c.suggest(j.Role, roles, "write it under access.roles"), "no role %q", j.Role)
			continue
		}
		if j.Kind() == JobSQL && j.Engine == EngineSpark && !slices.ContainsFunc(r.Writes, TablePattern.All) {
			c.fail(j.At("engine"), "jobs."+j.Name+".engine", "leave it out, or write a PySpark program", "SQL on Spark is not held to the tables of the role %s", r.Name)
		}
		for i, name := range j.Writes {
			if key := fmt.Sprintf("writes[%d]", i); !matching(r.Writes, name) {
				c.fail(j.At(key), "jobs."+j.Name+"."+key, "write it in access.roles."+r.Name+".writes", "the role %s does not write %s", r.Name, name)
			}
		}
		for i, name := range j.DependsOn {
			if key := fmt.Sprintf("depends_on[%d]", i); !matching(r.Reads, name) && !matching(r.Writes, name) {
				c.fail(j.At(key), "jobs."+j.Name+"."+key, "write it in access.roles."+r.Name+".reads", "the role %s does not read %s", r.Name, name)
			}
		}
	}
}

// door reports whom the door of an environment lets in: it passes programs on to Spark, which sees the whole lake,
// so it is for those who may read and write all tables.
func (c *checker) door(e *Environment) {
	door := &e.Connect
	at := "environments." + e.Name + ".connect"
	if !c.InAccess() || door.Listen == "" {
		return
	}
	const hint = `leave them out, or give a role of theirs writes: "*" and a reason`
	if len(door.Users) == 0 {
		c.fail(door.At("listen"), at+".listen", "write users: with tokens", "with access nobody is let in who is not known")
	}
	for _, u := range door.Users {
		if u.Name != "" && !c.Access.writesAll(u.Name) {
			c.fail(u.Pos, at+".users."+u.Name, hint, "the door lets programs at all tables, and %s may not read and write all of them", u.Name)
		}
	}
}

// writesAll says whether a member has a role that writes, and so reads, all tables.
func (a *Access) writesAll(member string) bool {
	return slices.ContainsFunc(a.Roles, func(r *AccessRole) bool {
		return slices.ContainsFunc(r.Writes, TablePattern.All) && slices.Contains(a.Everyone(r), member)
	})
}
