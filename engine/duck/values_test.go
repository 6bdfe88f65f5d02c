package duck

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/petalake/petalake/spec"
)

// TestPartitions reads partition columns, which are not in the files.
func TestPartitions(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	part := func(sql string, values ...string) file {
		p := map[string]*string{}
		for _, v := range values {
			k, v, _ := strings.Cut(v, "=")
			p[k] = text1(v)
			if v == "null" {
				p[k] = nil
			}
		}
		return file{sql: sql, partition: p}
	}
	l.add("p", "id bigint, day date, region string, n int, ts timestamp, dec decimal(5,2), ok boolean", []file{
		part("SELECT 1 AS id", "day=2024-01-01", "region=it's [odd] 100%", "n=7", "ts=2024-01-01 10:00:00", "dec=1.50", "ok=true"),
		part("SELECT 2 AS id", "day=2024-01-02", "region=null", "n=8", "ts=2024-01-01T11:00:00.5Z", "dec=2.25", "ok=false"),
		part("SELECT 3 AS id", "day=null", "region=", "n=8", "ts=2024-01-01 12:00:00.000001", "dec=null", "ok=true"),
	}, "day", "region", "n", "ts", "dec", "ok")
	e := l.open()
	remote, _ := l.openRemote(Options{})
	for _, c := range []struct {
		sql, want string
		files     int
	}{
		{`SELECT * FROM p ORDER BY id`, "1|2024-01-01|it's [odd] 100%|7|2024-01-01T10:00:00Z|1.5|true" +
			" 2|2024-01-02|-|8|2024-01-01T11:00:00.5Z|2.25|false 3|-|-|8|2024-01-01T12:00:00.000001Z|-|true", 3},
		{`SELECT id FROM p WHERE day = '2024-01-02'`, "2", 1},
		{`SELECT id, n FROM p WHERE n = 8 ORDER BY id`, "2|8 3|8", 2},
		{`SELECT id FROM p WHERE region IS NULL ORDER BY id`, "2 3", 2},
		{`SELECT id FROM p WHERE region = 'it''s [odd] 100%'`, "1", 1},
		{`SELECT id FROM p WHERE ok AND dec IS NULL`, "3", 1},
		{`SELECT n, count(*), max(ts) FROM p GROUP BY n ORDER BY n`, "7|1|2024-01-01T10:00:00Z 8|2|2024-01-01T12:00:00.000001Z", 3},
	} {
		for place, e := range map[string]*Engine{"local": e, "remote": remote} {
			if got := strings.Join(collect(t, e, c.sql), " "); got != c.want {
				t.Errorf("%s: %s\ngot  %s\nwant %s", place, c.sql, got, c.want)
			}
		}
		p, err := e.Plan(t.Context(), c.sql)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Tables[0].Files; got != c.files {
			t.Errorf("%s: %d files, want %d", c.sql, got, c.files)
		}
	}
}

// TestFilesOlderThanTheSchema reads files from before columns were added and types widened.
func TestFilesOlderThanTheSchema(t *testing.T) {
	l := newLake(t)
	l.add("s", "id bigint, v double, d decimal(12,4), s struct<a:bigint,b:string>, extra string, ts timestamp, l array<bigint>", rows(
		`SELECT 1::INTEGER AS id, 1.5::FLOAT AS v, 1.25::DECIMAL(5,2) AS d, {'a': 1::INTEGER} AS s, TIMESTAMP '2024-01-01 12:00:00' AS ts, [1::INTEGER] AS l`,
		`SELECT 2::BIGINT AS id, 2.5::DOUBLE AS v, 2.3456::DECIMAL(12,4) AS d, {'a': 2, 'b': 'x'} AS s, 'e' AS extra, TIMESTAMPTZ '2024-01-01 13:00:00Z' AS ts, [2, NULL] AS l`,
		`SELECT 9 AS other`,
	))
	e := l.open()
	got := collect(t, e, `SELECT id, v, d, s.a, s.b, extra, ts, l::VARCHAR FROM s ORDER BY id NULLS LAST`)
	want := []string{
		"1|1.5|1.25|1|-|-|2024-01-01T12:00:00Z|[1]",
		"2|2.5|2.3456|2|x|e|2024-01-01T13:00:00Z|[2, NULL]",
		"-|-|-|-|-|-|-|-",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := collect(t, e, `SELECT id FROM s WHERE ts = '2024-01-01 12:00:00+00'`); !slices.Equal(got, []string{"1"}) {
		t.Errorf("a time without a zone in the file: got %v, want [1]", got)
	}
	if got := collect(t, e, `SELECT count(*) FROM s WHERE extra IS NULL`); !slices.Equal(got, []string{"2"}) {
		t.Errorf("nulls of a missing column: got %v, want [2]", got)
	}
}

// TestFileNamesThatLookLikePatterns opens exactly the files of the log.
func TestFileNamesThatLookLikePatterns(t *testing.T) {
	l := newLake(t)
	l.add("g", "x bigint", []file{
		{sql: "SELECT 1 AS x", path: "a[1].parquet"}, {sql: "SELECT 2 AS x", path: "p=a b/%2F?.parquet"},
	})
	for _, stray := range []string{"a1.parquet", "p=a b/%2FX.parquet"} {
		l.write(&fake{name: spec.NewTableName("", "g"), meta: l.tables[spec.NewTableName("", "g")][0].meta}, stray, file{sql: "SELECT 100 AS x"})
	}
	if got := collect(t, l.open(), `SELECT sum(x), max(x) FROM g`); !slices.Equal(got, []string{"3|2"}) {
		t.Errorf("got %v, want [3|2]", got)
	}
	f := l.add("esc", "x bigint", rows("SELECT 1 AS x"))
	f.files[0].Path = "../g/a[1].parquet"
	if _, err := tryCollect(l.open(), `SELECT max(x) + 1 FROM esc`); err == nil || !strings.Contains(err.Error(), "not under the table") {
		t.Errorf("a path that leads out of the table: got %v, want it refused", err)
	}
}

// TestManyFiles crosses the length from which a file list is put in place after the view.
func TestManyFiles(t *testing.T) {
	l := newLake(t)
	var files []file
	for i := range installFew + 5 {
		files = append(files, file{sql: fmt.Sprintf("SELECT %d AS x", i), partition: map[string]*string{"p": text1(fmt.Sprint(i % 3))}})
	}
	l.add("m", "x bigint, p int", files, "p")
	e := l.open()
	if got := collect(t, e, `SELECT p, sum(x), count(*) FROM m GROUP BY p ORDER BY p`); !slices.Equal(got, []string{"0|63|7", "1|70|7", "2|77|7"}) {
		t.Errorf("got %v", got)
	}
}

// TestStatementsBesideEachOther runs two versions of one name at once, and each sees its own.
func TestStatementsBesideEachOther(t *testing.T) {
	l := newLake(t)
	for i := range 4 {
		l.add("s.t", "x bigint", rows(fmt.Sprintf("SELECT %d AS x FROM range(3000)", i)))
	}
	e := l.open()
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			sql := fmt.Sprintf("SELECT min(x + 0), max(x + 0), count(*) FROM s.t VERSION AS OF %d WHERE x >= 0", i%4)
			got, err := tryCollect(e, sql)
			if want := fmt.Sprintf("%d|%d|3000", i%4, i%4); err != nil || !slices.Equal(got, []string{want}) {
				t.Errorf("%s: got %v, %v, want %s", sql, got, err, want)
			}
		})
	}
	wg.Wait()
}
