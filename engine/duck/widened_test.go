package duck

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/sweep"
)

// widening is a column that was of one type and is of another now. Conditions are held against values
// of both types, with places between them: what the wide type can say and the narrow one cannot.
type widening struct {
	from, to   string   // Delta types
	old, young []string // SQL values of the old files, and of the new one
	between    []string // constants of conditions
}

var widenings = []widening{
	{"tinyint", "smallint", []string{"-128", "1", "127"}, []string{"-129", "128", "32767"}, []string{"127", "128", "-129", "300"}},
	{"tinyint", "int", []string{"-128", "1", "127"}, []string{"128", "2147483647"}, []string{"127", "128", "2147483647", "-1"}},
	{"tinyint", "bigint", []string{"-128", "1", "127"}, []string{"128", "9223372036854775807"}, []string{"127", "9223372036854775807", "2147483648"}},
	{"smallint", "int", []string{"-32768", "7"}, []string{"32768"}, []string{"7", "32768", "-32769"}},
	{"smallint", "bigint", []string{"-32768", "7"}, []string{"32768"}, []string{"7", "32768", "5000000000"}},
	{"int", "bigint", []string{"-2147483648", "7"}, []string{"2147483648"}, []string{"7", "2147483648", "-2147483649"}},
	{"tinyint", "double", []string{"1", "2", "3"}, []string{"1.5"}, []string{"1.5", "2.5", "2", "0.9", "1e300"}},
	{"smallint", "double", []string{"1", "2", "3"}, []string{"1.5"}, []string{"1.5", "2.5", "2", "40000.5"}},
	{"int", "double", []string{"1", "2", "3"}, []string{"1.5"}, []string{"1.5", "2.5", "2", "3e9"}},
	{"float", "double", []string{"0.1", "0.2"}, []string{"0.1", "0.15"}, []string{"0.1", "0.15", "0.10000000149011612", "'nan'::double", "1e300"}},
	{"decimal(5,2)", "decimal(12,4)", []string{"1.25", "-999.99"}, []string{"1.2504"}, []string{"1.25", "1.2504", "1.2496", "12345678.1234"}},
	{"decimal(5,2)", "decimal(38,10)", []string{"1.25", "-999.99"}, []string{"1.2500000001"}, []string{"1.25", "1.2500000001", "1.2549"}},
	{"decimal(18,0)", "decimal(20,2)", []string{"7", "999999999999999999"}, []string{"7.01"}, []string{"7", "7.01", "6.99", "7.5"}},
	{"tinyint", "decimal(11,1)", []string{"7", "-128"}, []string{"7.1"}, []string{"7", "7.1", "6.9", "7.5", "200"}},
	{"smallint", "decimal(11,1)", []string{"7", "-32768"}, []string{"7.1", "1234567890.5"}, []string{"7", "7.1", "6.9", "7.5", "40000"}},
	{"int", "decimal(12,2)", []string{"7", "2147483647"}, []string{"7.01"}, []string{"7", "7.01", "6.99", "7.5", "3000000000"}},
	{"bigint", "decimal(22,1)", []string{"7", "9223372036854775807"}, []string{"7.1"}, []string{"7", "7.1", "6.9", "7.5"}},
	{"date", "timestamp_ntz", []string{"'2020-01-01'", "'2020-01-02'"}, []string{"'2020-01-01 10:00:00'"},
		[]string{"'2020-01-01 10:00:00'", "'2020-01-01'", "'2020-01-01 23:59:59.999999'", "'1999-12-31 00:00:00.5'"}},
}

// TestEveryWidening promises that widenings has each change of a type that the protocol allows, decimals of one kind standing for all.
func TestEveryWidening(t *testing.T) {
	kind := func(typ schema.Type) string {
		if _, ok := typ.(schema.Decimal); ok {
			return "decimal"
		}
		return typ.String()
	}
	tried := map[string]bool{}
	for _, w := range widenings {
		from, err := schema.ParseType(w.from)
		to, err2 := schema.ParseType(w.to)
		if err != nil || err2 != nil || !schema.Widens(from, to) {
			t.Errorf("%s to %s is no widening", w.from, w.to)
			continue
		}
		tried[kind(from)+" to "+kind(to)] = true
	}
	types := []schema.Type{schema.String, schema.Long, schema.Integer, schema.Short, schema.Byte, schema.Float, schema.Double, schema.Boolean, schema.Binary, schema.Date,
		schema.Timestamp, schema.TimestampNTZ, schema.Decimal{Precision: 5, Scale: 2}, schema.Decimal{Precision: 38, Scale: 10}}
	for _, from := range types {
		for _, to := range types {
			if schema.Widens(from, to) && !tried[kind(from)+" to "+kind(to)] {
				t.Errorf("no test of %s to %s", from, to)
			}
		}
	}
}

// TestFiltersOnWidenedColumns promises that a condition keeps the rows for which it is true, whatever
// type a file keeps its column as: the same condition in the SELECT list, over all rows, is the judge.
func TestFiltersOnWidenedColumns(t *testing.T) {
	t.Parallel()
	for i, w := range sweep.Sample(widenings, sweep.Of(7, len(widenings), len(widenings))) {
		for _, many := range []bool{false, true} {
			if testing.Short() && many != (i%2 == 0) { // each in one of both
				continue
			}
			t.Run(fmt.Sprintf("%s to %s, many files %v", w.from, w.to, many), func(t *testing.T) {
				e := w.open(t, many)
				columns := []string{"v", "s.v", "l[1]"}
				if many {
					columns = columns[:1]
				}
				for _, column := range columns {
					w.filters(t, e, column)
				}
				w.joins(t, e)
			})
		}
	}
}

// filters holds each condition in WHERE against the same in the SELECT list.
func (w widening) filters(t *testing.T, e *Engine, column string) {
	t.Helper()
	conditions := w.conditions(t, column)
	judge := collect(t, e, "SELECT id, "+strings.Join(conditions, ", ")+" FROM t ORDER BY id")
	for i, where := range conditions {
		var want []string
		for _, row := range judge {
			if cells := strings.Split(row, "|"); cells[i+1] == "true" {
				want = append(want, cells[0])
			}
		}
		if got := collect(t, e, "SELECT id FROM t WHERE "+where+" ORDER BY id"); !slices.Equal(got, want) {
			t.Errorf("WHERE %s: got ids %v, want %v", where, got, want)
		}
	}
}

// open makes a table of old files, one or more than a view compares, and a new one.
func (w widening) open(t *testing.T, many bool) *Engine {
	t.Helper()
	l := newLake(t)
	select1 := func(id int, typ, value string) string {
		v := "CAST(" + value + " AS " + sqlType(t, typ) + ")"
		return fmt.Sprintf("SELECT %d AS id, %s AS v, {'v': %s} AS s, [%s] AS l", id, v, v, v)
	}
	copies := 1
	if many {
		copies = installFew + 2
	}
	var files []file
	id := 0
	for range copies {
		var old []string
		for _, v := range append(w.old, "NULL") {
			old = append(old, select1(id, w.from, v))
			id++
		}
		files = append(files, file{sql: strings.Join(old, " UNION ALL ")})
	}
	for _, v := range w.young {
		files = append(files, file{sql: select1(id, w.to, v)})
		id++
	}
	f := l.add("t", fmt.Sprintf("id int, v %[1]s, s struct<v:%[1]s>, l array<%[1]s>", w.to), files)
	change := map[string]any{"delta.typeChanges": []any{map[string]any{"fromType": w.from, "toType": w.to}}}
	f.meta.Schema.Fields[1].Metadata = change
	f.meta.Schema.Fields[2].Type.(*schema.Struct).Fields[0].Metadata = change
	f.meta.Schema.Fields[3].Metadata = change
	return l.open()
}

func sqlType(t *testing.T, name string) string {
	typ, err := schema.ParseType(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := tablefile.QueryType(typ)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (w widening) conditions(t *testing.T, column string) []string {
	var out []string
	operators := []string{"=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM"}
	if column != "v" || testing.Short() {
		operators = []string{"=", "<", ">="}
	}
	for _, c := range w.between {
		value := "CAST(" + c + " AS " + sqlType(t, w.to) + ")"
		for _, op := range operators {
			out = append(out, column+" "+op+" "+value)
		}
		if column != "v" {
			continue
		}
		out = append(out, column+" IN ("+value+", "+"CAST("+w.old[0]+" AS "+sqlType(t, w.to)+"))",
			column+" BETWEEN "+value+" AND "+value, column+" = "+value+" OR "+column+" IS NULL")
	}
	return append(out, column+" IS NULL", column+" IS NOT NULL")
}

// joins asks by values that come from another table, whose least and greatest DuckDB moves into the
// scan, and for the first rows and the extremes, which it finds from what a scan has seen.
func (w widening) joins(t *testing.T, e *Engine) {
	t.Helper()
	typ := sqlType(t, w.to)
	for _, c := range w.between {
		value := "CAST(" + c + " AS " + typ + ")"
		got := collect(t, e, "SELECT id FROM t JOIN (SELECT "+value+" AS k) ON v = k ORDER BY id")
		want := collect(t, e, "SELECT id FROM (SELECT id, v = "+value+" AS holds FROM t ORDER BY id LIMIT 1000000) WHERE holds ORDER BY id")
		if !slices.Equal(got, want) {
			t.Errorf("JOIN on %s: got ids %v, want %v", c, got, want)
		}
	}
	got := collect(t, e, "SELECT v FROM t ORDER BY v NULLS LAST LIMIT 3")
	want := collect(t, e, "SELECT v FROM (SELECT v FROM t ORDER BY id LIMIT 1000000) ORDER BY v NULLS LAST")
	if !slices.Equal(got, want[:3]) {
		t.Errorf("first three: got %v, want %v", got, want[:3])
	}
	got = collect(t, e, "SELECT min(v), max(v), sum(id) FROM t")
	want = collect(t, e, "SELECT min(v), max(v), sum(id) FROM (SELECT v, id FROM t ORDER BY id LIMIT 1000000)")
	if !slices.Equal(got, want) {
		t.Errorf("extremes: got %v, want %v", got, want)
	}
}
