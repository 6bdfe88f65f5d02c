package petalake_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/frame"
	"github.com/petalake/petalake/internal/compare"
	"github.com/petalake/petalake/internal/sweep"
)

var (
	plans    = flag.Int("plans", 0, "how many random programs run on two engines; 0: as many as the kind of run has")
	planSeed = flag.Uint64("planseed", 1, "the seed of the first of them")
)

// randomTables makes tables of random rows, the same for the same seed, some without any.
func randomTables(t *testing.T, lake *petalake.Lake) []relation {
	d := &dice{Rand: rand.New(rand.NewPCG(0, 0))}
	duck := mustOn(t, lake, "duckdb")
	var out []relation
	for n, rows := range []int{0, 1, 7, 20, 60} {
		table := fmt.Sprintf("r%d", n)
		r := relation{Frame: frame.Table(table), rows: rows, columns: []column{
			{value{kind: boolKind}, "b"}, {value{kind: intKind, bound: 1000}, "i"}, {value{kind: intKind, bound: 1e12}, "l"},
			{value{kind: decimalKind, bound: 1e5, whole: 7, scale: 2}, "d"}, {value{kind: decimalKind, bound: 1e9, whole: 14, scale: 4}, "e"},
			{value{kind: doubleKind, bound: 1000, even: true}, "f"}, {value{kind: textKind}, "s"}, {value{kind: dateKind}, "day"}, {value{kind: timeKind}, "at"},
		}}
		sql := "CREATE OR REPLACE TABLE " + table + " (b boolean, i int, l bigint, d decimal(9,2), e decimal(18,4), f double, s string, day date, at timestamp)"
		sparkRows(t, duck, sql)
		if rows == 0 {
			out = append(out, r)
			continue
		}
		var lines []string
		for range rows {
			lines = append(lines, "("+strings.Join(d.row(), ", ")+")")
		}
		sparkRows(t, duck, "INSERT INTO "+table+" VALUES "+strings.Join(lines, ", "))
		out = append(out, r)
	}
	return out
}

// row is one of a random table, in SQL.
func (d *dice) row() []string {
	day, at := pick(d, days...), pick(d, times...)
	row := []string{
		pick(d, "true", "false"), fmt.Sprint(pick(d, -1, 0, 1, 2, 3, 7, 1000)), fmt.Sprint(pick(d, int64(0), 1, 2, 3, 7, 1_000_000_000_000, -5)),
		pick(d, "0.00", "1.50", "-2.25", "99999.99", "3.00"), pick(d, "0.0000", "1.5000", "-2.2500", "123456789.1234", "3.0001"),
		"CAST('" + pick(d, "0", "-0", "NaN", "Infinity", "-Infinity", "0.5", "-1.25", "1000", "3") + "' AS DOUBLE)", "'" + strings.ReplaceAll(pick(d, words...), "'", "''") + "'",
		fmt.Sprintf("DATE '%04d-%02d-%02d'", day.Year, day.Month, day.Day), "TIMESTAMPTZ '" + at.Format("2006-01-02 15:04:05.999999+00") + "'",
	}
	for i := range row {
		if d.IntN(6) == 0 {
			row[i] = "NULL"
		}
	}
	return row
}

// randomPlans promises that random programs give the same rows on DuckDB and on the Spark of a lake, and
// in the same order where they end with one. Of a program that does not, the smallest part that does not is shown.
func randomPlans(t *testing.T, lake *petalake.Lake, server string) {
	tables := randomTables(t, lake)
	duck, err := lake.Frames("duckdb")
	if err != nil {
		t.Fatal(err)
	}
	spark, err := lake.Frames("spark")
	if err != nil {
		t.Fatal(err)
	}
	wrong, empty := 0, 0
	programs := cmp.Or(*plans, sweep.Of(40, 40, 600)) // 40 have each step of a frame several times
	for seed := *planSeed; seed < *planSeed+uint64(programs) && wrong < 5; seed++ {
		d := &dice{Rand: rand.New(rand.NewPCG(seed, 0)), tables: tables}
		r := d.program(1 + d.IntN(6))
		rows, differs := differ(t.Context(), duck, spark, r.Frame, r.ordered, server)
		if differs == "" {
			if rows == 0 {
				empty++
			}
			continue
		}
		wrong++
		f := r.Frame
		for _, part := range parts(f.Plan) { // the smallest first
			if _, said := differ(t.Context(), duck, spark, frame.Frame{Plan: part}, false, server); said != "" {
				f, differs = frame.Frame{Plan: part}, said
				break
			}
		}
		sql, _ := frame.DuckSQL(f)
		t.Errorf("program %d (again: -plans 1 -planseed %[1]d): %s\n%s", seed, differs, sql)
	}
	if programs >= 10 && empty > programs/2 {
		t.Errorf("%d of %d programs gave no rows, want fewer than half", empty, programs)
	}
}

// differ says how many rows a frame has, and how those of the engines differ, "" where they do not.
func differ(ctx context.Context, duck, spark frame.Engine, f frame.Frame, ordered bool, server string) (rows int64, differs string) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	a, err := duck.Rows(ctx, f)
	if err != nil {
		return 0, fmt.Sprintf("DuckDB: %v", err)
	}
	defer a.Release()
	b, err := spark.Rows(ctx, f)
	if err != nil {
		return 0, fmt.Sprintf("%s: %v", server, err)
	}
	defer b.Release()
	r, err := compare.Rows(ctx, a, b, compare.Options{A: "DuckDB", B: server, Ordered: ordered})
	if err != nil {
		return 0, err.Error()
	}
	notes := slices.DeleteFunc(r.Notes, func(n string) bool { // DuckDB says so of a null that it has computed beforehand
		return strings.Contains(n, "an integer on DuckDB, and a decimal on")
	})
	return r.Rows, strings.Join(append(notes, r.Difference), "")
}

// parts are the plans that a plan is made of, itself at last: each comes after its own parts.
func parts(p frame.Plan) (all []frame.Plan) {
	switch p := p.(type) {
	case frame.Project:
		all = parts(p.From)
	case frame.Where:
		all = parts(p.From)
	case frame.Combine:
		all = append(parts(p.Left), parts(p.Right)...)
		if p.Using != nil {
			return all // the order of its columns is the engine's
		}
	case frame.Aggregate:
		all = parts(p.From)
	case frame.Head:
		all = parts(p.From)
	case frame.Sorted:
		all = parts(p.From)
	case frame.Set:
		all = append(parts(p.Left), parts(p.Right)...)
	case frame.Unique:
		all = parts(p.From)
	case frame.Named:
		all = parts(p.From)
	case frame.Added:
		all = parts(p.From)
	case frame.Without:
		all = parts(p.From)
	case frame.Renamed:
		all = parts(p.From)
	}
	return append(all, p)
}
