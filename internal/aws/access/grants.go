package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/petalake/petalake/spec"
)

// Grant is one grant of Lake Formation, in the shape of its GrantPermissions: to Principal, Permissions on a
// database (no Table), on a table or all tables of the database (Table is *), or with Columns or Excluded on
// columns of a table. For example
//
//	Database  Table       Columns   Permissions       resource of GrantPermissions
//	shop_..   ""                    DESCRIBE          Database {Name}
//	shop_..   *                     SELECT, DESCRIBE  Table {DatabaseName, TableWildcard {}}
//	shop_..   flights               SELECT, DESCRIBE  Table {DatabaseName, Name}
//	shop_..   passengers  name      SELECT            TableWithColumns {.., ColumnNames}
//	shop_..   passengers  (except)  SELECT            TableWithColumns {.., ColumnWildcard {ExcludedColumnNames}}
type Grant struct {
	Principal   string   `json:"principal"` // the ARN of a role of IAM; its account is ${AWS::AccountId} where lakehouse.yaml does not say it
	Actor       string   `json:"actor"`     // the name of it in lakehouse.yaml, or daemon, or spark for jobs without a role
	Database    string   `json:"database"`
	Schema      string   `json:"schema"` // of the lake, that the database is
	Table       string   `json:"table,omitempty"`
	Columns     []string `json:"columns,omitempty"`
	Excluded    []string `json:"excluded,omitempty"`
	Permissions []string `json:"permissions"`
}

// The permissions of Lake Formation that are granted.
const (
	describe    = "DESCRIBE"
	selects     = "SELECT"
	insert      = "INSERT"
	deletes     = "DELETE"
	alter       = "ALTER"
	drop        = "DROP"
	createTable = "CREATE_TABLE"
)

// ForAccount is a grant whose principal is in an account.
func (g Grant) ForAccount(account string) Grant {
	g.Principal = strings.ReplaceAll(g.Principal, accountHere, account)
	return g
}

// Grants are all that Lake Formation is to know in an environment, for petalake itself, for Spark where jobs
// run that have no role, and for each role of access that a principal of IAM or a program can take: always in
// the same order, no two the same. None without access. Lake Formation only adds up, so a schema that has a
// table of which a role reads a part is granted table by table: what lakehouse.yaml does not name is not
// granted there.
func Grants(l *spec.Lakehouse, e *spec.Environment) (all []Grant) {
	r := New(l)
	if !r.On() {
		return nil
	}
	never := func(spec.TableName) bool { return false }
	everything := []spec.TablePattern{{Schema: "*", Table: "*"}}
	own := []string{"daemon"}
	if e.NeedsSpark(l) {
		own = append(own, "spark")
	}
	for _, own := range own {
		to := granting{r: r, e: e, actor: own, principal: arnOf(l, e, own)}
		to.whole(r.reach(everything, never), []string{selects, insert, deletes, alter, drop, describe})
		for _, t := range r.tables {
			to.database(t.Schema, createTable)
		}
		all = append(all, to.grants...)
	}
	for _, role := range l.Access.Roles {
		if !r.taken(role) {
			continue
		}
		to := granting{r: r, e: e, actor: role.Name, principal: RoleARN(l, e, role.Name)}
		to.whole(r.reach(role.Writes, never), []string{selects, insert, deletes, alter, describe})
		partly := func(t spec.TableName) bool { return !limits(role, t).All() }
		to.whole(r.reach(role.Reads, partly), []string{selects, describe})
		for _, t := range r.tables {
			if _, ok := pattern(role, Read, t); ok && partly(t) {
				c := limits(role, t)
				to.database(t.Schema)
				to.add(Grant{Schema: t.Schema, Table: strings.ToLower(t.Table), Columns: lower(c.Only()), Excluded: lower(c.Except()), Permissions: []string{selects}})
			}
		}
		all = append(all, to.grants...)
	}
	return all
}

// granting collects the grants of one principal.
type granting struct {
	r                *Rules
	e                *spec.Environment
	actor, principal string
	grants           []Grant
}

func (to *granting) add(g Grant) {
	g.Principal, g.Actor, g.Database = to.principal, to.actor, Database(to.r.l, to.e, g.Schema)
	g.Schema = grantSchema(g.Schema)
	to.grants = append(to.grants, g)
}

// grantSchema is the schema of a table as grants write it, which are remembered in the lake.
func grantSchema(schema string) string { return cmp.Or(schema, spec.MainSchema) }

// database lets the principal see the database of a schema, once, and do more in it.
func (to *granting) database(schema string, more ...string) {
	i := slices.IndexFunc(to.grants, func(g Grant) bool { return g.Table == "" && strings.EqualFold(g.Schema, grantSchema(schema)) })
	if i < 0 {
		i = len(to.grants)
		to.add(Grant{Schema: schema, Permissions: []string{describe}})
	}
	for _, m := range more {
		if !slices.Contains(to.grants[i].Permissions, m) {
			to.grants[i].Permissions = append(to.grants[i].Permissions, m)
		}
	}
}

// whole grants permissions on all columns of tables; those that are granted already are left out.
func (to *granting) whole(patterns []spec.TablePattern, permissions []string) {
	for _, p := range patterns {
		to.database(p.Schema)
		table := strings.ToLower(p.Table)
		covered := func(g Grant) bool {
			return strings.EqualFold(g.Schema, grantSchema(p.Schema)) && (g.Table == "*" || g.Table == table) && !slices.ContainsFunc(permissions, func(x string) bool { return !slices.Contains(g.Permissions, x) })
		}
		if p.Schemawide() && slices.Contains(permissions, insert) {
			to.database(p.Schema, createTable)
		}
		if !slices.ContainsFunc(to.grants, covered) {
			to.add(Grant{Schema: p.Schema, Table: table, Permissions: permissions})
		}
	}
}

// lower are names as the catalog of AWS has them.
func lower(names []string) (out []string) {
	for _, n := range names {
		out = append(out, strings.ToLower(n))
	}
	return out
}
