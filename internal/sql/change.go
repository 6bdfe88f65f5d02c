package sql

import (
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/spec"
)

// Verb is what a Change does to the rows of its table.
type Verb string

// The verbs.
const (
	Insert    Verb = "INSERT INTO"      // adds rows
	Overwrite Verb = "INSERT OVERWRITE" // puts rows in the place of all there are
	Create    Verb = "CREATE TABLE"     // makes the table, or with Replace makes it anew
)

// Change is a statement that writes one table: INSERT, or CREATE TABLE. An engine reads its Query; the table is
// for the caller to commit to.
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

	Text  string // the whole statement
	Query string // the SELECT or VALUES, with blanks before it so that offsets in it are those of Text; "" for none
	At    int    // byte of Text at which the query begins
}

// ParseChange reads an INSERT or a CREATE TABLE in DuckDB's dialect with the clauses that Spark's Delta has; it is
// nil for a statement that begins otherwise. An error is an *Error.
func ParseChange(text string) (*Change, error) {
	r := &changeReader{reader{text: text, tokens: Lex(DuckDB, text)}}
	for len(r.tokens) > 0 && r.tokens[len(r.tokens)-1].Is(";") {
		r.tokens = r.tokens[:len(r.tokens)-1]
	}
	c := &Change{Text: text}
	var err error
	switch {
	case r.take("INSERT"):
		err = r.insert(c)
	case r.take("CREATE"):
		err = r.create(c)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Select is the query with its columns named as the table's: those given, in order. Offsets in it are those of the
// statement.
func (c *Change) Select(columns []string) string {
	const before = "FROM (" // shorter than any INSERT INTO
	quoted := make([]string, len(columns))
	for i, name := range columns {
		quoted[i] = QuoteName(DuckDB, name)
	}
	return c.Query[:c.At-len(before)] + before + c.Query[c.At:] + "\n) AS source (" + strings.Join(quoted, ", ") + ")"
}

// changeReader reads the statements that write a table.
type changeReader struct{ reader }

// queryWords are the tokens with which a query begins.
var queryWords = []string{"SELECT", "VALUES", "FROM", "WITH", "TABLE", "("}

// query says whether a query begins at a token.
func (r *changeReader) query(at int) bool {
	return at < len(r.tokens) && r.tokens[at].Is(queryWords...)
}

// rows takes the rest of the statement for its query.
func (r *changeReader) rows(c *Change, form string) error {
	if !r.query(r.at) {
		return r.wrong(form, "a SELECT or VALUES is missing")
	}
	for _, t := range r.tokens[r.at:] {
		if t.Is(";") {
			return fault(Refused, t.From, "send the statements one by one", "several statements in one")
		}
	}
	c.At = r.offset()
	query := []byte(r.text[:r.tokens[len(r.tokens)-1].To()])
	blank(query[:c.At])
	c.Query = string(query)
	return nil
}

// table takes the name of a table.
func (r *changeReader) table(form string) (TableName, error) {
	first, ok := r.name()
	if !ok {
		return TableName{}, r.wrong(form, "the name of a table is missing")
	}
	if !r.take(".") {
		return spec.NewTableName("", first), nil
	}
	second, ok := r.name()
	if !ok || r.is(".") {
		return TableName{}, r.wrong("a table has at most a schema and a name, as in bronze.flights", "no name of a table")
	}
	return spec.NewTableName(first, second), nil
}
