package spec

import (
	"cmp"
	"regexp"
	"strings"
)

// Access says who may read and write which tables and columns. Without the key access everybody may do
// everything that the place of the lake lets them.
type Access struct {
	Element
	Roles  []*AccessRole  `key:"roles" doc:"What one may do, by name." instead:"role,grants,permissions"`
	Groups []*AccessGroup `key:"groups" doc:"People and principals of AWS who are members of roles together, by name." instead:"group,teams"`
}

// AccessRole is a set of tables and columns, and who may read or write them.
type AccessRole struct {
	Element
	Name        string         `key:",name" pattern:"^[a-z][a-z0-9_-]*$" says:"small letters, digits, _ and -, a letter first"`
	Description string         `key:"description" doc:"What it is for."`
	Members     []string       `key:"members" doc:"Who has the role: groups, users of a door by name, roles and users of IAM by ARN." instead:"member,users,principals,who"`
	Reads       []TablePattern `key:"reads" doc:"Tables that it reads: schema.table, all of a schema as in bronze.*, or * with a reason." instead:"read,select,tables"`
	Writes      []TablePattern `key:"writes" doc:"Tables that it writes, and so reads." instead:"write,inserts,insert"`
	Columns     []ColumnName   `key:"columns" doc:"Of the tables named here it reads these columns alone, as in bronze.flights.origin." instead:"only,column"`
	Except      []ColumnName   `key:"except" doc:"Columns that it does not read, though it reads their table." instead:"exclude,hide,mask"`
	Reason      string         `key:"reason" doc:"Why it reads or writes all tables (*)." instead:"because,why"`
}

// AccessGroup is a list of members.
type AccessGroup struct {
	Element
	Name    string   `key:",name" pattern:"^[A-Za-z][A-Za-z0-9_.@-]*$" says:"letters, digits and _ . @ -, a letter first"`
	Members []string `key:"members" required:"true" doc:"Users of a door by name, roles and users of IAM by ARN." instead:"member,users,principals"`
}

// InAccess says whether the lakehouse says who may do what.
func (l *Lakehouse) InAccess() bool { return l.Has("access") }

// Role returns the role of a name, or nil.
func (a *Access) Role(name string) *AccessRole {
	for _, r := range a.Roles {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// Group returns the group of a name, or nil.
func (a *Access) Group(name string) *AccessGroup {
	for _, g := range a.Groups {
		if g.Name == name {
			return g
		}
	}
	return nil
}

// Everyone are the members of a role, those of its groups included, each once.
func (a *Access) Everyone(r *AccessRole) (names []string) {
	seen := map[string]bool{}
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	for _, m := range r.Members {
		g := a.Group(m)
		if g == nil {
			add(m)
			continue
		}
		for _, inner := range g.Members {
			add(inner)
		}
	}
	return names
}

// IsARN says whether a member is a principal of AWS.
func IsARN(member string) bool { return strings.HasPrefix(member, "arn:") }

// TablePattern stands for tables: one, all of a schema (Table is *), or all (both are *). Schema is "" for
// main, as in TableName.
type TablePattern TableName

// All says whether the pattern stands for all tables.
func (p TablePattern) All() bool { return p.Schema == "*" }

// Schemawide says whether it stands for more than one table.
func (p TablePattern) Schemawide() bool { return p.Table == "*" }

// Matches says whether it stands for a table.
func (p TablePattern) Matches(n TableName) bool {
	return p.All() || strings.EqualFold(p.Schema, n.Schema) && (p.Schemawide() || strings.EqualFold(p.Table, n.Table))
}

// String is the pattern as it is written.
func (p TablePattern) String() string {
	switch {
	case p.All():
		return "*"
	case p.Schemawide():
		return cmp.Or(p.Schema, MainSchema) + ".*"
	}
	return TableName(p).String()
}

func (p *TablePattern) parse(text string) error {
	schema, all := strings.CutSuffix(text, ".*")
	switch {
	case text == "*":
		*p = TablePattern{"*", "*"}
		return nil
	case all && word(schema):
		*p = TablePattern(NewTableName(schema, "*"))
		return nil
	case strings.Contains(text, "*"):
		return faultf("write schema.table, schema.* or *", "bad pattern of tables %q", text)
	}
	return (*TableName)(p).parse(text)
}

func (*TablePattern) shape() shape {
	return shape{says: "table, schema.* or *", pattern: `^([A-Za-z][A-Za-z0-9_]*(\.([A-Za-z][A-Za-z0-9_]*|\*))?|\*)$`}
}

// ColumnName is a column of a table: table.column, or schema.table.column.
type ColumnName struct {
	Table  TableName
	Column string
}

// String is the name as it is written.
func (c ColumnName) String() string { return c.Table.String() + "." + c.Column }

func (c *ColumnName) parse(text string) error {
	const hint = "write schema.table.column, as in bronze.flights.origin"
	first, rest, _ := strings.Cut(text, ".")
	second, column, three := strings.Cut(rest, ".")
	table := first + "." + second
	if !three {
		table, column = first, second
	}
	if column == "" {
		return faultf(hint, "no column in %q", text)
	}
	if err := c.Table.parse(table); err != nil {
		return faultf(hint, "bad name of a column %q", text)
	}
	c.Column = column
	return nil
}

func (*ColumnName) shape() shape {
	return shape{says: "schema.table.column", pattern: `^[A-Za-z][A-Za-z0-9_]*\..+$`}
}

var (
	principal  = regexp.MustCompile(`^arn:aws(-cn|-us-gov)?:iam::[0-9]{12}:(role|user)/([!-~]+/)*[A-Za-z0-9+=,.@_-]{1,64}$`)
	memberName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.@-]*$`)
)

// badMember tells what is wrong with a member of a role or a group.
func badMember(text string) *fault {
	const hint = "write arn:aws:iam::123456789012:role/analyst, with the account and the name of yours"
	switch {
	case text == "*" || strings.HasSuffix(text, ":root") || strings.HasPrefix(text, "arn:") && strings.ContainsAny(text, "*?"):
		return faultf("name a role or a user of IAM", "%q is more than one principal", text)
	case strings.HasPrefix(text, "arn:") && strings.Contains(text, ":assumed-role/"):
		return faultf(hint, "%q is a session of a role, not the role", text)
	case strings.HasPrefix(text, "arn:") && strings.Contains(text, ":group/"):
		return faultf(hint, "AWS takes no group of IAM as a principal")
	case strings.HasPrefix(text, "arn:") && !principal.MatchString(text):
		return faultf(hint, "%q is no ARN of a role or a user", text)
	case !IsARN(text) && !memberName.MatchString(text):
		return faultf("write letters, digits and _ . @ -, a letter first, or an ARN", "bad name of a member %q", text)
	}
	return nil
}
