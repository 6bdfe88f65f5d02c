package tablefile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
)

// ViolationError says that a row breaks a rule of its table.
type ViolationError struct {
	Table      string // key of its folder
	Constraint string // its name; empty where Column must not be null, or is too long
	Column     string
	Length     string // varchar(n) or char(n), where text of the column is longer
	Row        string // an example, as JSON
}

// shownRow is how many bytes of an example are in a message.
const shownRow = 500

func (e *ViolationError) Error() string {
	row := e.Row
	if len(row) > shownRow {
		row = strings.ToValidUTF8(row[:shownRow], "") + "..."
	}
	if e.Length != "" {
		return fmt.Sprintf("table %s: column %s: text is longer than %s allows in the row %s", e.Table, e.Column, e.Length, row)
	}
	if e.Constraint == "" {
		return fmt.Sprintf("table %s: column %s: it must not be null, but is in the row %s", e.Table, e.Column, row)
	}
	return fmt.Sprintf("table %s: constraint %s: it is not true for the row %s", e.Table, e.Constraint, row)
}

// Hint says what to do.
func (e *ViolationError) Hint() string {
	if e.Length != "" {
		return "shorten the text, or make the column a string with Spark: ALTER TABLE t ALTER COLUMN c TYPE string; nothing was written"
	}
	return "correct or filter the rows, or change the rule in lakehouse.yaml; nothing was written"
}

// selection is the SELECT that turns the rows of a source into those of the table: cast, checked,
// sorted.
func (w *Writer) selection(source string, columns *schema.Struct) (string, error) {
	casts, err := w.casts(columns)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("SELECT " + w.outputs() + " FROM (SELECT " + strings.Join(casts, ", ") + " FROM " + source)
	if losses := w.losses(columns); w.Aside && len(losses) > 0 {
		var lost []string
		for _, l := range losses {
			lost = append(lost, "("+l.broken+")")
		}
		b.WriteString(" WHERE NOT coalesce(" + strings.Join(lost, " OR ") + ", false)")
	}
	b.WriteString(") AS row_")
	check, err := w.check()
	if err != nil {
		return "", err
	}
	if check != "" {
		b.WriteString(" WHERE " + check)
	}
	if len(w.Spec.SortBy) > 0 {
		b.WriteString(" ORDER BY " + identifiers(w.names(append(slices.Clone(w.Spec.PartitionBy), w.Spec.SortBy...))))
	}
	return b.String(), nil
}

// outputs are the columns of a data file, and the number of the partition it belongs to.
func (w *Writer) outputs() string {
	if len(w.Spec.PartitionBy) == 0 {
		return "*"
	}
	var list, texts []string
	for _, f := range fileColumns(w.Spec) {
		list = append(list, duckdb.QuoteIdent(f.Name))
	}
	for _, name := range w.names(w.Spec.PartitionBy) {
		texts = append(texts, "CAST("+duckdb.QuoteIdent(name)+" AS VARCHAR)")
	}
	return strings.Join(list, ", ") + ", " + w.partitions.SQL(texts...) + " AS " + w.partitionColumn()
}

func (w *Writer) casts(columns *schema.Struct) ([]string, error) {
	table, rows := w.Spec.Schema.Names(), columns.Names()
	for _, f := range columns.Fields {
		if table.Index(f.Name) < 0 {
			return nil, &SchemaError{Column: f.Name, Found: f.Type}
		}
	}
	var casts []string
	for _, f := range w.Spec.Schema.Fields {
		if f.Type == schema.Void {
			continue
		}
		to, err := QueryType(f.Type)
		if err != nil {
			return nil, err
		}
		from := "NULL"
		if i := rows.Index(f.Name); i >= 0 {
			from = duckdb.QuoteIdent(columns.Fields[i].Name)
			switch found := columns.Fields[i].Type; {
			case assignable(found, f.Type):
				casts = append(casts, w.exactly(f, from, to, found)+" AS "+duckdb.QuoteIdent(f.Name))
				continue
			case w.Untyped && found == schema.Integer: // or NULL, which DuckDB describes so
				from = "CASE WHEN " + from + " IS NOT NULL THEN error(" + duckdb.Quote(violated+fmt.Sprintf("type %q", f.Name)) + ") END"
			default:
				return nil, &SchemaError{Column: f.Name, Expected: f.Type, Found: found}
			}
		} else if !f.Nullable {
			return nil, &SchemaError{Column: f.Name, Expected: f.Type}
		}
		casts = append(casts, "CAST("+from+" AS "+to+") AS "+duckdb.QuoteIdent(f.Name))
	}
	return casts, nil
}

// violated begins the messages by which a check in SQL names what was broken.
const violated = "petalake rule "

// rule is what each row of a table keeps to: kind null with the path of a column, length with a column, or constraint with its name.
type rule struct{ broken, kind, name string }

// rules are those of the table. Void columns are not in a row; a constraint is broken unless it is true.
func (w *Writer) rules() (rules []rule, err error) {
	notNull("", "true", w.Spec.Schema, func(path, when string) { rules = append(rules, rule{"coalesce(" + when + ", false)", "null", path}) })
	for _, f := range w.Spec.Schema.Fields {
		long, err := tooLong("row_."+duckdb.QuoteIdent(f.Name), f)
		if err != nil {
			return nil, err
		}
		if long != "" {
			rules = append(rules, rule{long, "length", f.Name})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Spec.Constraints)) {
		rules = append(rules, rule{"NOT coalesce((" + w.Spec.Constraints[name] + "\n), false)", "constraint", name})
	}
	return rules, nil
}

// check is a condition that fails with an error naming the rule and a row, or is true; where rows that break a rule are aside
// it is false for them.
func (w *Writer) check() (string, error) {
	rules, err := w.rules()
	if err != nil {
		return "", err
	}
	var whens []string
	for _, r := range rules {
		then := "error(" + duckdb.Quote(violated+r.kind+" "+fmt.Sprintf("%q ", r.name)) + " || to_json(row_))"
		if w.Aside {
			then = "false"
		}
		whens = append(whens, "WHEN "+r.broken+" THEN "+then)
	}
	if len(whens) == 0 {
		return "", nil
	}
	return "CASE " + strings.Join(whens, " ") + " ELSE true END", nil
}

// Broken is the SQL that finds the rows of a source, which has these columns, that do not fit, or break a rule of the table: the value
// of an expression over the source, why, and the row of the source as JSON.
func (w *Writer) Broken(source string, columns *schema.Struct, expression string) (string, error) {
	aside := w.Aside
	w.Aside = true
	casts, err := w.casts(columns)
	w.Aside = aside
	if err != nil {
		return "", err
	}
	rules, err := w.rules()
	if err != nil {
		return "", err
	}
	place, loss, row := duckdb.QuoteIdent(w.Unused("petalake_place")), duckdb.QuoteIdent(w.Unused("petalake_loss")), duckdb.QuoteIdent(w.Unused("petalake_row"))
	whens := []string{"WHEN " + loss + " IS NOT NULL THEN " + loss}
	for _, r := range rules {
		reason := "constraint " + r.name + ": it is not true"
		switch r.kind {
		case "null":
			reason = "column " + r.name + ": it must not be null"
		case "length":
			reason = "column " + r.name + ": text is longer than " + w.limit(r.name) + " allows"
		}
		whens = append(whens, "WHEN "+r.broken+" THEN "+duckdb.Quote(reason))
	}
	lost := "NULL"
	if losses := w.losses(columns); len(losses) > 0 {
		lost = "CASE"
		for _, l := range losses {
			lost += " WHEN " + l.broken + " THEN " + duckdb.Quote("column "+l.name+": "+l.kind)
		}
		lost += " END"
	}
	var values []string
	for _, f := range columns.Fields {
		values = append(values, duckdb.Quote(f.Name)+": "+duckdb.QuoteIdent(f.Name))
	}
	inner := "SELECT " + strings.Join(casts, ", ") + ", " + expression + " AS " + place + ", " + lost + "::VARCHAR AS " + loss + ", to_json({" + strings.Join(values, ", ") + "})::VARCHAR AS " + row + " FROM " + source
	return "SELECT * FROM (SELECT " + place + ", CASE " + strings.Join(whens, " ") + " END AS reason_, " + row + " FROM (" + inner + ") AS row_) WHERE reason_ IS NOT NULL", nil
}

// losses are the conditions over the columns of a source under which a value would be another one in the table, or none: for each the
// reason as kind and the column as name.
func (w *Writer) losses(columns *schema.Struct) (losses []rule) {
	names := columns.Names()
	for _, f := range w.Spec.Schema.Fields {
		i := names.Index(f.Name)
		source, ok := w.sourceType(f.Name)
		to, err := QueryType(f.Type)
		if i < 0 || !ok || err != nil || !assignable(columns.Fields[i].Type, f.Type) {
			continue
		}
		if lost := w.lost(f, duckdb.QuoteIdent(columns.Fields[i].Name), to, source, columns.Fields[i].Type); lost != "" {
			losses = append(losses, rule{lost, fmt.Sprintf("as a %s it would be another value", f.Type), f.Name})
		}
	}
	return losses
}

// notNull yields the fields that must not be null with the condition under which they wrongly are:
// a field of a struct that is itself null breaks nothing.
func notNull(prefix, present string, s *schema.Struct, yield func(path, when string)) {
	for _, f := range s.Fields {
		at := duckdb.QuoteIdent(f.Name)
		name := f.Name
		if prefix != "" {
			at = prefix + "." + at
			name = strings.ReplaceAll(at, `"`, "")
		}
		if !f.Nullable && f.Type != schema.Void {
			yield(name, present+" AND row_."+at+" IS NULL")
		}
		if inner, ok := f.Type.(*schema.Struct); ok {
			notNull(at, "row_."+at+" IS NOT NULL", inner, yield)
		}
	}
}

// violation recognises the error of a check, or of a cast that exactly refused.
func (w *Writer) violation(err error) error {
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return err
	}
	_, text, ok := strings.Cut(e.Message, violated)
	if !ok {
		return err
	}
	var kind, name string
	if n, _ := fmt.Sscanf(text, "%s %q", &kind, &name); n != 2 {
		return err
	}
	if kind == "type" {
		return &SchemaError{Column: name, Expected: w.Spec.Schema.Fields[w.Spec.Schema.Index(name)].Type, Found: schema.Integer}
	}
	row := strings.TrimSpace(strings.TrimPrefix(text, fmt.Sprintf("%s %q", kind, name)))
	if kind == "value" {
		return w.loss(name, row)
	}
	switch kind {
	case "null":
		return &ViolationError{Table: w.Spec.Root, Column: name, Row: row}
	case "length":
		return &ViolationError{Table: w.Spec.Root, Column: name, Length: w.limit(name), Row: row}
	}
	return &ViolationError{Table: w.Spec.Root, Constraint: name, Row: row}
}
