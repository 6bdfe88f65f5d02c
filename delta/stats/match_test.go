package stats

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/sweep"
)

func TestOrder(t *testing.T) {
	// Each list is in ascending order; values inside a group are equal.
	for _, list := range [][][]Value{
		{{math.Inf(-1)}, {int64(-1 << 63), -0x1p63}, {-1.5, decimal("-1.50")}, {int64(0), math.Copysign(0, -1), 0.0, decimal("0.00")},
			{decimal("0.1")}, {0.1}, {int64(1), 1.0}, {int64(1<<53 + 1)}, {0x1p53 + 2}, {math.MaxFloat64}, {math.Inf(1)}, {math.NaN()}},
		{{""}, {"a"}, {"a\x00"}, {"b"}, {"\u007f"}, {"é"}, {"\U0010ffff"}},
		{{[]byte{}}, {[]byte{0}}, {[]byte{255}}},
		{{false}, {true}},
		{{date("1969-12-31")}, {timestamp("1969-12-31 23:00")}, {date("1970-01-01"), timestamp("1970-01-01")}, {timestamp("1970-01-01 00:00:00.000001")}},
	} {
		for i, x := range list {
			for j, y := range list {
				for _, a := range x {
					for _, b := range y {
						got, ok := Order(a, b)
						want := min(1, max(-1, i-j))
						if !ok || got != want {
							t.Errorf("Order(%v %T, %v %T): got %d %v, want %d", a, a, b, b, got, ok, want)
						}
					}
				}
			}
		}
	}
	for _, c := range [][2]Value{{nil, nil}, {int64(1), nil}, {int64(1), "1"}, {date("2024-01-01"), int64(1)}, {true, "true"}, {Decimal{}, int64(0)}} {
		if got, ok := Order(c[0], c[1]); ok {
			t.Errorf("Order(%v, %v): got %d, want no order", c[0], c[1], got)
		}
	}
}

func TestMatches(t *testing.T) {
	file := File{NumRecords: 10, TightBounds: true, Columns: []Column{
		{Path: []string{"a"}, Min: int64(10), Max: int64(20), NullCount: 0},
		{Path: []string{"one"}, Min: int64(7), Max: int64(7), NullCount: 2},
		{Path: []string{"none"}, NullCount: 10},
		{Path: []string{"f"}, Min: 1.0, NullCount: 0},
		{Path: []string{"o", "s"}, Min: "abc", Max: "abd\x7f", NullCount: -1},
		{Path: []string{"bad"}, Min: int64(9), Max: int64(1), NullCount: 0},
	}}
	partition := func(path []string) (Value, bool) {
		switch path[0] {
		case "p":
			return "x", true
		case "pnull":
			return nil, true
		}
		return nil, false
	}
	c := func(name string, op Op, v Value) Predicate { return Compare{[]string{name}, op, v} }
	os := []string{"o", "s"}
	for _, x := range []struct {
		p    Predicate
		want bool
	}{
		{nil, true}, {And{}, true}, {Or{}, false}, {Unknown{}, true}, {Not{Unknown{}}, true},
		{c("a", EQ, int64(9)), false}, {c("a", EQ, int64(10)), true}, {c("a", EQ, 20.5), false}, {c("a", LT, int64(10)), false},
		{c("a", LE, int64(10)), true}, {c("a", GT, int64(20)), false}, {c("a", GE, decimal("20.0")), true}, {c("a", NE, int64(10)), true},
		{Not{c("a", GE, int64(10))}, false}, {Not{c("a", GT, int64(10))}, true}, {c("a", EQ, nil), false}, {Not{c("a", EQ, nil)}, false},
		{c("a", EQ, "text"), true}, {c("a", Op("~"), int64(1)), true},
		{c("one", NE, int64(7)), false}, {Not{c("one", EQ, int64(7))}, false}, {IsNull{[]string{"one"}}, true}, {Not{IsNull{[]string{"one"}}}, true},
		{c("none", EQ, int64(1)), false}, {c("none", NE, int64(1)), false}, {Not{IsNull{[]string{"none"}}}, false}, {IsNull{[]string{"a"}}, false},
		{c("f", GT, 1e300), true}, {c("f", LT, 1.0), false}, {c("f", EQ, math.NaN()), true}, {c("f", GT, math.NaN()), false}, {c("f", LE, math.NaN()), true},
		{Compare{os, EQ, "abc"}, true}, {Compare{os, EQ, "abe"}, false}, {Compare{os, EQ, "abdx"}, true}, {Compare{os, LT, "abc"}, false},
		{IsNull{os}, true}, {Not{IsNull{os}}, true},
		{In{[]string{"a"}, []Value{int64(1), int64(30)}}, false}, {In{[]string{"a"}, []Value{int64(1), int64(15)}}, true},
		{In{[]string{"a"}, []Value{nil}}, false}, {Not{In{[]string{"a"}, []Value{int64(1), nil}}}, false}, {Not{In{[]string{"a"}, []Value{int64(1)}}}, true},
		{Not{In{[]string{"one"}, []Value{int64(7)}}}, false}, {In{[]string{"a"}, nil}, false},
		{c("p", EQ, "x"), true}, {c("p", NE, "x"), false}, {IsNull{[]string{"p"}}, false}, {Not{c("p", GT, "a")}, false},
		{c("pnull", EQ, "x"), false}, {IsNull{[]string{"pnull"}}, true}, {Not{IsNull{[]string{"pnull"}}}, false},
		{And{c("a", EQ, int64(15)), c("p", EQ, "y")}, false}, {Or{c("a", EQ, int64(5)), c("p", EQ, "x")}, true},
		{And{c("a", EQ, int64(15)), Unknown{}}, true}, {Or{c("a", EQ, int64(5)), Unknown{}}, true}, {And{c("a", EQ, int64(5)), Unknown{}}, false},
		{Not{And{c("a", GE, int64(10)), c("p", EQ, "x")}}, false}, {Not{Or{c("a", LT, int64(10)), c("p", EQ, "y")}}, true},
		{c("other", EQ, int64(1)), true}, {IsNull{[]string{"other"}}, true}, {c("bad", EQ, int64(5)), true},
	} {
		if got := Matches(x.p, file, partition); got != x.want {
			t.Errorf("Matches(%#v): got %v, want %v", x.p, got, x.want)
		}
	}
	unknown := File{NumRecords: -1, Columns: []Column{{Path: []string{"a"}, NullCount: -1}}}
	for _, p := range []Predicate{IsNull{[]string{"a"}}, Not{IsNull{[]string{"a"}}}, c("a", EQ, int64(1)), Not{c("a", EQ, int64(1))}} {
		if !Matches(p, unknown, nil) {
			t.Errorf("Matches(%#v) of a file of which nothing is known: got false, want true", p)
		}
	}
	if Matches(nil, File{}, nil) || Matches(Unknown{}, File{}, nil) {
		t.Error("Matches of a file without rows: got true, want false")
	}
}

// world makes random files and predicates over three columns: a, b and the partition column p.
type world struct {
	*rand.Rand
	values [][]Value // by column, the values it draws from
}

func newWorld(seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	kinds := [][]Value{
		{nil, int64(-1), int64(0), int64(1), int64(2), int64(3)},
		{nil, -1.0, math.Copysign(0, -1), 0.0, 0.5, 2.0, math.Inf(1), math.NaN()},
		{nil, "", "a", "ab", "abcdef", "abcdeg", "b\U0010ffff\U0010ffffc", "é"},
		{nil, decimal("-1.0"), decimal("0.00"), decimal("0.5"), Decimal{big.NewInt(2), 0}},
		{nil, timestamp("2024-01-01"), timestamp("2024-01-01 00:00:00.000500"), timestamp("2024-01-01 00:00:00.001"), date("2024-01-01")},
		{nil, false, true},
		{nil, []byte("a"), []byte{255}},
	}
	w := &world{Rand: r}
	for range 3 {
		w.values = append(w.values, kinds[r.IntN(len(kinds))])
	}
	return w
}

var worldPaths = [][]string{{"a"}, {"b", "c"}, {"p"}}

func pick[T any](w *world, from []T) T { return from[w.IntN(len(from))] }

func (w *world) predicate(depth int) Predicate {
	at := w.IntN(3)
	path := worldPaths[at]
	switch n := w.IntN(8); {
	case depth > 0 && n < 2:
		return And{w.predicate(depth - 1), w.predicate(depth - 1)}
	case depth > 0 && n < 4:
		return Or{w.predicate(depth - 1), w.predicate(depth - 1)}
	case depth > 0 && n < 6:
		return Not{w.predicate(depth - 1)}
	case n == 6:
		return IsNull{path}
	case n == 7:
		return In{path, []Value{pick(w, w.values[at]), pick(w, w.values[at])}}
	}
	return Compare{path, pick(w, []Op{EQ, NE, LT, LE, GT, GE}), pick(w, w.values[at])}
}

// rows makes a file's rows and the statistics a writer would give them, now and then with less
// known or looser than it is.
func (w *world) rows() ([][3]Value, File) {
	rows := make([][3]Value, 1+w.IntN(4))
	p := pick(w, w.values[2])
	for i := range rows {
		rows[i] = [3]Value{pick(w, w.values[0]), pick(w, w.values[1]), p}
	}
	f := File{NumRecords: int64(len(rows)), TightBounds: w.IntN(4) > 0}
	for at := range 2 {
		c := Column{Path: worldPaths[at]}
		nan := false
		for _, row := range rows {
			v := row[at]
			if v == nil {
				c.NullCount++
				continue
			}
			if x, ok := v.(float64); ok && math.IsNaN(x) {
				nan = true
				continue
			}
			if o, ok := Order(v, c.Min); c.Min == nil || ok && o < 0 {
				c.Min = v
			}
			if o, ok := Order(v, c.Max); c.Max == nil || ok && o > 0 {
				c.Max = v
			}
		}
		if nan {
			c.Max = nil
		}
		switch w.IntN(8) {
		case 0:
			c.Min = nil
		case 1:
			c.Max = nil
		case 2:
			c.NullCount = -1
		case 3:
			continue
		}
		f.Columns = append(f.Columns, c)
	}
	if !f.TightBounds { // a deletion vector hides some rows
		rows = rows[:1+w.IntN(len(rows))]
	}
	f.Truncate(3)
	return rows, f
}

func TestMatchesIsSound(t *testing.T) {
	// A sixth of the files at least are to be skipped: a test that skips none says nothing.
	skipped, seeds := 0, sweep.Of(20_000, 60_000, 2_000_000)
	for seed := range uint64(seeds) {
		w := newWorld(seed)
		rows, f := w.rows()
		p := w.predicate(3)
		partition := func(path []string) (Value, bool) { return rows[0][2], path[0] == "p" }
		if Matches(p, f, partition) {
			continue
		}
		skipped++
		for _, row := range rows {
			if Eval(p, func(path []string) Value {
				return row[slices.IndexFunc(worldPaths, func(q []string) bool { return slices.Equal(q, path) })]
			}) {
				t.Fatalf("seed %d: row %v matches %#v, but the file is skipped: %+v", seed, row, p, f)
			}
		}
	}
	if skipped < seeds/6 {
		t.Errorf("got %d files skipped, want more: the test proves nothing", skipped)
	}
}

func TestTruncate(t *testing.T) {
	pair := "\U0001F600" // two UTF-16 units
	for _, c := range []struct {
		text      string
		prefix    int
		low, high Value
	}{
		{"abc", 3, "abc", "abc"}, {"abcd", 3, "abc", "abc\x7f"}, {"abc\x7f", 3, "abc", "abc\x7f"}, {"abcé", 3, "abc", "abc\U0010ffff"},
		{"ab" + pair + "cd", 3, "ab" + pair, "ab" + pair + "\x7f"}, {"a" + pair + "cd", 3, "a" + pair + "c", "a" + pair + "\x7f"},
		{"abc\U0010ffffz", 3, "abc", "abc\U0010ffff\x7f"}, {"abc\U0010ffff", 3, "abc", "abc\U0010ffff"},
		{"abc\U0010ffff\U0010ffff\U0010ffffz", 3, "abc", nil}, {"abc", 0, "", nil}, {"", 0, "", ""}, {"éééé", 4, "éééé", "éééé"}, {"abc\xff", 3, "abc", nil},
	} {
		f := File{Columns: []Column{{Min: c.text, Max: c.text}, {Min: int64(1), Max: int64(2)}}}
		f.Truncate(c.prefix)
		if got := f.Columns[0]; got.Min != c.low || got.Max != c.high {
			t.Errorf("Truncate(%q, %d): got %q, %q; want %q, %q", c.text, c.prefix, got.Min, got.Max, c.low, c.high)
		}
		once := f.Columns[0]
		if f.Truncate(c.prefix); f.Columns[0].Min != once.Min || f.Columns[0].Max != once.Max {
			t.Errorf("Truncate(%q, %d) twice: got %q, %q", c.text, c.prefix, f.Columns[0].Min, f.Columns[0].Max)
		}
		if got := f.Columns[1]; got.Min != int64(1) || got.Max != int64(2) {
			t.Errorf("Truncate changed a number: got %v", got)
		}
	}
}

func TestPartition(t *testing.T) {
	for _, c := range []struct {
		t    schema.Type
		v    Value
		text string // "" is null
	}{
		{schema.String, nil, ""}, {schema.String, "a b/ü", "a b/ü"}, {schema.Boolean, true, "true"}, {schema.Boolean, false, "false"},
		{schema.Byte, int64(-128), "-128"}, {schema.Long, int64(math.MinInt64), "-9223372036854775808"}, {schema.Double, 1e300, "1e+300"},
		{schema.Float, float64(float32(0.1)), "0.1"}, {schema.Double, math.Inf(-1), "-Infinity"}, {schema.Double, 5.0, "5.0"},
		{schema.Decimal{Precision: 10, Scale: 2}, decimal("-0.05"), "-0.05"}, {schema.Date, date("0001-01-01"), "0001-01-01"},
		{schema.Date, date("9999-12-31"), "9999-12-31"}, {schema.Timestamp, timestamp("2024-01-01 00:00:00.123456"), "2024-01-01T00:00:00.123456Z"},
		{schema.TimestampNTZ, timestamp("1969-12-31 23:59:59.999999"), "1969-12-31 23:59:59.999999"}, {schema.Binary, []byte("\x01\x02"), "\x01\x02"},
	} {
		got, err := FormatPartition(c.t, c.v)
		if err != nil || (got == nil) != (c.text == "") || got != nil && *got != c.text {
			t.Errorf("FormatPartition(%s, %v): got %v, %v; want %q", c.t, c.v, got, err, c.text)
			continue
		}
		back, err := ParsePartition(c.t, got)
		if err != nil || !reflect.DeepEqual(back, c.v) {
			t.Errorf("ParsePartition(%s, %q): got %v, %v; want %v", c.t, c.text, back, err, c.v)
		}
	}
	if got, err := FormatPartition(schema.String, ""); got != nil || err != nil {
		t.Errorf("FormatPartition of the empty string: got %v, %v; want null", got, err)
	}
	if got, err := ParsePartition(schema.Timestamp, ptr("2024-01-01 12:00:00")); err != nil || got != timestamp("2024-01-01T12:00:00Z") {
		t.Errorf("ParsePartition: got %v, %v", got, err)
	}
	if got, err := ParsePartition(schema.Double, ptr("NaN")); err != nil || !math.IsNaN(got.(float64)) {
		t.Errorf("ParsePartition(NaN): got %v, %v", got, err)
	}
	for _, c := range []struct {
		t    schema.Type
		text string
	}{{schema.Integer, "x"}, {schema.Byte, "300"}, {schema.Boolean, "1"}, {schema.Date, "2023-02-29"}, {schema.Timestamp, "2024-01-01 25:00:00"},
		{schema.Decimal{Precision: 5, Scale: 1}, "1e99999"}, {schema.Void, "x"}} {
		if got, err := ParsePartition(c.t, &c.text); err == nil {
			t.Errorf("ParsePartition(%s, %q): got %v, want an error", c.t, c.text, got)
		}
	}
	for text, v := range map[string]Value{"-0044-03-15": date("-0044-03-15"), "0000-12-31": date("0001-01-01") - 1, "+10000-01-01": date("9999-12-31") + 1} {
		for _, value := range []Value{v, Timestamp(int64(v.(Date)) * 86400e6)} {
			if got, err := FormatPartition(schema.TimestampNTZ, value); err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("FormatPartition(%v): got %v, %v, want an error with the value", value, got, err)
			}
		}
		if back, err := ParsePartition(schema.Date, &text); err != nil || back != v { // of others
			t.Errorf("ParsePartition(%s): got %v, %v", text, back, err)
		}
	}
	for _, v := range []Value{[]byte{255}, "\xff", 7} {
		if got, err := FormatPartition(schema.Binary, v); err == nil {
			t.Errorf("FormatPartition(%v): got %q, want an error", v, *got)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestDates(t *testing.T) {
	for days := -800_000; days < 3_700_000; days += 37 {
		d := Date(days)
		if got, ok := ParseDate(d.String()); !ok || got != d {
			t.Fatalf("ParseDate(%s): got %d %v, want %d", d, got, ok, d)
		}
	}
	for _, text := range []string{"", "2024", "2024-13-01", "2024-00-01", "2023-02-29", "2024-1-", "2024-01-01x", "99999999-01-01", "24-01-01"} {
		if got, ok := ParseDate(text); ok {
			t.Errorf("ParseDate(%q): got %s, want none", text, got)
		}
	}
}

func TestIndexed(t *testing.T) {
	s := mustSchema(t, "a int, o struct<x int, y array<int>, z struct<w int>>, v void, `c,d` string, e int")
	for _, c := range []struct {
		properties map[string]string
		want       string
	}{
		{nil, "[a o.x o.y o.z.w `c,d` e]"},
		{map[string]string{"delta.dataSkippingNumIndexedCols": "3"}, "[a o.x o.y]"},
		{map[string]string{"delta.dataSkippingNumIndexedCols": "0"}, "[]"},
		{map[string]string{"delta.dataSkippingNumIndexedCols": "-1"}, "[a o.x o.y o.z.w `c,d` e]"},
		{map[string]string{"delta.dataSkippingNumIndexedCols": "many"}, "[a o.x o.y o.z.w `c,d` e]"},
		{map[string]string{"delta.dataSkippingNumIndexedCols": "0", "delta.dataSkippingStatsColumns": "o.z, E,`c,d`,gone"}, "[o.z.w `c,d` e]"},
		{map[string]string{"delta.dataSkippingStatsColumns": "gone"}, "[]"},
	} {
		if got := Indexed(s, c.properties); fmt.Sprint(got) != c.want || got == nil {
			t.Errorf("Indexed(%v): got %s, want %s", c.properties, got, c.want)
		}
	}
	wide := &schema.Struct{}
	for i := range 40 {
		wide.Fields = append(wide.Fields, schema.Field{Name: fmt.Sprint("c", i), Type: schema.Long})
	}
	if got := len(Indexed(wide, nil)); got != 32 {
		t.Errorf("Indexed: got %d columns, want 32", got)
	}
}
