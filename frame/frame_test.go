package frame_test

import (
	"strings"
	"testing"

	"github.com/petalake/petalake/frame"
)

// TestDuckSQL promises the text of a frame, and that steps are put into one SELECT where they may.
func TestDuckSQL(t *testing.T) {
	orders := frame.Table("bronze.orders")
	col := frame.Col
	for want, f := range map[string]frame.Frame{
		`SELECT * FROM "bronze"."orders"`:                   orders,
		`SELECT * FROM "bronze"."orders" VERSION AS OF 3`:   frame.TableAt("bronze.orders", 3),
		`SELECT * FROM "a""b" TIMESTAMP AS OF '2024-01-02'`: frame.TableAsOf(`a"b`, "2024-01-02"),
		`SELECT "id", ("price" * CAST(2 AS BIGINT)) AS "twice" FROM "bronze"."orders" WHERE (("status" = 'it''s')) AND (("id" IS NOT NULL)) ORDER BY "id" DESC NULLS LAST LIMIT 3`: orders.
			Filter(col("status").Eq("it's")).Filter(col("id").IsNotNull()).Select(col("id"), col("price").Times(2).As("twice")).Sort(col("id").Desc()).Limit(3),
		`SELECT * FROM (SELECT * FROM "bronze"."orders" LIMIT 3) AS _1 WHERE (("id" > CAST(1 AS BIGINT)))`: orders.Limit(3).Filter(col("id").Gt(1)),
		`SELECT "o"."id" FROM "bronze"."orders" AS "o" LEFT JOIN "c" AS "c" ON (("o"."id" = "c"."id")) WHERE (("c"."id" IS NULL))`: orders.Alias("o").
			Join(frame.Table("c").Alias("c"), frame.Left, col("o", "id").Eq(col("c", "id"))).Filter(col("c", "id").IsNull()).Select(col("o", "id")),
		`SELECT "status", count(*) AS "n" FROM "bronze"."orders" GROUP BY 1`: orders.GroupBy(col("status")).Agg(frame.CountAll().As("n")),
	} {
		got, err := frame.DuckSQL(f)
		if err != nil || got != want {
			t.Errorf("got  %s, %v\nwant %s", got, err, want)
		}
	}
}

// TestMistakes promises that what is wrong in the making of a frame is told when it is run, all of it,
// by the name of the call.
func TestMistakes(t *testing.T) {
	for want, f := range map[string]frame.Frame{
		"frame: Table: an empty name":                       frame.Table(""),
		"frame: Select: no columns":                         frame.Table("t").Select(),
		"frame: Lit: a struct {} is no constant":            frame.Table("t").Filter(frame.Col("a").Eq(struct{}{})),
		"frame: In: no values":                              frame.Table("t").Filter(frame.Col("a").In()),
		`frame: Join: kind "outer": write inner, left`:      frame.Table("t").Join(frame.Table("u"), "outer", frame.Lit(true)),
		"frame: an empty frame: begin with Table or Select": frame.Frame{}.Limit(1),
		"frame: an empty expression: begin with Col or Lit": frame.Table("t").Select(frame.Expr{}),
		"frame: Substring: from 0, 2 characters":            frame.Table("t").Select(frame.Substring(frame.Col("a"), 0, 2)),
		"frame: Agg: no values":                             frame.Table("t").GroupBy(frame.Col("a")).Agg(),
	} {
		if _, err := frame.DuckSQL(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	_, err := frame.DuckSQL(frame.Table("").Filter(frame.Col("a").In()))
	if err == nil || strings.Count(err.Error(), "frame: ") != 2 {
		t.Errorf("two mistakes: got %v, want both", err)
	}
}
