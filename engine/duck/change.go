package duck

import (
	"slices"
	"strings"

	"github.com/petalake/petalake/delta/schema"
)

// Verb is what a Change does to the rows of its table.
type Verb string

// The verbs.
const (
	Insert    Verb = "INSERT INTO"      // adds rows
	Overwrite Verb = "INSERT OVERWRITE" // puts rows in the place of all there are
	Create    Verb = "CREATE TABLE"     // makes the table, or with Replace makes it anew
)

// Change is a statement that writes one table: INSERT, or CREATE TABLE. The engine reads its Query;
// the table is for the caller to commit to.
type Change struct {
	Verb        Verb
	Table       TableName
	Columns     []string // of INSERT INTO t (a, b); nil: all of the table
	ByName      bool     // the query's columns go by their names, not by their order
	Replace     bool     // CREATE OR REPLACE
	IfNotExists bool

	PartitionBy []string          // PARTITIONED BY
	Comment     string            // COMMENT
	Properties  map[string]string // TBLPROPERTIES
	Schema      *schema.Struct    // of CREATE TABLE t (a int); nil: that of the query

	Query string // the SELECT or VALUES, with blanks before it so that places in it are those of the statement; "" for none

	text string // the whole statement
	at   int    // of the query
}

// ParseChange reads an INSERT or a CREATE TABLE; it is nil for a statement that begins otherwise.
func ParseChange(sql string) (*Change, error) {
	p := &changeParser{sql: sql, tokens: lex(sql)}
	for len(p.tokens) > 0 && p.tokens[len(p.tokens)-1].is(sql, ";") {
		p.tokens = p.tokens[:len(p.tokens)-1]
	}
	var err error
	switch c := (&Change{text: sql}); {
	case p.take("INSERT"):
		if err = p.insert(c); err == nil {
			return c, nil
		}
	case p.take("CREATE"):
		if err = p.create(c); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// Select is the query with its columns named as the table's: those given, in order. Places in it are
// those of the statement.
func (c *Change) Select(columns []string) string {
	const before = "FROM (" // shorter than any INSERT INTO
	return c.Query[:c.at-len(before)] + before + c.Query[c.at:] + "\n) AS source (" + identifiers(columns) + ")"
}

// Wrong is an error about a part of the statement.
func (c *Change) Wrong(kind Kind, hint, format string, args ...any) *Error {
	return failure(kind, hint, format, args...).at(c.text, c.at)
}

// changeParser takes the tokens of a statement one after the other.
type changeParser struct {
	sql    string
	tokens []token
	at     int
}

// is says whether the next words are these.
func (p *changeParser) is(words ...string) bool {
	for i, w := range words {
		if p.at+i >= len(p.tokens) || !p.tokens[p.at+i].is(p.sql, w) {
			return false
		}
	}
	return true
}

// take passes over the next words if they are these.
func (p *changeParser) take(words ...string) bool {
	if !p.is(words...) {
		return false
	}
	p.at += len(words)
	return true
}

// place is the byte where the next token stands.
func (p *changeParser) place() int {
	if p.at < len(p.tokens) {
		return p.tokens[p.at].from
	}
	return len(p.sql)
}

func (p *changeParser) wrong(hint, format string, args ...any) error {
	return failure(Syntax, hint, format, args...).at(p.sql, p.place())
}

const insertForm = "write INSERT INTO table [(columns)] [BY NAME] SELECT ..., or INSERT OVERWRITE table SELECT ..."

func (p *changeParser) insert(c *Change) error {
	switch {
	case p.take("INTO"):
		c.Verb = Insert
	case p.take("OVERWRITE"):
		c.Verb = Overwrite
		p.take("INTO")
	default:
		return p.wrong(insertForm, "INSERT is followed by neither INTO nor OVERWRITE")
	}
	p.take("TABLE")
	var err error
	if c.Table, err = p.table(insertForm); err != nil {
		return err
	}
	if p.is("PARTITION") {
		return p.wrong("leave it out and select the partition columns like any other", "PARTITION (...) is not needed")
	}
	if p.is("(") && !p.query(p.at+1) {
		if c.Columns, err = p.list(insertForm); err != nil {
			return err
		}
	}
	if p.take("BY", "NAME") {
		c.ByName = true
	} else {
		p.take("BY", "POSITION")
	}
	if c.ByName && c.Columns != nil {
		return p.wrong("leave one of them out", "both a list of columns and BY NAME")
	}
	return p.rows(c, insertForm)
}

const createForm = "write CREATE [OR REPLACE] TABLE [IF NOT EXISTS] table [PARTITIONED BY (columns)] AS SELECT ..."

func (p *changeParser) create(c *Change) error {
	c.Verb = Create
	c.Replace = p.take("OR", "REPLACE")
	if !p.take("TABLE") {
		return failure(Refused, "make a table; WITH names a subquery for one statement", "only CREATE TABLE is supported").at(p.sql, p.place())
	}
	c.IfNotExists = p.take("IF", "NOT", "EXISTS")
	var err error
	if c.Table, err = p.table(createForm); err != nil {
		return err
	}
	if p.is("(") {
		if c.Schema, err = p.columns(); err != nil {
			return err
		}
	}
	if err := p.clauses(c); err != nil {
		return err
	}
	switch {
	case p.at == len(p.tokens) && c.Schema != nil:
		c.at = len(p.sql)
		return nil
	case c.Schema != nil:
		return p.wrong("leave the list of columns out: the SELECT has names and types", "both a list of columns and AS")
	case !p.take("AS"):
		return p.wrong(createForm, "AS is missing")
	}
	return p.rows(c, createForm)
}

// clauses reads what stands between a table's name and AS, in any order.
func (p *changeParser) clauses(c *Change) (err error) {
	for err == nil {
		switch {
		case p.take("USING"):
			if !p.take("DELTA") {
				err = p.wrong("write USING delta, or leave it out", "tables of the lake are Delta tables")
			}
		case p.take("PARTITIONED", "BY"):
			c.PartitionBy, err = p.list(createForm)
		case p.take("COMMENT"):
			c.Comment, err = p.text()
		case p.take("TBLPROPERTIES"):
			c.Properties, err = p.properties()
		case p.is("LOCATION"):
			err = failure(Refused, "leave it out", "a table's place follows from its name").at(p.sql, p.place())
		case p.is("CLUSTER", "BY"):
			err = failure(Refused, "declare cluster_by on the table in lakehouse.yaml", "CLUSTER BY is not supported here").at(p.sql, p.place())
		default:
			return nil
		}
	}
	return err
}

// query says whether a query begins at a token.
func (p *changeParser) query(at int) bool {
	return at < len(p.tokens) && slices.ContainsFunc([]string{"SELECT", "VALUES", "FROM", "WITH", "TABLE", "("},
		func(w string) bool { return p.tokens[at].is(p.sql, w) })
}

// rows takes the rest of the statement for its query.
func (p *changeParser) rows(c *Change, form string) error {
	if !p.query(p.at) {
		return p.wrong(form, "a SELECT or VALUES is missing")
	}
	for i := p.at; i < len(p.tokens); i++ {
		if p.tokens[i].is(p.sql, ";") {
			return failure(Refused, "send the statements one by one", "several statements in one").at(p.sql, p.tokens[i].from)
		}
	}
	c.at = p.place()
	blanks := []byte(p.sql[:c.at])
	for i, b := range blanks {
		if b != '\n' {
			blanks[i] = ' '
		}
	}
	c.Query = string(blanks) + p.sql[c.at:p.tokens[len(p.tokens)-1].to]
	return nil
}

// name takes one part of a name.
func (p *changeParser) name() (string, bool) {
	if p.at >= len(p.tokens) || p.tokens[p.at].kind != wordToken && p.tokens[p.at].kind != quotedToken {
		return "", false
	}
	p.at++
	return p.tokens[p.at-1].unquote(p.sql), true
}

func (p *changeParser) table(form string) (TableName, error) {
	first, ok := p.name()
	if !ok {
		return TableName{}, p.wrong(form, "the name of a table is missing")
	}
	n := TableName{Name: first}
	if p.take(".") {
		second, ok := p.name()
		if !ok || p.is(".") {
			return n, p.wrong("a table has at most a schema and a name, as in bronze.flights", "no name of a table")
		}
		n = TableName{Schema: first, Name: second}
	}
	if strings.EqualFold(n.Schema, "main") {
		n.Schema = ""
	}
	return n, nil
}

// list takes names in parentheses.
func (p *changeParser) list(form string) ([]string, error) {
	if !p.take("(") {
		return nil, p.wrong(form, "( is missing")
	}
	var names []string
	for {
		name, ok := p.name()
		if !ok {
			return nil, p.wrong(form, "the name of a column is missing")
		}
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			p.at--
			return nil, p.wrong("leave it out", "the column %q is there twice", name)
		}
		names = append(names, name)
		switch {
		case p.take(")"):
			return names, nil
		case !p.take(","):
			return nil, p.wrong(form, ", or ) is missing")
		}
	}
}

// columns takes names with types in parentheses, as Spark writes them.
func (p *changeParser) columns() (*schema.Struct, error) {
	start := p.at
	for depth := 0; p.at < len(p.tokens); p.at++ {
		switch {
		case p.is("("):
			depth++
		case p.is(")"):
			depth--
		}
		if depth > 0 {
			continue
		}
		inside := p.sql[p.tokens[start].to:p.tokens[p.at].from]
		p.at++
		t, err := schema.ParseType("struct<" + inside + ">")
		if err != nil {
			p.at = start
			return nil, p.wrong("write CREATE TABLE t (id bigint, day date)", "%s", strings.TrimPrefix(err.Error(), "schema: "))
		}
		return t.(*schema.Struct), nil
	}
	return nil, p.wrong(createForm, ") is missing")
}

func (p *changeParser) text() (string, error) {
	if p.at >= len(p.tokens) || p.tokens[p.at].kind != textToken {
		return "", p.wrong("write it in single quotes", "a text is missing")
	}
	p.at++
	return p.tokens[p.at-1].unquote(p.sql), nil
}

func (p *changeParser) properties() (map[string]string, error) {
	const form = "write TBLPROPERTIES ('delta.appendOnly' = 'true')"
	if !p.take("(") {
		return nil, p.wrong(form, "( is missing")
	}
	out := map[string]string{}
	for {
		key, err := p.text()
		if err != nil {
			return nil, err
		}
		p.take("=")
		if out[key], err = p.text(); err != nil {
			return nil, err
		}
		switch {
		case p.take(")"):
			return out, nil
		case !p.take(","):
			return nil, p.wrong(form, ", or ) is missing")
		}
	}
}
