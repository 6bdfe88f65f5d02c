package petalake_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/frame"
	"github.com/petalake/petalake/internal/compare"
)

// frames are programs that must give the same rows on both engines. t is the table of docs/dialects.md;
// those of TPC-H are there too.
func framePrograms() map[string]frame.Frame {
	col, lit := frame.Col, frame.Lit
	t := frame.Table("t")
	other := frame.Select("SELECT 1 AS i, 'one' AS name UNION ALL SELECT 3, 'three'")
	by := frame.Window{Partition: []frame.Expr{col("s")}, Order: []frame.Order{col("i").Asc()}}
	running := frame.Window{Order: []frame.Order{col("d").Asc()}, Rows: &[2]int64{frame.UnboundedPreceding, frame.CurrentRow}}
	near := frame.Window{Order: []frame.Order{col("d").Asc()}, Rows: &[2]int64{-1, 1}}
	n := t.Filter(col("i").IsNotNull())
	odd := n.Select(col("i").As(`a "b" c`), col("s").As("select"), col("x").As("it's"))
	return map[string]frame.Frame{
		"table":               t,
		"select":              t.Select(col("i"), col("i").Plus(1).As("more"), lit("c").As("c")),
		"filter":              t.Filter(col("i").Ge(1).And(col("x").Gt(0))),
		"two filters":         t.Filter(col("i").Ge(1)).Filter(col("s").IsNull().Not()),
		"or and not":          t.Filter(col("i").Eq(2).Or(col("s").Eq("C").Not())),
		"nulls":               t.Filter(col("i").IsNull().Or(col("x").IsNull())).Select(col("s"), frame.Coalesce(col("i"), lit(-1)).As("i")),
		"in":                  t.Filter(col("i").In(1, 7)).Select(col("i")),
		"between":             t.Filter(col("d").Between(frame.Day{Year: 2024, Month: time.January, Day: 1}, frame.Day{Year: 2024, Month: 12, Day: 31})).Select(col("s")),
		"like":                t.Filter(col("s").Like("a%")),
		"add":                 t.WithColumn("double", col("i").Times(2)).Filter(col("double").Gt(2)),
		"drop":                t.Drop("d", "x"),
		"rename":              t.Rename("i", "number").Select(col("number"), col("s")),
		"names":               odd.Filter(col(`a "b" c`).Gt(1)).Select(col("select"), col("it's")),
		"inner join":          t.Alias("a").Join(other.Alias("b"), frame.Inner, col("a", "i").Eq(col("b", "i"))).Select(col("a", "s"), col("b", "name"), col("a", "i"), col("b", "i").As("j")),
		"left join":           t.Alias("a").Join(other.Alias("b"), frame.Left, col("a", "i").Eq(col("b", "i"))).Select(col("a", "i"), col("b", "name")),
		"right join":          t.Alias("a").Join(other.Alias("b"), frame.Right, col("a", "i").Eq(col("b", "i"))).Select(col("b", "i"), col("a", "s")),
		"full join":           t.JoinUsing(other, frame.Full, "i").Select(col("i"), col("name"), col("s")),
		"semi join":           t.JoinUsing(other, frame.Semi, "i").Select(col("i")),
		"anti join":           t.Alias("a").Join(other.Alias("b"), frame.Anti, col("a", "i").Eq(col("b", "i"))).Select(col("s")),
		"cross join":          t.Alias("a").CrossJoin(t.Alias("b")).Select(col("a", "i"), col("b", "i").As("j")),
		"self join":           t.Alias("a").Join(t.Alias("b"), frame.Inner, col("a", "i").Lt(col("b", "i"))).Filter(col("b", "s").IsNull()).Select(col("a", "s")),
		"group":               t.GroupBy(col("s")).Agg(frame.Sum(col("i")).As("sum"), frame.CountAll().As("n"), frame.Count(col("x")).As("x")),
		"totals":              t.GroupBy().Agg(frame.Avg(col("x")).As("a"), frame.Min(col("d")).As("b"), frame.Max(col("s")).As("c"), frame.CountDistinct(col("i")).As("d"), frame.Stddev(col("y")).As("e")),
		"no rows":             t.Filter(lit(false)).GroupBy().Agg(frame.Sum(col("i")).As("sum"), frame.CountAll().As("n")),
		"having":              t.GroupBy(col("s")).Agg(frame.CountAll().As("n")).Filter(col("n").Ge(1)),
		"distinct":            t.Select(col("x").IsNull().As("x")).Distinct(),
		"sort, limit":         t.Sort(col("i").Asc()).Limit(2).Select(col("i")),
		"descending":          t.Sort(col("i").Desc(), col("s").Asc()).Limit(1),
		"offset":              t.Sort(col("i").Asc()).Offset(1),
		"after limit":         t.Sort(col("i").Asc()).Limit(2).Filter(col("i").IsNull()),
		"page":                t.Sort(col("i").Asc()).Offset(1).Limit(1),
		"union":               t.Select(col("i")).Union(other.Select(col("i"))),
		"by name":             t.Select(col("i"), col("s").As("name")).UnionByName(other.Select(col("name"), col("i"))),
		"intersect":           t.Select(col("i")).Intersect(other.Select(col("i"))),
		"except":              t.Select(col("i")).Except(other.Select(col("i"))),
		"numbers of a window": n.Select(col("i"), frame.RowNumber().Window(by).As("a"), frame.Rank().Window(by).As("b"), frame.DenseRank().Window(by).As("c")),
		"neighbours":          t.Select(col("d"), frame.Lag(col("i"), 1).Window(frame.Window{Order: []frame.Order{col("d").Asc()}}).As("a"), frame.Lead(col("i"), 1).Window(frame.Window{Order: []frame.Order{col("d").Asc()}}).As("b")),
		"running sum":         t.Select(col("d"), frame.Sum(col("i")).Window(running).As("a"), frame.Sum(col("i")).Window(near).As("b")),
		"case":                t.Select(frame.Case(col("i").Eq(1), "one").When(col("i").Gt(1), "more").Else("none").As("a"), frame.Case(col("i").Eq(1), 1).End().As("b")),
		"cast":                t.Select(col("x").Cast("decimal(10,3)").As("a"), col("i").Cast("string").As("b"), col("d").Cast("string").As("c"), frame.Floor(col("y")).Cast("int").As("d")),
		"constants":           t.Select(lit(nil).As("n"), lit(true).As("b"), lit(int32(5)).As("i"), lit(1.5).As("f"), lit("it's \\ \"x\"").As("s"), lit(frame.Exact("12.50")).As("d"), lit(frame.Day{Year: 2024, Month: 2, Day: 29}).As("day")),
		"arithmetic":          t.Select(col("i").Plus(1).As("a"), col("i").Minus(3).As("b"), col("x").Times(col("x")).As("c"), col("y").Over(4).As("d"), col("y").Over(0).As("e"), col("i").Mod(2).As("f")),
		"texts":               t.Select(frame.Upper(col("s")).As("a"), frame.Lower(col("s")).As("b"), frame.Length(col("s")).As("c"), frame.Trim(col("s")).As("d"), frame.Substring(col("s"), 2, 2).As("e"), frame.Concat(col("s"), lit("x")).As("f"), frame.Replace(col("s"), "a", "b").As("g"), frame.RegexpReplace(col("s"), "[a-b]", "z").As("h"), frame.Contains(col("s"), "b").As("i2"), frame.StartsWith(col("s"), "a").As("j"), frame.EndsWith(col("s"), "b").As("k"), frame.SplitPart(col("s"), " ", 1).As("l")),
		"functions":           t.Select(frame.Abs(col("x")).As("a"), frame.Ceil(col("y")).As("b"), frame.Sqrt(col("y")).As("c"), frame.Ln(col("y")).As("d"), frame.Exp(col("y")).As("e"), frame.Sign(col("x")).As("f"), frame.Round(col("y"), 0).As("g"), frame.Power(col("y"), 2).As("h"), frame.Greatest(col("i"), lit(2)).As("i2"), frame.Least(col("i"), lit(1)).As("j"), frame.NullIf(col("i"), 1).As("k")),
		"dates":               t.Select(frame.Year(col("d")).As("a"), frame.Month(col("d")).As("b"), frame.DayOf(col("d")).As("c"), frame.Quarter(col("d")).As("e"), frame.Week(col("d")).As("f"), frame.Weekday(col("d")).As("g"), frame.AddDays(col("d"), 3).As("h"), frame.AddMonths(col("d"), 1).As("i2"), frame.Days(lit(frame.Day{Year: 2024, Month: 1, Day: 1}), col("d")).As("j"), frame.LastDay(col("d")).As("k")),
		"lists":               t.GroupBy(col("s")).Agg(frame.CollectList(col("i")).As("a")),
		"times":               t.Select(frame.Hour(lit(time.Date(2024, 1, 5, 10, 30, 0, 0, time.UTC))).As("a"), lit(time.Date(2024, 1, 5, 10, 30, 0, 1000, time.UTC)).As("b")),
		"list of a window":    n.Select(col("i"), frame.CollectList(col("x")).Window(frame.Window{Order: []frame.Order{col("i").Asc()}}).As("a")),
		"list of no rows":     t.Filter(lit(false)).GroupBy().Agg(frame.CollectList(col("i")).As("a")),
		"sql":                 t.Select(frame.SQL("i * 2").As("a")).Filter(frame.SQL("a > 2")),
	}
}

// tpchFrames are queries of TPC-H as frames, by their number.
func tpchFrames() map[int]frame.Frame {
	col := frame.Col
	price := col("l_extendedprice").Times(frame.Lit(frame.Exact("1")).Minus(col("l_discount")))
	return map[int]frame.Frame{
		3: frame.Table("customer").Filter(col("c_mktsegment").Eq("BUILDING")).
			Join(frame.Table("orders"), frame.Inner, col("c_custkey").Eq(col("o_custkey"))).
			Join(frame.Table("lineitem"), frame.Inner, col("l_orderkey").Eq(col("o_orderkey"))).
			Filter(col("o_orderdate").Lt(frame.Day{Year: 1995, Month: 3, Day: 15}).And(col("l_shipdate").Gt(frame.Day{Year: 1995, Month: 3, Day: 15}))).
			GroupBy(col("l_orderkey"), col("o_orderdate"), col("o_shippriority")).Agg(frame.Sum(price).As("revenue")).
			Select(col("l_orderkey"), col("revenue"), col("o_orderdate"), col("o_shippriority")).
			Sort(col("revenue").Desc(), col("o_orderdate").Asc()).Limit(10),
		4: frame.Table("orders").Filter(col("o_orderdate").Ge(frame.Day{Year: 1993, Month: 7, Day: 1}).And(col("o_orderdate").Lt(frame.Day{Year: 1993, Month: 10, Day: 1}))).
			Join(frame.Table("lineitem").Filter(col("l_commitdate").Lt(col("l_receiptdate"))), frame.Semi, col("o_orderkey").Eq(col("l_orderkey"))).
			GroupBy(col("o_orderpriority")).Agg(frame.CountAll().As("order_count")).Sort(col("o_orderpriority").Asc()),
		6: frame.Table("lineitem").Filter(col("l_shipdate").Ge(frame.Day{Year: 1994, Month: 1, Day: 1}).And(col("l_shipdate").Lt(frame.Day{Year: 1995, Month: 1, Day: 1})).
			And(col("l_discount").Between(frame.Exact("0.05"), frame.Exact("0.07"))).And(col("l_quantity").Lt(24))).
			GroupBy().Agg(frame.Sum(col("l_extendedprice").Times(col("l_discount"))).As("revenue")),
	}
}

// framesOnBoth promises that a program with frames gives the same rows on DuckDB and on the Spark of a
// lake, or what stands for it, and those of the SQL that says the same.
func framesOnBoth(t *testing.T, lake *petalake.Lake, server string) {
	duck, err := lake.Frames("duckdb")
	if err != nil {
		t.Fatal(err)
	}
	onSpark, err := lake.Frames("spark")
	if err != nil {
		t.Fatal(err)
	}
	same := func(name string, f frame.Frame, other querier, sql string) {
		t.Helper()
		a, err := onSpark.Rows(t.Context(), f)
		if err != nil {
			t.Errorf("%s: %s: %v", name, server, err)
			return
		}
		defer a.Release()
		b, err := duck.Rows(t.Context(), f)
		if sql != "" {
			b, err = other.Query(t.Context(), sql)
		}
		if err != nil {
			t.Errorf("%s: DuckDB: %v", name, err)
			return
		}
		defer b.Release()
		r, err := compare.Rows(t.Context(), b, a, compare.Options{A: "DuckDB", B: server})
		if err != nil || r.Difference != "" || len(r.Notes) > 0 {
			text, _ := frame.DuckSQL(f)
			t.Errorf("%s: got %v %s %v\n%s", name, err, r.Difference, r.Notes, text)
		}
	}
	for name, f := range framePrograms() {
		same(name, f, nil, "")
	}
	for n, f := range tpchFrames() {
		same("query "+string(rune('0'+n)), f, mustOn(t, lake, "duckdb"), strings.TrimRight(tpchQuery(t, n), "; \n"))
		same("query "+string(rune('0'+n)), f, nil, "")
	}
	writesFrames(t, lake, duck, onSpark, "silver.from_duckdb")
	writesFrames(t, lake, onSpark, duck, "silver.from_spark")
	mergesFrames(t, lake, duck, onSpark)
	for _, f := range []frame.Frame{frame.Select("SELECT * FROM text.`/etc/passwd`"), frame.Table("t").Select(frame.SQL("reflect('java.lang.System', 'getenv', 'HOME')"))} {
		for name, on := range map[string]frame.Engine{"duckdb": duck, "spark": onSpark} {
			if r, err := on.Rows(t.Context(), f); err == nil {
				r.Release()
				t.Errorf("%s: %+v: ran, want a refusal", name, f)
			}
		}
	}
}

// writesFrames promises that rows are put into a table, which is made where there is none, and that the
// other engine sees at once what became of it, columns too.
func writesFrames(t *testing.T, lake *petalake.Lake, on, other frame.Engine, table string) {
	rows := frame.Table("t").Filter(frame.Col("i").IsNotNull()).Select(frame.Col("i"), frame.Col("s"))
	for _, w := range []frame.Write{{Table: table, PartitionBy: []string{"i"}}, {Table: table}} {
		if err := on.Write(t.Context(), rows, w); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	type row struct {
		Number int64 `frame:"i"`
		S      *string
	}
	for _, on := range []frame.Engine{on, other} {
		got, err := frame.Collect[row](t.Context(), on, frame.Table(table).Sort(frame.Col("i").Asc()))
		if err != nil || len(got) != 4 || got[0].Number != 1 || *got[0].S != "a b" || got[3].S != nil {
			t.Errorf("%s: got %+v, %v, want each row twice", table, got, err)
		}
	}
	if err := on.Write(t.Context(), rows.Select(frame.Col("s")), frame.Write{Table: table, Overwrite: true}); err != nil {
		t.Fatal(err)
	}
	for _, on := range []frame.Engine{on, other} {
		type text struct{ S *string }
		if got, err := frame.Collect[text](t.Context(), on, frame.Table(table)); len(got) != 2 || err != nil {
			t.Errorf("%s overwritten: got %d rows, %v, want 2", table, len(got), err)
		}
	}
	found, err := lake.Table(t.Context(), table)
	if err != nil {
		t.Fatal(err)
	}
	second, err := found.Snapshot(t.Context(), delta.When{Version: new(int64(1))})
	if err != nil {
		t.Fatal(err)
	}
	then := second.Time().Format("2006-01-02 15:04:05.000")
	for what, before := range map[string]frame.Frame{"version 1": frame.TableAt(table, 1), then: frame.TableAsOf(table, then)} {
		if n, err := frame.CountRows(t.Context(), on, before); n != 4 || err != nil {
			t.Errorf("%s at %s: got %d rows, %v, want 4", table, what, n, err)
		}
	}
	if s, err := found.Snapshot(t.Context(), delta.When{}); err != nil || s.Schema().Index("i") >= 0 {
		t.Errorf("%s overwritten: got %v, %v, want the new columns alone", table, s.Schema(), err)
	}
}

func mergesFrames(t *testing.T, lake *petalake.Lake, duck, onSpark frame.Engine) {
	col := frame.Col
	if err := onSpark.Write(t.Context(), frame.Select("SELECT * FROM VALUES (1, 'a'), (2, 'b'), (3, 'c') AS v(id, name)"), frame.Write{Table: "silver.merged"}); err != nil {
		t.Fatal(err)
	}
	m := frame.Merge{
		Into: "silver.merged", Source: frame.Select("SELECT * FROM VALUES (1, 'gone', true), (2, 'new', false), (9, 'more', false) AS v(id, name, drop)").Alias("s"),
		On:         col("merged", "id").Eq(col("s", "id")),
		Matched:    []frame.Action{{If: &[]frame.Expr{col("s", "drop")}[0], Delete: true}, {Set: map[string]frame.Expr{"name": col("s", "name")}}},
		NotMatched: []frame.Action{{Set: map[string]frame.Expr{"id": col("s", "id"), "name": frame.Upper(col("s", "name"))}}},
	}
	merge := func(m frame.Merge, want string) {
		t.Helper()
		if err := onSpark.Merge(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if got := sparkRows(t, mustOn(t, lake, "duckdb"), "select * from silver.merged order by id"); got != want {
			t.Errorf("merged: got %q, want %q", got, want)
		}
	}
	merge(m, "2|new\n3|c\n9|MORE\n")
	merge(frame.Merge{
		Into: "silver.merged", Source: frame.Select("SELECT * FROM VALUES (2, 'two', 22), (4, 'four', 44) AS v(id, name, more)").Alias("s"), On: col("merged", "id").Eq(col("s", "id")),
		Matched: []frame.Action{{}}, NotMatched: []frame.Action{{}}, NotInSource: []frame.Action{{Delete: true}}, EvolveSchema: true,
	}, "2|two|22\n4|four|44\n")
	var no *frame.UnsupportedError
	if err := duck.Merge(t.Context(), m); !errors.As(err, &no) || no.Hint() == "" {
		t.Errorf("merge on DuckDB: got %v, want that it cannot, with a hint", err)
	}
}
