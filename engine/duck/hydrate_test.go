package duck

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/spec"
)

// wide is a table of files large enough that columns are fetched one by one: 200,000 rows of four
// columns that do not compress, in files of about 3 MB.
func wide(l *lake, files int) *fake {
	var list []file
	for i := range files {
		list = append(list, file{sql: fmt.Sprintf(
			`SELECT i AS id, hash(i) %% 1000000007 AS a, hash(i + 1)::DOUBLE AS b, md5(i::VARCHAR) AS c
			 FROM range(%d, %d) r(i)`, i*50000, (i+1)*50000), rowGroup: 25000})
	}
	return l.add("wide", "id bigint, a bigint, b double, c string", list)
}

func TestRemoteReadsOnlyWhatIsNeeded(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	f := wide(l, 4)
	local := l.open()
	remote, counts := l.openRemote(Options{})
	var whole int64
	for _, a := range f.files {
		whole += a.Size
	}
	perFile := whole / 4
	for _, c := range []struct {
		sql   string
		files int   // that are touched
		most  int64 // bytes
	}{
		{`SELECT count(*) FROM wide`, 0, 0},
		{`SELECT sum(id) FROM wide WHERE id = 60000`, 1, perFile / 4},
		{`SELECT sum(id) FROM wide WHERE id = 60000`, 0, 0}, // again: nothing is fetched
		{`SELECT count(*) FROM wide WHERE id < 70000`, 1, perFile / 4},
		{`SELECT max(c) FROM wide WHERE id >= 150000`, 1, perFile * 3 / 4},
		{`SELECT sum(a) FROM wide`, 4, whole / 3},
		{`SELECT * FROM wide ORDER BY id LIMIT 3`, 4, whole},
		{`SELECT sum(id), sum(a), max(b), max(c) FROM wide`, 0, 0},
	} {
		counts.Reset()
		got, want := collect(t, remote, c.sql), collect(t, local, c.sql)
		if !slices.Equal(got, want) {
			t.Errorf("%s\ngot  %v\nwant %v", c.sql, got, want)
		}
		_, bytes := counts.Of("get")
		keys := map[string]bool{}
		for _, op := range counts.Ops() {
			keys[op.Key] = true
		}
		if len(keys) != c.files || bytes > c.most {
			t.Errorf("%s: read %d bytes of %d files, want at most %d of %d (the table has %d)",
				c.sql, bytes, len(keys), c.most, c.files, whole)
		}
	}
}

// TestRemoteEqualsLocal runs many shapes on fresh caches, so that a column that was not fetched
// cannot hide behind an earlier statement.
func TestRemoteEqualsLocal(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	wide(l, 2)
	flights(l)
	local := l.open()
	for _, sql := range sweep.Sample([]string{
		`SELECT * FROM wide WHERE id = 77`,
		`SELECT a FROM wide WHERE c LIKE 'ab%' AND b > 1e10 ORDER BY b LIMIT 5`,
		`SELECT id FROM wide ORDER BY a DESC LIMIT 5`,
		`SELECT *, row_number() OVER (ORDER BY b) AS n FROM wide ORDER BY id LIMIT 3`,
		`SELECT w.c FROM wide w JOIN bronze.flights f ON w.id = f.id WHERE f.day = '2024-01-05' ORDER BY 1 LIMIT 3`,
		`SELECT count(*) FROM wide w WHERE NOT EXISTS (SELECT 1 FROM bronze.flights f WHERE f.id = w.a % 10000)`,
		`SELECT (SELECT max(b) FROM wide w WHERE w.id = f.id) FROM bronze.flights f WHERE f.id BETWEEN 5 AND 7 ORDER BY 1`,
		`SELECT count(*) FILTER (WHERE a > 5), count(DISTINCT c) FROM wide`,
		`SELECT st.b FROM bronze.flights WHERE st.a = 3`,
		`SELECT sum(length(c)) FROM wide WHERE a % 7 = 3 OR b IS NULL`,
		`SELECT year(day), count(*) FROM bronze.flights WHERE month(day) = 2 GROUP BY ALL`,
		`SELECT count(*) FROM wide WHERE random() < 2`,
		`SELECT id FROM wide WHERE id IN (5, 99000, 3) ORDER BY id`,
		`WITH x AS MATERIALIZED (SELECT a, c FROM wide) SELECT count(*) FROM x p JOIN x q USING (a) WHERE p.c = q.c`,
		`SELECT COLUMNS('^[ab]$') FROM wide ORDER BY id LIMIT 2`,
		`UNPIVOT (SELECT id, a FROM wide WHERE id < 3) ON id, a INTO NAME n VALUE v ORDER BY ALL`,
		`SELECT a FROM wide QUALIFY row_number() OVER (ORDER BY c) = 1`,
		`SELECT count(*) FROM wide TABLESAMPLE 100%`,
		`SELECT a.id FROM wide a ASOF JOIN wide b ON a.id >= b.id WHERE a.id < 3 ORDER BY 1`,
	}, sweep.Of(5, math.MaxInt, math.MaxInt)) {
		remote, _ := l.openRemote(Options{})
		if got, want := collect(t, remote, sql), collect(t, local, sql); !slices.Equal(got, want) {
			t.Errorf("%s\ngot  %v\nwant %v", sql, got, want)
		}
		remote.Close()
	}
}

func TestRemoteAtTheSameTime(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	wide(l, 4)
	e, counts := l.openRemote(Options{})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			column := []string{"id", "a", "b", "c"}[i%4]
			got, err := tryCollect(e, fmt.Sprintf(`SELECT count(DISTINCT %s) > 190000 FROM wide`, column))
			if err != nil || !slices.Equal(got, []string{"true"}) {
				t.Errorf("%s: got %v, %v, want [true]", column, got, err)
			}
		})
	}
	wg.Wait()
	var whole int64
	for _, f := range l.tables[spec.NewTableName("", "wide")][0].files {
		whole += f.Size
	}
	if _, bytes := counts.Of("get"); bytes > whole {
		t.Errorf("read %d bytes of a table of %d: something was read twice", bytes, whole)
	}
}

func TestCacheEvicts(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	f := wide(l, 6)
	dir := t.TempDir()
	limit := f.files[0].Size * 2
	e, counts := l.openRemote(Options{CacheDir: dir, CacheBytes: limit})
	for range 2 {
		for i := range 6 {
			sql := fmt.Sprintf(`SELECT count(c) + count(a) FROM wide WHERE id BETWEEN %d AND %d`, i*50000, (i+1)*50000-1)
			if got := collect(t, e, sql); !slices.Equal(got, []string{"100000"}) {
				t.Errorf("file %d: got %v, want [100000]", i, got)
			}
			if e.cache.used > limit {
				t.Fatalf("the cache holds %d bytes, want at most %d", e.cache.used, limit)
			}
		}
	}
	if _, bytes := counts.Of("get"); bytes < f.files[0].Size*6 {
		t.Errorf("read %d bytes: nothing was evicted", bytes)
	}
	_, err := tryCollect(e, `SELECT sum(a), max(c), sum(b) FROM wide`)
	var typed *Error
	if !errors.As(err, &typed) || !strings.Contains(typed.Message, "cache") || typed.Hint() == "" {
		t.Errorf("a statement larger than the cache: got %v, want an *Error with a hint", err)
	}
	if got := collect(t, e, `SELECT count(c) FROM wide WHERE id < 50000`); !slices.Equal(got, []string{"50000"}) {
		t.Errorf("afterwards: got %v, want [50000]", got)
	}
}

func TestCacheOutlivesTheEngine(t *testing.T) {
	t.Parallel()
	if bootID() == "" {
		t.Skip("this system does not tell when it started; the cache starts empty")
	}
	l := newLake(t)
	wide(l, 2)
	dir := t.TempDir()
	sql := `SELECT sum(a) FROM wide`
	first, _ := l.openRemote(Options{CacheDir: dir})
	want := collect(t, first, sql)
	second, _ := l.openRemote(Options{CacheDir: dir}) // beside the first: a folder of its own
	if got := collect(t, second, sql); !slices.Equal(got, want) {
		t.Errorf("second engine: got %v, want %v", got, want)
	}
	first.Close()
	second.Close()
	third, counts := l.openRemote(Options{CacheDir: dir})
	if got := collect(t, third, sql); !slices.Equal(got, want) {
		t.Errorf("third engine: got %v, want %v", got, want)
	}
	if n, bytes := counts.Of("get"); bytes > 4*(tailGuess+4) {
		t.Errorf("third engine read %d bytes in %d reads, want only what it needs to know the files", bytes, n)
	}
	third.Close()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() {
			t.Errorf("%s was left behind", filepath.Join(dir, entry.Name()))
		}
	}
}

func TestRemoteTruncatedFile(t *testing.T) {
	l := newLake(t)
	f := wide(l, 1)
	f.files[0].Size += 100 // the log says more than there is
	e, _ := l.openRemote(Options{})
	_, err := tryCollect(e, `SELECT sum(a) FROM wide`)
	if err == nil || !strings.Contains(err.Error(), "wide/v0-0.parquet") {
		t.Errorf("got %v, want an error that names the file", err)
	}
	if err := os.Remove(filepath.Join(l.dir, "wide", "v0-0.parquet")); err != nil {
		t.Fatal(err)
	}
	gone, _ := l.openRemote(Options{})
	_, err = tryCollect(gone, `SELECT sum(a) FROM wide`)
	if err == nil || !strings.Contains(err.Error(), "wide/v0-0.parquet") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

func TestCancel(t *testing.T) {
	e := newLake(t).open()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := e.Query(ctx, `SELECT i FROM range(100000000000) t(i)`)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Next() {
		t.Fatalf("no rows: %v", r.Err())
	}
	cancel()
	for r.Next() {
	}
	if !errors.Is(r.Err(), context.Canceled) {
		t.Errorf("got %v, want %v", r.Err(), context.Canceled)
	}
}
