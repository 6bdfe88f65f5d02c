package frame

import (
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/sql"
)

// DuckSQL writes a frame as a SELECT in the SQL of DuckDB: the same text for the same frame.
func DuckSQL(f Frame) (string, error) {
	if err := f.Err(); err != nil {
		return "", err
	}
	w := &writer{}
	return w.block(f.Plan).sql(), nil
}

// writer makes up names for what has none.
type writer struct{ n int }

// block is a SELECT that is being written: steps are put into one for as long as they may.
type block struct {
	from     string
	where    []string
	distinct bool
	columns  string // "" is all
	group    string
	sealed   bool // columns are computed: what follows needs them as they are
	order    string
	limit    string
}

func (b block) sql() string {
	out := "SELECT "
	if b.distinct {
		out += "DISTINCT "
	}
	if b.columns == "" {
		out += "*"
	}
	out += b.columns + " FROM " + b.from
	if len(b.where) > 0 {
		out += " WHERE " + strings.Join(b.where, " AND ")
	}
	return out + b.group + b.order + b.limit
}

// plain says whether nothing is done yet with what is read.
func (b block) plain() bool {
	return b.columns == "" && len(b.where) == 0 && !b.distinct && !b.sealed && b.order == "" && b.limit == ""
}

// inner is a block that reads what another gives.
func (w *writer) inner(b block) block {
	w.n++
	return block{from: fmt.Sprintf("(%s) AS _%d", b.sql(), w.n)}
}

// open is a block of a plan to which columns or conditions can be added.
func (w *writer) open(p Plan) block {
	b := w.block(p)
	if b.sealed || b.distinct || b.order != "" || b.limit != "" {
		return w.inner(b)
	}
	return b
}

// source is a plan as it stands behind FROM or JOIN.
func (w *writer) source(p Plan) string {
	b := w.block(p)
	if !b.plain() {
		b = w.inner(b)
	}
	return b.from
}

func (w *writer) block(p Plan) block {
	switch p := p.(type) {
	case Read:
		return block{from: table(p)}
	case Query:
		return w.inner(block{from: "(" + sql.Trim(sql.DuckDB, p.SQL) + "\n)"})
	case Named:
		b := w.block(p.From)
		if r, ok := p.From.(Read); ok {
			return block{from: table(r) + " AS " + quote(p.Name)}
		}
		return block{from: "(" + b.sql() + ") AS " + quote(p.Name)}
	case Project:
		b := w.open(p.From)
		b.columns, b.sealed = w.list(p.Columns), true
		return b
	case Added:
		b := w.open(p.From)
		b.columns, b.sealed = "*", true
		for _, c := range p.Columns {
			b.columns += ", " + w.node(c)
		}
		return b
	case Without:
		b := w.open(p.From)
		b.columns, b.sealed = "* EXCLUDE ("+quoted(p.Columns)+")", true
		return b
	case Renamed:
		b := w.open(p.From)
		b.columns, b.sealed = "* RENAME ("+quote(p.Old)+" AS "+quote(p.New)+")", true
		return b
	case Where:
		b := w.open(p.From)
		b.where = append(b.where[:len(b.where):len(b.where)], "("+w.node(p.Condition)+")")
		return b
	case Aggregate:
		return w.aggregate(p)
	case Unique:
		b := w.block(p.From)
		if b.distinct || b.order != "" || b.limit != "" {
			b = w.inner(b)
		}
		b.distinct, b.sealed = true, true
		return b
	case Sorted:
		b := w.block(p.From)
		if b.order != "" || b.limit != "" || b.distinct || b.group != "" {
			b = w.inner(b)
		}
		b.order = " ORDER BY " + w.orders(p.By)
		return b
	case Head:
		b := w.block(p.From)
		if b.limit != "" {
			b = w.inner(b)
		}
		if p.Rows >= 0 {
			b.limit = fmt.Sprintf(" LIMIT %d", p.Rows)
		}
		if p.Skip > 0 || p.Rows < 0 {
			b.limit += fmt.Sprintf(" OFFSET %d", p.Skip)
		}
		return b
	case Combine:
		return block{from: w.join(p)}
	case Set:
		return w.set(p)
	}
	return block{from: "(SELECT)"} // Err has refused it
}

func (w *writer) aggregate(p Aggregate) block {
	b := w.open(p.From)
	b.columns, b.sealed = w.list(append(p.Groups[:len(p.Groups):len(p.Groups)], p.Values...)), true
	if len(p.Groups) > 0 {
		var places []string
		for i := range p.Groups {
			places = append(places, strconv.Itoa(i+1))
		}
		b.group = " GROUP BY " + strings.Join(places, ", ")
	}
	return b
}

func (w *writer) join(p Combine) string {
	words := map[JoinKind]string{
		Inner: "JOIN", Left: "LEFT JOIN", Right: "RIGHT JOIN", Full: "FULL JOIN", Semi: "SEMI JOIN", Anti: "ANTI JOIN", Cross: "CROSS JOIN",
	}
	right := w.source(p.Right)
	if _, nested := p.Right.(Combine); nested {
		right = "(" + right + ")"
	}
	out := w.source(p.Left) + " " + words[p.Kind] + " " + right
	switch {
	case p.Using != nil:
		out += " USING (" + quoted(p.Using) + ")"
	case p.On != nil:
		out += " ON (" + w.node(p.On) + ")"
	}
	return out
}

func (w *writer) set(p Set) block {
	words := map[SetKind]string{Union: "UNION ALL", Intersect: "INTERSECT", Except: "EXCEPT"}[p.Kind]
	if p.ByName {
		words += " BY NAME"
	}
	left, right := w.block(p.Left).sql(), w.block(p.Right).sql()
	w.n++
	return block{from: fmt.Sprintf("((%s) %s (%s)) AS _%d", left, words, right, w.n)}
}

func table(r Read) string {
	parts := strings.Split(r.Table, ".")
	for i, p := range parts {
		parts[i] = quote(p)
	}
	out := strings.Join(parts, ".")
	switch {
	case r.Version != nil:
		out += fmt.Sprintf(" VERSION AS OF %d", *r.Version)
	case r.Time != "":
		out += " TIMESTAMP AS OF " + literal(r.Time)
	}
	return out
}

func quote(name string) string { return sql.QuoteName(sql.DuckDB, name) }

func quoted(names []string) string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = quote(n)
	}
	return strings.Join(all, ", ")
}

func (w *writer) list(nodes []Node) string {
	all := make([]string, len(nodes))
	for i, n := range nodes {
		all[i] = w.node(n)
	}
	return strings.Join(all, ", ")
}

func (w *writer) orders(by []Order) string {
	all := make([]string, len(by))
	for i, o := range by {
		all[i] = w.node(o.Of) + map[bool]string{false: " ASC", true: " DESC"}[o.Descending] +
			map[bool]string{false: " NULLS FIRST", true: " NULLS LAST"}[o.NullsLast]
	}
	return strings.Join(all, ", ")
}

func (w *writer) node(n Node) string {
	switch n := n.(type) {
	case Column:
		parts := make([]string, len(n.Path))
		for i, p := range n.Path {
			parts[i] = quote(p)
		}
		return strings.Join(parts, ".")
	case Literal:
		return literal(n.Value)
	case Text:
		return n.SQL
	case As:
		return w.node(n.Of) + " AS " + quote(n.Name)
	case CastTo:
		return "CAST(" + w.node(n.Of) + " AS " + duckType(n.Type) + ")"
	case When:
		out := "CASE"
		for _, p := range n.Pairs {
			out += " WHEN " + w.node(p[0]) + " THEN " + w.node(p[1])
		}
		if n.Else != nil {
			out += " ELSE " + w.node(n.Else)
		}
		return out + " END"
	case Windowed:
		return w.windowed(n)
	case Call:
		return w.call(n, "")
	}
	return "NULL" // Err has refused it
}

// call writes a call, over a window where one is given.
func (w *writer) call(c Call, over string) string {
	args := make([]string, len(c.Args))
	for i, a := range c.Args {
		args[i] = w.node(a)
	}
	switch {
	case c.Name == "in":
		return "(" + args[0] + " IN (" + strings.Join(args[1:], ", ") + "))" + over
	case c.Name == "like" && strings.Contains(args[1], `\`): // with ESCAPE no statistics are asked
		return "(" + args[0] + " LIKE " + args[1] + ` ESCAPE '\')`
	}
	written, ok := duckFunctions[c.Name]
	if !ok {
		if c.Distinct {
			args[0] = "DISTINCT " + args[0]
		}
		return c.Name + "(" + strings.Join(args, ", ") + ")" + over
	}
	places := []string{"$over", over}
	for i, a := range args {
		places = append(places, "$"+strconv.Itoa(i+1), a)
	}
	out := "(" + strings.NewReplacer(places...).Replace(written) + ")"
	if !strings.Contains(written, "$over") {
		out += over
	}
	return out
}

func (w *writer) windowed(n Windowed) string {
	var parts []string
	if len(n.Partition) > 0 {
		parts = append(parts, "PARTITION BY "+w.list(n.Partition))
	}
	if len(n.Order) > 0 {
		parts = append(parts, "ORDER BY "+w.orders(n.Order))
	}
	if n.Rows != nil {
		parts = append(parts, "ROWS BETWEEN "+bound(n.Rows[0])+" AND "+bound(n.Rows[1]))
	}
	over := " OVER (" + strings.Join(parts, " ") + ")"
	if c, ok := n.Of.(Call); ok {
		return w.call(c, over)
	}
	return w.node(n.Of) + over
}

func bound(n int64) string {
	switch {
	case n <= UnboundedPreceding:
		return "UNBOUNDED PRECEDING"
	case n >= UnboundedFollowing:
		return "UNBOUNDED FOLLOWING"
	case n < 0:
		return fmt.Sprintf("%d PRECEDING", -n)
	case n > 0:
		return fmt.Sprintf("%d FOLLOWING", n)
	}
	return "CURRENT ROW"
}

// duckType is how DuckDB calls a type of Spark SQL.
func duckType(t string) string {
	switch strings.ToLower(t) {
	case "timestamp", "timestamp_ltz":
		return "TIMESTAMP WITH TIME ZONE"
	case "timestamp_ntz":
		return "TIMESTAMP"
	}
	return t
}

// literal writes a constant.
func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	case []byte:
		return "from_hex('" + hex.EncodeToString(v) + "')"
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "CAST('" + strconv.FormatFloat(v, 'g', -1, 64) + "' AS DOUBLE)"
		}
		return "CAST(" + strconv.FormatFloat(v, 'e', -1, 64) + " AS DOUBLE)"
	case int64:
		return fmt.Sprintf("CAST(%d AS BIGINT)", v)
	case time.Time:
		return "CAST('" + v.UTC().Format("2006-01-02 15:04:05.999999") + "+00' AS TIMESTAMP WITH TIME ZONE)"
	case Day:
		return fmt.Sprintf("DATE '%04d-%02d-%02d'", v.Year, int(v.Month), v.Day)
	case Exact:
		return string(v)
	}
	return fmt.Sprint(v)
}
