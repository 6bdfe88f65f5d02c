package duck

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/bench/tpch"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/spec"
)

// tpchLake makes the tables of TPC-H, of scale factor 0.1 or $PETALAKE_TPCH_SCALE.
func tpchLake(t testing.TB) *lake {
	t.Helper()
	tool, err := filepath.Abs("../../.tools/venv/bin/tpchgen-cli")
	if err == nil {
		_, err = os.Stat(tool)
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("tpchgen-cli: %v (scripts/tools installs it)", err)
		}
		t.Skipf("tpchgen-cli: %v (scripts/tools installs it)", err)
	}
	scale := os.Getenv("PETALAKE_TPCH_SCALE")
	if scale == "" {
		scale = "0.1"
	}
	l := newLake(t)
	dir := filepath.Join(l.dir, "tpch")
	if out, err := exec.Command(tool, "parquet", "-s", scale, "--output-dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("tpchgen-cli: %v\n%s", err, out)
	}
	for _, table := range tpch.Tables {
		l.adopt(table, "tpch", table+".parquet")
	}
	return l
}

// adopt makes a table of a file that is there.
func (l *lake) adopt(name, root, path string) {
	l.t.Helper()
	full := filepath.Join(l.dir, root, path)
	query := "SELECT * FROM read_parquet(" + duckdb.Quote(full) + ")"
	d, err := l.writer.Describe(context.Background(), query)
	if err != nil {
		l.t.Fatal(err)
	}
	s, err := schema.FromArrow(d.Schema)
	if err != nil {
		l.t.Fatal(err)
	}
	info, err := os.Stat(full)
	if err != nil {
		l.t.Fatal(err)
	}
	f := &fake{name: spec.NewTableName("", name), folder: root, meta: delta.Metadata{ID: name, Schema: s}}
	f.files = []delta.Add{{Path: path, Size: info.Size(), Stats: l.stats(f, query)}}
	l.tables[f.name.Fold()] = []*fake{f}
}

// plain is DuckDB alone on the same files.
func (l *lake) plain() *duckdb.Conn {
	l.t.Helper()
	for _, table := range tpch.Tables {
		path := filepath.Join(l.dir, "tpch", table+".parquet")
		if _, err := l.writer.Exec(context.Background(), "CREATE OR REPLACE VIEW "+table+" AS FROM read_parquet("+duckdb.Quote(path)+")"); err != nil {
			l.t.Fatal(err)
		}
	}
	return l.writer
}

// TestTPCH compares the answers, and logs the time of both.
func TestTPCH(t *testing.T) {
	l := tpchLake(t)
	e, plain := l.open(), l.plain()
	var ours, theirs time.Duration
	times := 1
	if os.Getenv("PETALAKE_TPCH_SCALE") != "" { // someone measures
		times = 3
	}
	for n := 1; n <= 22; n++ {
		sql := tpch.Query(n)
		best := [2]time.Duration{math.MaxInt64, math.MaxInt64}
		var got, want []string
		for range times {
			start := time.Now()
			got = collect(t, e, sql)
			best[0] = min(best[0], time.Since(start))
			start = time.Now()
			rows, err := plain.Strings(context.Background(), sql)
			if err != nil {
				t.Fatalf("Q%d: DuckDB alone: %v", n, err)
			}
			best[1] = min(best[1], time.Since(start))
			want = nil
			for _, r := range rows {
				want = append(want, strings.Join(r, "|"))
			}
		}
		ours, theirs = ours+best[0], theirs+best[1]
		t.Logf("Q%-2d %8.1f ms, DuckDB alone %8.1f ms, %d rows", n, ms(best[0]), ms(best[1]), len(got))
		if !sameRows(got, want) {
			t.Errorf("Q%d: got %d rows, want %d:\ngot  %.300v\nwant %.300v", n, len(got), len(want), got, want)
		}
	}
	t.Logf("all %8.1f ms, DuckDB alone %8.1f ms: %.2f", ms(ours), ms(theirs), ours.Seconds()/theirs.Seconds())
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// sameRows compares rows as a set; floating point numbers may differ in the last digits, since
// threads add them in any order.
func sameRows(got, want []string) bool {
	if len(got) != len(want) {
		return false
	}
	a, b := slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	for i := range a {
		x, y := strings.Split(a[i], "|"), strings.Split(b[i], "|")
		if len(x) != len(y) {
			return false
		}
		for j := range x {
			if x[j] == y[j] {
				continue
			}
			p, err1 := strconv.ParseFloat(x[j], 64)
			q, err2 := strconv.ParseFloat(y[j], 64)
			if err1 != nil || err2 != nil || math.Abs(p-q) > 1e-9*math.Max(math.Abs(p), math.Abs(q)) {
				return false
			}
		}
	}
	return true
}

// manyFiles is a table of n entries over one small file, as large tables look to the planner.
func manyFiles(l *lake, n int) {
	f := l.add("many", "id bigint, v double", rows("SELECT i AS id, i / 2 AS v FROM range(1000) r(i)"))
	first := f.files[0]
	full := filepath.Join(l.dir, f.root(), first.Path)
	f.files = nil
	for i := range n {
		a := first
		a.Path = fmt.Sprintf("part-%05d.parquet", i)
		if err := os.Link(full, filepath.Join(l.dir, f.root(), a.Path)); err != nil {
			l.t.Fatal(err)
		}
		a.Stats.Columns = slices.Clone(a.Stats.Columns)
		for j := range a.Stats.Columns {
			if a.Stats.Columns[j].Path[0] == "id" {
				a.Stats.Columns[j].Min, a.Stats.Columns[j].Max = int64(i*1000), int64(i*1000+999)
			}
		}
		f.files = append(f.files, a)
	}
}

// BenchmarkPointQuery is one row out of a table of 10,000 files, with and without DuckDB's start.
func BenchmarkPointQuery(b *testing.B) {
	l := newLake(b)
	manyFiles(l, 10000)
	b.Run("warm", func(b *testing.B) {
		e := l.open()
		for b.Loop() {
			collect(b, e, "SELECT v FROM many WHERE id = 700")
		}
	})
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			e := l.open()
			collect(b, e, "SELECT v FROM many WHERE id = 700")
			e.Close()
		}
	})
	b.Run("all files", func(b *testing.B) {
		e := l.open()
		for b.Loop() {
			collect(b, e, "SELECT count(*) FROM many WHERE v >= 0")
		}
	})
}

// BenchmarkSelectOne is the least a statement costs, from the start of DuckDB on.
func BenchmarkSelectOne(b *testing.B) {
	l := newLake(b)
	for b.Loop() {
		e := l.open()
		collect(b, e, "SELECT 1")
		e.Close()
	}
}
