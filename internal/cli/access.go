package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/spec"
)

// accessCommand holds what there is to ask about who may do what.
func (a *app) accessCommand() *cobra.Command {
	return commandGroup("access", "Who may read and write which tables and columns", "petalake access list", a.accessListCommand(), a.accessCheckCommand(), a.accessPolicyCommand(), a.accessGrantsCommand())
}

// accessRow is what an actor may do with a table.
type accessRow struct {
	Actor  string   `json:"actor"`
	Table  string   `json:"table"`
	Read   bool     `json:"read"`
	Write  bool     `json:"write"`
	Only   []string `json:"columns"` // that it reads, where not all
	Except []string `json:"except"`  // that it does not read
}

func (a *app) accessListCommand() *cobra.Command {
	actor := ""
	c := &cobra.Command{
		Use:   "list [TABLE]",
		Short: "List who may do what, with all tables or one",
		Long: `List, for petalake itself (daemon), each job (job:NAME), each role and each
member of roles, the tables of lakehouse.yaml that they may read or write, and
of which columns. Nothing is asked of AWS.`,
		Example: "petalake access list bronze.customers",
		Args:    usage(cobra.MaximumNArgs(1)),
		RunE:    func(_ *cobra.Command, args []string) error { return a.accessList(actor, args) },
	}
	c.Flags().StringVar(&actor, "actor", "", "list what one may: daemon, job:NAME, a role, a member")
	return c
}

// rules are the lakehouse, and who may do what in it.
func (a *app) rules() (*spec.Lakehouse, *access.Rules, error) {
	path, err := a.find()
	if err != nil {
		return nil, nil, err
	}
	l, err := spec.Load(path)
	if err != nil {
		return nil, nil, err
	}
	r := access.New(l)
	if !r.On() {
		a.say("lakehouse.yaml has no access: nobody is held back")
	}
	return l, r, nil
}

func (a *app) accessList(name string, args []string) error {
	_, rules, err := a.rules()
	if err != nil {
		return err
	}
	tables, actors := rules.Tables(), rules.Actors()
	if len(args) == 1 {
		table, _, err := knownColumn(rules, args[0], false)
		if err != nil {
			return err
		}
		tables = []spec.TableName{table}
	}
	if name != "" {
		one, err := rules.Actor(name)
		if err != nil {
			return &usageError{err, hintOf(err)}
		}
		actors = []access.Actor{one}
	}
	out := list(a, []render.Column{{Name: "who"}, {Name: "table"}, {Name: "may"}, {Name: "columns"}}, accessRow.text)
	for _, who := range actors {
		for _, t := range tables {
			reads, _ := rules.Allows(who, access.Read, t, "")
			writes, _ := rules.Allows(who, access.Write, t, "")
			if !reads && !writes {
				continue
			}
			columns := rules.Columns(who, t)
			if err := out.add(accessRow{who.Name(), t.String(), reads, writes, columns.Only(), columns.Except()}); err != nil {
				return err
			}
		}
	}
	return out.close()
}

func (r accessRow) text() []string {
	may, columns := "read", "all"
	if r.Write {
		may = "read, write"
	}
	switch {
	case r.Only != nil:
		columns = strings.Join(r.Only, ", ")
	case r.Except != nil:
		columns = "all but " + strings.Join(r.Except, ", ")
	}
	return []string{r.Actor, r.Table, may, columns}
}

// hintOf is the hint of an error, or "".
func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// knownColumn finds the table of lakehouse.yaml that a text names, and where it may the column behind it.
func knownColumn(rules *access.Rules, text string, columns bool) (spec.TableName, string, error) {
	var names []string
	for _, t := range rules.Tables() {
		names = append(names, t.String())
		if strings.EqualFold(t.String(), text) || strings.EqualFold(t.Schema+"."+t.Table, text) {
			return t, "", nil
		}
	}
	for _, t := range rules.Tables() {
		for _, name := range []string{t.String(), t.Schema + "." + t.Table} {
			if n := len(name); columns && len(text) > n+1 && text[n] == '.' && strings.EqualFold(text[:n], name) {
				return t, text[n+1:], nil
			}
		}
	}
	hint := "petalake access list shows the tables that lakehouse.yaml names"
	if near := spec.Nearest(text, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return spec.TableName{}, "", &usageError{fmt.Errorf("no table %q in lakehouse.yaml", text), hint}
}

// accessAnswer is whether an actor may do something, and why.
type accessAnswer struct {
	Actor   string `json:"actor"`
	Action  string `json:"action"`
	Table   string `json:"table"`
	Column  string `json:"column,omitempty"`
	Allowed bool   `json:"allowed"`
	Why     string `json:"why"`
}

// errDenied is an answer that was shown already.
var errDenied = errors.New("access is denied")

func (a *app) accessCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check ACTOR read|write TABLE[.COLUMN]",
		Short: "Say whether somebody may do something, and why",
		Long: `Say whether an actor (daemon, job:NAME, a role, a member of roles) may read or
write a table or read a column of it, and the line of lakehouse.yaml that lets
it. Exits with 1 where it may not.`,
		Example: "petalake access check ann read bronze.customers.email",
		Args:    exactly("ACTOR", "read or write", "TABLE"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.accessCheck(args[0], args[1], args[2]) },
	}
}

func (a *app) accessCheck(name, action, on string) error {
	_, rules, err := a.rules()
	if err != nil {
		return err
	}
	do := access.Action(action)
	if do != access.Read && do != access.Write {
		return &usageError{fmt.Errorf("%q is neither read nor write", action), ""}
	}
	who, err := rules.Actor(name)
	if err != nil && rules.On() {
		return &usageError{err, hintOf(err)}
	}
	table, column, err := knownColumn(rules, on, do == access.Read)
	if err != nil {
		return err
	}
	allowed, why := rules.Allows(who, do, table, column)
	if a.output != "text" {
		if err := one(a, accessAnswer{name, action, table.String(), column, allowed, why}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.out, "%s: %s\n", map[bool]string{true: "allowed", false: "denied"}[allowed], render.Escape(why))
	}
	if !allowed {
		return &toldError{errDenied}
	}
	return nil
}

func (a *app) accessPolicyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "policy ACTOR",
		Short: "Show the policies of IAM that somebody gets for tables",
		Long: `Show, as JSON, what petalake deploy lets petalake itself (daemon), a job
(job:NAME) or a role do with tables: policies of IAM, each within its limit of
6,144 characters. What only AWS knows is left as ${Key} and the like.`,
		Example:     "petalake access policy analyst -e prod",
		Args:        exactly("ACTOR"),
		Annotations: map[string]string{formatsKey: "text json"},
		RunE:        func(_ *cobra.Command, args []string) error { return a.accessPolicy(args[0]) },
	}
}

// inAWS is the lakehouse, and its environment, which has to be in AWS.
func (a *app) inAWS() (*spec.Lakehouse, *spec.Environment, error) {
	l, e, err := a.cloud()
	if err == nil && !e.InAWS() {
		err = &usageError{fmt.Errorf("environment %s is not in AWS", e.Name), "choose one that has aws: with --env"}
	}
	return l, e, err
}

func (a *app) accessPolicy(name string) error {
	l, e, err := a.inAWS()
	if err != nil {
		return err
	}
	rules := access.New(l)
	if !rules.On() {
		a.say("lakehouse.yaml has no access: petalake deploy writes its own policies")
		return nil
	}
	who, err := rules.Actor(name)
	if err != nil {
		return &usageError{err, hintOf(err)}
	}
	policies, err := deploy.AccessPolicies(l, e)
	if err != nil {
		return err
	}
	role := ""
	if has := who.Roles(); len(has) == 1 {
		role = access.RoleName(l, e, has[0].Name)
	} else if len(has) > 1 {
		var names []string
		for _, r := range has {
			names = append(names, r.Name)
		}
		return &usageError{fmt.Errorf("%s has %d roles, and IAM one at a time", name, len(has)), "name one: " + strings.Join(names, ", ")}
	}
	for _, p := range policies {
		if p.Role != role {
			continue
		}
		for _, d := range p.Documents {
			if d, err = d.Filled(l, e); err != nil {
				return err
			}
			if err := a.document(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// document writes a policy: on a line for programs, else over many.
func (a *app) document(d access.Document) error {
	out := newEncoder(a.out)
	if a.output == "text" {
		out.SetIndent("", "  ")
	}
	return out.Encode(d)
}

func (a *app) accessGrantsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "grants",
		Short: "List the grants of Lake Formation that the roles come to",
		Long: `List who is granted what by Lake Formation in an environment in AWS: on
databases, on tables, or on some of a table's columns. IAM knows no columns, so
this is how AWS lets somebody read a part of a table. Nothing is asked of AWS.`,
		Example: "petalake access grants -e prod",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return a.accessGrants() },
	}
}

func (a *app) accessGrants() error {
	l, e, err := a.inAWS()
	if err != nil {
		return err
	}
	columns := []render.Column{{Name: "to"}, {Name: "database"}, {Name: "table"}, {Name: "columns"}, {Name: "may"}}
	out := list(a, columns, func(g access.Grant) []string {
		columns := accessRow{Only: g.Columns, Except: g.Excluded}.text()[3]
		if g.Table == "" {
			columns = ""
		}
		return []string{g.Actor, g.Database, g.Table, columns, strings.Join(g.Permissions, ", ")}
	})
	for _, g := range access.Grants(l, e) {
		if err := out.add(g); err != nil {
			return err
		}
	}
	return out.close()
}
