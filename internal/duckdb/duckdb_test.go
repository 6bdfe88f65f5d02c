package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/internal/sweep"
)

func open(t testing.TB, o Options) *Conn {
	t.Helper()
	db, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	c, err := db.Conn()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestBatchesAreCoalesced(t *testing.T) {
	c := open(t, Options{})
	r, err := c.Query(t.Context(), "select i, 'row ' || i as s, [i, null] as l, {'a': i} as st from range(300000) t(i)")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	var sizes []int64
	next := int64(0)
	for r.Next() {
		b := r.RecordBatch()
		sizes = append(sizes, b.NumRows())
		ids, text := b.Column(0).(*array.Int64), b.Column(1).(*array.String)
		for i := range int(b.NumRows()) {
			if got, want := text.Value(i), fmt.Sprint("row ", next); ids.Value(i) != next || got != want {
				t.Fatalf("row %d: got %d, %q; want %q", next, ids.Value(i), got, want)
			}
			next++
		}
	}
	if err := r.Err(); err != nil || next != 300000 {
		t.Fatalf("got %d rows and %v, want 300000 and no error", next, err)
	}
	for _, n := range sizes[1 : len(sizes)-1] {
		if n < BatchRows {
			t.Errorf("batch sizes %v: those in the middle should be at least %d", sizes, BatchRows)
		}
	}
}

// TestTypes holds how each of DuckDB's types comes out in Arrow.
func TestTypes(t *testing.T) {
	c := open(t, Options{})
	for _, test := range []struct{ sql, kind, value string }{
		{"true", "bool", "true"},
		{"1::TINYINT", "int8", "1"},
		{"1::SMALLINT", "int16", "1"},
		{"1::INTEGER", "int32", "1"},
		{"1::BIGINT", "int64", "1"},
		{"170141183460469231731687303715884105727::HUGEINT", "decimal(38, 0)", "170141183460469231731687303715884105727"},
		{"sum(1::BIGINT)", "decimal(38, 0)", "1"},
		{"1.5::FLOAT", "float32", "1.5"},
		{"1.5::DOUBLE", "float64", "1.5"},
		{"-1.25::DECIMAL(9,2)", "decimal(9, 2)", "-1.25"},
		{"123456789012345678901234567.123::DECIMAL(38,3)", "decimal(38, 3)", "123456789012345678901234567.123"},
		{"'äöü'", "utf8", "äöü"},
		{`'\x00\xFF'::BLOB`, "binary", "AP8="},
		{"DATE '2024-02-29'", "date32", "2024-02-29"},
		{"TIMESTAMP '2024-02-29 01:02:03.123456'", "timestamp[us]", "2024-02-29T01:02:03.123456"},
		{"TIMESTAMPTZ '2024-02-29 01:02:03.123456+02'", "timestamp[us, tz=UTC]", "2024-02-28T23:02:03.123456Z"},
		{"[1, NULL]", "list<l: int32, nullable>", "[1,null]"},
		{"MAP {'a': 1}", "map<utf8, int32, items_nullable>", `[{"key":"a","value":1}]`},
		{"{'a': 1, 'b': {'c': 'x'}}", "struct<a: int32 nullable, b: struct<c: utf8 nullable> nullable>", `{"a":1,"b":{"c":"x"}}`},
		{"'a'::ENUM('a','b')", "dictionary<values=utf8, indices=uint8, ordered=false>", "a"},
		{"NULL::BIGINT", "int64", ""},
	} {
		r, err := c.Query(t.Context(), "select "+test.sql+" as v")
		if err != nil {
			t.Errorf("%s: %v", test.sql, err)
			continue
		}
		if got := r.Schema().Field(0).Type.String(); got != test.kind {
			t.Errorf("%s: type %s, want %s", test.sql, got, test.kind)
		}
		r.Next()
		if got := text(r.RecordBatch().Column(0), 0); got != test.value {
			t.Errorf("%s: got %s, want %s", test.sql, got, test.value)
		}
		r.Release()
	}
}

func TestErrorInTheMiddle(t *testing.T) {
	c := open(t, Options{Threads: 1})
	r, err := c.Query(t.Context(), "select case when i = 900000 then error('bang') else i end from range(1000000) t(i)")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	rows := int64(0)
	for r.Next() {
		rows += r.RecordBatch().NumRows()
	}
	var e *Error
	if !errors.As(r.Err(), &e) || e.Kind != Invalid || e.Message != "bang" {
		t.Errorf("got %d rows, then %v; want an invalid error 'bang'", rows, r.Err())
	}
	if _, err := c.Exec(t.Context(), "select 1"); err != nil {
		t.Errorf("the connection after a failed stream: %v", err)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	c := open(t, Options{Closed: true, AllowedDirs: []string{dir}, TempDir: t.TempDir()})
	for _, test := range []struct {
		sql          string
		kind         Kind
		line, column int
		message      string
	}{
		{"selec 1", Parser, 1, 1, `near "selec"`},
		{"select\n  nope", Binder, 2, 3, `"nope" was not found`},
		{"select " + strings.Repeat("1, ", 100) + "nope", Binder, 1, 308, `"nope" was not found`},
		{"select * from missing", Catalog, 1, 15, "missing does not exist"},
		{"select 'x'::INTEGER", Conversion, 1, 11, "Could not convert string 'x' to INT32"},
		{"select 200::TINYINT", Conversion, 0, 0, "out of range"},
		{"select * from read_csv('/etc/passwd')", Permission, 0, 0, "/etc/passwd"},
		{"attach '/tmp/x.db'", Permission, 0, 0, "disabled"},
		{"copy (select 1) to '/tmp/x.csv'", Permission, 0, 0, "/tmp/x.csv"},
		{"set threads=1", Invalid, 0, 0, "locked"},
		{"select * from read_csv('" + dir + "/none.csv')", IO, 0, 0, "none.csv"},
		{"install httpfs", Permission, 0, 0, "disabled"},
		{"", Parser, 0, 0, "no statement"},
		{"select $1", Binder, 0, 0, "1 parameters expected, 0 given"},
	} {
		_, err := c.Strings(t.Context(), test.sql)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an *Error", test.sql, err)
			continue
		}
		if e.Kind != test.kind || !strings.Contains(e.Message, test.message) || test.line > 0 && (e.Line != test.line || e.Column != test.column) {
			t.Errorf("%s: got %s at %d:%d %q, want %s at %d:%d %q", test.sql,
				e.Kind, e.Line, e.Column, e.Message, test.kind, test.line, test.column, test.message)
		}
	}
}

func TestCancel(t *testing.T) {
	c := open(t, Options{})
	for name, sql := range map[string]string{
		"aggregate": "select count(*) from range(100000000000) t(i) where hash(i) = 7",
		"stream":    "select i from range(100000000000) t(i) where hash(i) = 7",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		_, err := c.Strings(ctx, sql)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want the context's error", name, err)
		}
		if got, err := c.Scalar(t.Context(), "select 42"); err != nil || got != "42" {
			t.Errorf("%s: after it, select 42: got %q, %v", name, got, err)
		}
	}
}

func TestOpenStreamIsBusyAndCheapToStop(t *testing.T) {
	c := open(t, Options{})
	r, err := c.Query(t.Context(), "select i from range(100000000000) t(i)")
	if err != nil {
		t.Fatal(err)
	}
	if !r.Next() {
		t.Fatal(r.Err())
	}
	if _, err := c.Exec(t.Context(), "select 1"); !errors.Is(err, ErrBusy) {
		t.Errorf("a second statement: got %v, want ErrBusy", err)
	}
	r.Release()
	if _, err := c.Exec(t.Context(), "select 1"); err != nil {
		t.Errorf("after Release: %v", err)
	}
	if _, err = c.Query(t.Context(), "select i from range(100000000000) t(i)"); err != nil {
		t.Fatal(err)
	}
	c.Close() // with an open stream
	if _, err := c.Exec(t.Context(), "select 1"); err == nil {
		t.Error("a statement on a closed connection: got no error")
	}
}

func TestParameters(t *testing.T) {
	c := open(t, Options{})
	at := time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)
	rows, err := c.Strings(t.Context(), "select $1::INT, $2, $3::DOUBLE, $4, hex($5), $6::VARCHAR, $7, $8",
		7, "x'y\x00z", 2.5, true, []byte{0, 255}, at, []string{"a", "b"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"7", "x'y\x00z", "2.5", "true", "00FF", "2024-05-06 07:08:09.123456+00", `["a","b"]`, ""}
	for i, got := range rows[0] {
		if got != want[i] {
			t.Errorf("parameter %d: got %q, want %q", i+1, got, want[i])
		}
	}
	paths := make([]string, 100_000)
	for i := range paths {
		paths[i] = "/lake/table/part-" + strconv.Itoa(i)
	}
	if err := c.SetVariable(t.Context(), "files", paths); err != nil {
		t.Fatal(err)
	}
	if got, err := c.Scalar(t.Context(), "select getvariable('files')[100000]"); err != nil || got != paths[99999] {
		t.Errorf("the last path: got %q, %v; want %q", got, err, paths[99999])
	}
}

func TestDescribe(t *testing.T) {
	c := open(t, Options{})
	if _, err := c.Exec(t.Context(), "create table t(a int); create view v as from t"); err != nil {
		t.Fatal(err)
	}
	for sql, want := range map[string]bool{
		"select * from t": true, "from v": true, "with x as (select 1) select * from x": true, "values (1)": true,
		"describe t": true, "summarize t": true, "(select 1) union all select 2": true,
		"insert into t values (1)": false, "delete from t": false, "drop table t": false, "set threads=1": false,
		"copy t to 'x'": false, "create table u as select 1": false, "explain select 1": false, "begin": false,
	} {
		s, err := c.Describe(t.Context(), sql)
		if err != nil || s.Select != want {
			t.Errorf("%s: got select=%v, %v; want %v", sql, s.Select, err, want)
		}
	}
	s, err := c.Describe(t.Context(), "select a, 'x' as b from t where a > $1")
	if err != nil || s.Params != 1 || s.Schema == nil || s.Schema.Field(0).Type.ID() != arrow.INT32 || s.Schema.Field(1).Name != "b" {
		t.Errorf("got %+v, %v; want one parameter and the columns a, b", s, err)
	}
	if _, err := c.Describe(t.Context(), "select 1; drop table t"); err == nil {
		t.Error("two statements: got no error")
	}
}

func TestProgress(t *testing.T) {
	c := open(t, Options{Closed: true})
	if f, _, _ := c.Progress(); f >= 0 {
		t.Errorf("idle: got %v, want a negative fraction", f)
	}
	rows := sweep.Of(5_000_000, 20_000_000, 20_000_000)
	if _, err := c.Exec(t.Context(), fmt.Sprintf("create table t as select i from range(%d) t(i)", rows)); err != nil {
		t.Fatal(err)
	}
	done, seen := make(chan error), 0
	go func() {
		_, err := c.Exec(context.Background(), "select count(distinct hash(i) % 1000003) from t")
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			if seen == 0 {
				t.Error("no progress between start and end")
			}
			return
		case <-time.After(time.Millisecond):
			if f, rows, total := c.Progress(); f > 0 && f <= 1 && rows <= total {
				seen++
			}
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	c := open(t, Options{MemoryLimit: 50 << 20})
	_, err := c.Strings(t.Context(), "select i from range(50000000) t(i) order by hash(i) limit 1 offset 40000000")
	var e *Error
	if !errors.As(err, &e) || e.Kind != OutOfMemory || e.Hint() == "" {
		t.Errorf("got %v, want an out of memory error with a hint", err)
	}
	dir := t.TempDir()
	c = open(t, Options{MemoryLimit: 100 << 20, TempDir: dir})
	rows := sweep.Of(8_000_000, 30_000_000, 30_000_000) // of 16 bytes and more: above the limit
	if _, err := c.Exec(t.Context(), fmt.Sprintf("select i from range(%d) t(i) order by hash(i) limit 1 offset %d", rows, rows-1_000_000)); err != nil {
		t.Errorf("with a folder to spill to: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Errorf("spilled files are left: %v", left)
	}
}

func TestNoLeak(t *testing.T) {
	c := open(t, Options{Threads: 2})
	run := func(n int) {
		for range n {
			r, err := c.Query(t.Context(), "select i, 'some text ' || i, [i] from range(5000) t(i)")
			if err != nil {
				t.Fatal(err)
			}
			for r.Next() {
			}
			r.Release()
			if _, err := c.Exec(t.Context(), "select nope"); err == nil {
				t.Fatal("no error")
			}
			if err := c.SetVariable(t.Context(), "v", []string{"a", "b"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(300)
	before := residentKB(t)
	run(1500)
	if grown := residentKB(t) - before; grown > 30_000 {
		t.Errorf("1500 rounds grew the process by %d kB", grown)
	}
	if n := runtime.NumGoroutine(); n > 10 {
		t.Errorf("%d goroutines are left", n)
	}
}

func residentKB(t *testing.T) int {
	runtime.GC()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("the size of the process is read from /proc")
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	n, _ := strconv.Atoi(strings.Fields(after)[0])
	return n
}

func FuzzParseError(f *testing.F) {
	f.Add("Binder Error: no\n\nLINE 1: select x\n               ^", "select x")
	f.Add("Parser Error: no\n\nLINE 2: ...a, b\n        ^", "select\n a, b")
	f.Add("LINE 9: \n^", "")
	f.Fuzz(func(t *testing.T, msg, sql string) {
		e := parseErrorIn(msg, sql)
		if e.Column < 0 || e.Error() == "" {
			t.Errorf("got %+v", e)
		}
	})
}
