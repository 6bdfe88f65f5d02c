package proof

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// readers are the programs that must see in a table what petalake sees.
func readers() []string { return []string{"spark", "deltalake", "polars"} }

// by reads a version with one of the readers.
func (p place) by(t *testing.T, reader string, at delta.When) rows {
	t.Helper()
	o := others(t)
	r := request{Do: reader, Table: p.path, Version: at.Version}
	if reader == "spark" {
		r = request{Do: reader, SQL: []string{"select * from " + p.sql() + asOf(at)}}
	}
	got, err := o.rows(r)
	if err != nil {
		t.Fatalf("%s: %v", reader, err)
	}
	return got
}

// asOf is what SQL says after a table's name to mean a version of it.
func asOf(at delta.When) string {
	if at.Version == nil {
		return ""
	}
	return fmt.Sprintf(" version as of %d", *at.Version)
}

// seen promises that everyone reads exactly these rows in a version of the table.
func (p place) seen(t *testing.T, at delta.When, want rows, readers ...string) {
	t.Helper()
	t.Run("petalake", func(t *testing.T) { p.scan(t, at, nil).want(t, want) })
	t.Run("petalake sql", func(t *testing.T) { p.query(t, "select * from "+p.table.Root()+asOf(at)).want(t, want) })
	for _, reader := range readers {
		t.Run(reader, func(t *testing.T) { p.by(t, reader, at).want(t, want) })
	}
}

const everyColumn = `id bigint, i int, s smallint, b tinyint, f float, d double, bool boolean, text string, bytes binary,
	day date, at timestamp, dec decimal(10,2), big decimal(38,18), small decimal(18,0),
	nested struct<x:int,inner:struct<y:string,z:double>>, list array<int>, lists array<array<string>>,
	map map<string,bigint>, deep array<struct<k:string,v:map<int,date>>>`

const everyRow = `[
	{"id": 1, "i": 2147483647, "s": 32767, "b": 127, "f": 3.4028235e38, "d": 1.7976931348623157e308, "bool": true,
	 "text": "z\u0000é漢😀\n\"", "bytes": "AP+AfwA=", "day": "9999-12-31", "at": "9999-12-31 23:59:59.999999Z",
	 "dec": "99999999.99", "big": "99999999999999999999.999999999999999999", "small": "999999999999999999",
	 "nested": {"x": 1, "inner": {"y": "a", "z": 0.1}}, "list": [1, null, 3], "lists": [["a"], [], null, [null]],
	 "map": [{"key": "a", "value": 1}, {"key": "b", "value": null}],
	 "deep": [{"k": "x", "v": [{"key": 1, "value": "2020-02-29"}]}, null]},
	{"id": 2, "i": -2147483648, "s": -32768, "b": -128, "f": -1.4e-45, "d": 5e-324, "bool": false,
	 "text": "", "bytes": "", "day": "0001-01-01", "at": "0001-01-01 00:00:00.000000Z",
	 "dec": "-99999999.99", "big": "-99999999999999999999.999999999999999999", "small": "-999999999999999999",
	 "nested": {"x": null, "inner": null}, "list": [], "lists": [], "map": [], "deep": []},
	{"id": 3, "at": "1969-12-31 23:59:59.999999Z", "day": "1969-12-31", "f": "NaN", "d": "NaN", "dec": "0.00"},
	{"id": 4, "at": "1582-10-10 12:00:00.000001Z", "day": "1582-10-10", "f": "+Inf", "d": "-Inf", "nested": {"x": 7, "inner": {"y": null, "z": null}}},
	{"id": 9223372036854775807},
	{"id": -9223372036854775808, "d": -0.0, "f": -0.0}
]`

// TestEveryType promises values and types that every reader sees as they were written.
func TestEveryType(t *testing.T) {
	others(t)
	p := newPlace(t)
	s := columns(t, everyColumn)
	p.create(t, delta.Metadata{Schema: s})
	p.append(t, everyRow)
	want := expect(t, s, everyRow)
	t.Run("rows of Go", func(t *testing.T) { p.seen(t, latest, want, readers()...) })
	t.Run("rows of SQL", func(t *testing.T) {
		copied := p.named("copied")
		p.copy(t, "select * from t", copied)
		copied.seen(t, latest, want, readers()...)
		copied.sound(t)
	})
	p.sound(t)
}

// TestTimestampWithoutZone is apart because it makes a table of a newer protocol.
func TestTimestampWithoutZone(t *testing.T) {
	others(t)
	p := newPlace(t)
	s := columns(t, "id int, at timestamp_ntz, zoned timestamp")
	text := `[{"id": 1, "at": "2026-03-29 02:30:00.000001", "zoned": "2026-03-29 02:30:00Z"}, {"id": 2},
		{"id": 3, "at": "0001-01-01 00:00:00"}, {"id": 4, "at": "9999-12-31 23:59:59.999999"}]`
	p.create(t, delta.Metadata{Schema: s})
	p.append(t, text)
	p.seen(t, latest, expect(t, s, text), readers()...)
}

// TestPartitions promises that partition values of every type come back as they were, whatever
// characters they have.
func TestPartitions(t *testing.T) {
	o := others(t)
	p := newPlace(t)
	s := columns(t, "id bigint, text string, n int, day date, at timestamp, dec decimal(10,2), flag boolean, d double")
	text := `[
		{"id": 1, "text": "plain", "n": 1, "day": "2026-01-01", "at": "2026-01-01 00:00:00Z", "dec": "1.50", "flag": true, "d": 0.5},
		{"id": 2, "text": "a b/c=d%e:f#g?h+é漢😀'\"\\", "n": -1, "day": "1582-10-10", "at": "1969-12-31 23:59:59.999999Z", "dec": "-0.01", "flag": false, "d": -1e300},
		{"id": 3, "text": null, "n": null, "day": null, "at": null, "dec": null, "flag": null, "d": null},
		{"id": 4, "text": "%20", "n": 2147483647, "day": "9999-12-31", "at": "2026-06-01 12:34:56.789Z", "dec": "99999999.99", "flag": true, "d": 3},
		{"id": 5, "text": "plain", "n": 1, "day": "2026-01-01", "at": "2026-01-01 00:00:00Z", "dec": "1.50", "flag": true, "d": 0.5}
	]`
	p.create(t, delta.Metadata{Schema: s, PartitionColumns: []string{"text", "n", "day", "at", "dec", "flag", "d"}})
	p.append(t, text)
	want := expect(t, s, text)
	p.seen(t, latest, want, readers()...)
	p.sound(t)
	t.Run("rows of SQL", func(t *testing.T) {
		copied := p.named("copied")
		p.copy(t, "select * from t", copied)
		copied.seen(t, latest, want, readers()...)
		copied.sound(t)
	})
	for where, want := range map[string]string{
		"text = 'plain'": "2", "n < 0": "1", "day is null": "1", "at = timestamp'2026-06-01 12:34:56.789'": "1",
		"dec > 1": "3", "not flag": "1", "text = '%20'": "1", "d = 0.5": "2",
	} {
		got := o.query(t, "select count(*) as n from "+p.sql()+" where "+where)
		got.want(t, rows{schema: "n bigint", rows: []string{want}})
	}
}

// TestVersions promises that every version stays what it was, after overwriting all and a part.
func TestVersions(t *testing.T) {
	o := others(t)
	p := newPlace(t)
	s := columns(t, "part string, id int")
	var want []rows
	keep := func() { want = append(want, p.scan(t, latest, nil)) }
	p.create(t, delta.Metadata{Schema: s, PartitionColumns: []string{"part"}})
	keep()
	p.append(t, `[{"part": "a", "id": 1}, {"part": "b", "id": 2}, {"part": null, "id": 3}]`)
	keep()
	p.overwrite(t, nil, `[{"part": "a", "id": 4}, {"part": "b", "id": 5}]`)
	keep()
	p.overwrite(t, stats.Compare{Path: []string{"part"}, Op: stats.EQ, Value: "b"}, `[{"part": "b", "id": 6}, {"part": "b", "id": 7}]`)
	keep()
	if got := want[3].rows; len(got) != 3 {
		t.Fatalf("after replacing part b: got %v, want 3 rows", got)
	}
	for v := range want {
		t.Run(fmt.Sprint("version ", v), func(t *testing.T) { p.seen(t, version(int64(v)), want[v], readers()...) })
	}
	history, err := o.rows(request{Do: "spark", SQL: []string{"describe history " + p.sql()},
		Select: []string{"version", "operation", "operationParameters.mode as mode"}})
	if err != nil {
		t.Fatal(err)
	}
	history.want(t, rows{schema: "version bigint, operation string, mode string", rows: []string{
		`0, "CREATE TABLE", null`, `1, "WRITE", "Append"`, `2, "WRITE", "Overwrite"`, `3, "WRITE", "Overwrite"`,
	}})
}

// TestCheckpoint promises a table that is whole without the commits before its checkpoint.
func TestCheckpoint(t *testing.T) {
	others(t)
	p := newPlace(t)
	s := columns(t, "part date, id bigint, text string, at timestamp, dec decimal(38,2), s struct<x:int>")
	p.create(t, delta.Metadata{Schema: s, PartitionColumns: []string{"part"}, Configuration: map[string]string{"delta.checkpointInterval": "10"}})
	for i := range 25 {
		p.append(t, fmt.Sprintf(`[{"part": "2026-01-%02d", "id": %d, "text": "t%d", "at": "2026-01-01 00:00:%02d.123456Z", "dec": "%d.25", "s": {"x": %d}}]`, i%5+1, i, i, i, i, i))
	}
	p.overwrite(t, nil, `[{"part": null, "id": -1}]`)
	for i := range 7 {
		p.append(t, fmt.Sprintf(`[{"part": "2026-02-01", "id": %d}]`, i))
	}
	want := p.scan(t, latest, nil)
	if len(want.rows) != 8 {
		t.Fatalf("got %d rows, want 8", len(want.rows))
	}
	old := p.scan(t, version(21), nil)
	p.sound(t)
	log := filepath.Join(p.path, "_delta_log")
	for i := range 20 {
		if err := os.Remove(filepath.Join(log, fmt.Sprintf("%020d.json", i))); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range []int{20, 30} {
		if _, err := os.Stat(filepath.Join(log, fmt.Sprintf("%020d.checkpoint.parquet", v))); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("latest", func(t *testing.T) { p.seen(t, latest, want, readers()...) })
	t.Run("version 21", func(t *testing.T) { p.seen(t, version(21), old, readers()...) })
}

// TestEvolution promises that files of an older schema read as the table's newer one: with the
// added columns null, and with the narrower types widened.
func TestEvolution(t *testing.T) {
	others(t)
	evolve := func(t *testing.T, from, to string, rows ...string) (place, *schema.Struct) {
		p := newPlace(t)
		p.create(t, delta.Metadata{Schema: columns(t, from)})
		p.append(t, rows[0])
		p.update(t, func(x *delta.Txn) error {
			plan, err := schema.Conform(x.Schema(), columns(t, to), schema.Mode{AddColumns: true, Widen: true})
			if err != nil {
				return err
			}
			m := x.Snapshot().Metadata()
			m.Schema = plan.Schema
			if plan.Widened {
				m.Configuration = map[string]string{"delta.enableTypeWidening": "true"}
			}
			x.SetMetadata(m)
			return nil
		})
		p.append(t, rows[1])
		return p, p.snapshot(t, latest).Schema()
	}
	t.Run("columns", func(t *testing.T) {
		before := `[{"id": 1, "s": {"a": 1}}]`
		after := `[{"id": 2, "s": {"a": 2, "b": "two"}, "extra": "x"}]`
		p, s := evolve(t, "id int, s struct<a:int>", "id int, s struct<a:int,b:string>, extra string", before, after)
		want := expect(t, s, `[{"id": 1, "s": {"a": 1}}, {"id": 2, "s": {"a": 2, "b": "two"}, "extra": "x"}]`)
		p.seen(t, latest, want, readers()...)
	})
	t.Run("types", func(t *testing.T) {
		before := `[{"b": 1, "s": 2, "i": 3, "f": 1.5, "d": "1.25"}, {"b": -128, "i": null}]`
		after := `[{"b": 300, "s": 70000, "i": 5000000000, "f": 0.1, "d": "12345678901.250"}]`
		p, s := evolve(t, "b tinyint, s smallint, i int, f float, d decimal(4,2)", "b smallint, s int, i bigint, f double, d decimal(14,3)", before, after)
		want := expect(t, s, strings.TrimSuffix(before, "]")+","+strings.TrimPrefix(after, "["))
		// deltalake and Polars refuse the feature typeWidening.
		p.seen(t, latest, want, "spark")
	})
}

// TestSkipping promises statistics that lead no reader past a row it wants.
func TestSkipping(t *testing.T) {
	o := others(t)
	p := newPlace(t)
	s := columns(t, "id bigint, text string, d double, ts timestamp, day date, dec decimal(20,4), s struct<x:int>")
	p.create(t, delta.Metadata{Schema: s})
	long := strings.Repeat("prefix", 10)
	for i := range 8 {
		p.append(t, fmt.Sprintf(`[
			{"id": %[1]d, "text": "%[2]s%[1]d", "d": %[1]d.5, "ts": "2026-01-0%[3]d 00:00:00.000999Z", "day": "2026-01-0%[3]d", "dec": "%[1]d.0001", "s": {"x": %[1]d}},
			{"id": %[1]d0, "text": "%[2]s%[1]d\uD83D\uDE00", "d": "NaN", "ts": "2026-01-0%[3]d 23:59:59.999999Z", "s": {"x": null}},
			{"id": null, "text": null}]`, i, long, i+1))
	}
	copied := p.named("copied")
	p.copy(t, "select * from t", copied)
	for where, want := range map[string]int{
		"id = 3": 1, "id >= 30": 5, "id is null": 8, "text = '" + long + "4'": 1, "text > '" + long + "6'": 3,
		"d = double('NaN')": 8, "d > 1e300": 8, "d < 1": 1, "ts > timestamp'2026-01-08 23:59:59.999998'": 1,
		"ts = timestamp'2026-01-03 00:00:00.000999'": 1, "day = date'2026-01-05'": 1, "dec > 6.00005": 2,
		"s.x = 5": 1, "s.x is null": 16, "id in (1, 70)": 2, "not (id < 70)": 1, "text like '" + long + "2%'": 2,
	} {
		for _, p := range []place{p, copied} {
			from := " where " + where
			p.query(t, "select count(*) as n from "+p.table.Root()+strings.ReplaceAll(from, "double('NaN')", "'NaN'::double")).
				want(t, rows{"n bigint", []string{fmt.Sprint(want)}}, "petalake: ", p.table.Root(), from)
			o.query(t, "select count(*) as n from "+p.sql()+from).
				want(t, rows{"n bigint", []string{fmt.Sprint(want)}}, "spark: ", p.table.Root(), from)
		}
	}
}
