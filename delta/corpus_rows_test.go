package delta

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/store"
)

// rowCase is a read of one table whose rows another implementation wrote down as Parquet files.
type rowCase struct {
	table    string // key in the corpus
	expected string // folder
	at       When
	columns  []string
	where    string
	fails    bool // an error is expected
}

// TestCorpusRows reads the rows of every table of the corpus that has expected ones, with Scan, and
// compares them value by value, in any order.
func TestCorpusRows(t *testing.T) {
	t.Parallel()
	disk, dir := openCorpus(t)
	c := &tally{counts: map[string]int{}, lists: map[string][]string{}}
	cases := slices.Concat(rowSpecs(t, dir), datCases(t, dir), goldenCases(t, dir))
	if testing.Short() {
		// A few tables of millions of rows take as long as all the others.
		cases = sweep.Sample(slices.DeleteFunc(cases, func(rc rowCase) bool { return bytesIn(t, rc.expected) > 1<<20 }), 150)
	}
	for _, rc := range cases {
		name := strings.TrimPrefix(rc.expected, dir+string(filepath.Separator))
		t.Run(name, func(t *testing.T) { c.add(checkRows(t, disk, rc), name) })
	}
	c.report(t)
}

func rowSpecs(t *testing.T, dir string) []rowCase {
	var out []rowCase
	for _, sp := range specs(t, dir) {
		if sp.Type != "read" {
			continue
		}
		name := strings.TrimSuffix(sp.file, ".json")
		folder := filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(sp.table, "/delta")))
		rc := rowCase{table: sp.table, at: When{Version: sp.Version}, columns: sp.Columns, where: sp.Predicate, fails: sp.Error != nil,
			expected: filepath.Join(folder, "expected", name, "expected_data")}
		if sp.Timestamp != "" {
			then, err := time.ParseInLocation("2006-01-02 15:04:05.999999", sp.Timestamp, losAngeles())
			if err != nil {
				continue // the caller parses it
			}
			rc.at.Time = &then
		}
		if !rc.fails {
			out = append(out, rc)
		}
	}
	return out
}

func datCases(t *testing.T, dir string) []rowCase {
	var out []rowCase
	for _, folder := range glob(t, dir, "dat", "out", "reader_tests", "generated", "*", "expected", "*", "table_content") {
		version := filepath.Dir(folder)
		var said struct{ Version *int64 }
		text, err := os.ReadFile(filepath.Join(version, "table_version_metadata.json"))
		if err == nil {
			err = json.Unmarshal(text, &said)
		}
		if err != nil {
			t.Fatal(err)
		}
		rc := rowCase{table: key(t, dir, filepath.Dir(filepath.Dir(version)), "delta"), expected: folder}
		if filepath.Base(version) != "latest" {
			rc.at.Version = said.Version
		}
		out = append(out, rc)
	}
	return out
}

func goldenCases(t *testing.T, dir string) []rowCase {
	var out []rowCase
	for _, folder := range glob(t, dir, "delta-kernel-rs-golden", "*", "expected") {
		out = append(out, rowCase{table: key(t, dir, filepath.Dir(folder), "delta"), expected: folder})
	}
	return out
}

func glob(t *testing.T, parts ...string) []string {
	found, err := filepath.Glob(filepath.Join(parts...))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s: %v", filepath.Join(parts...), err)
	}
	return found
}

// bytesIn is how large the files of a folder are.
func bytesIn(t *testing.T, folder string) (n int64) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		n += info.Size()
	}
	return n
}

func key(t *testing.T, dir string, path ...string) string {
	rel, err := filepath.Rel(dir, filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return filepath.ToSlash(rel)
}

// rowDeviations are reads whose expected rows are not ours, by a part of their path, each with the reason.
var rowDeviations = map[string]string{
	"/cr_timestamp_boundaries/":      "the expectation is in INT96 and beyond the years that the library reads; TestInt96 has them",
	"/data-reader-partition-values/": "times without a zone in partition values are UTC here; the expectation is Los Angeles",
}

func checkRows(t *testing.T, disk store.Store, rc rowCase) string {
	for part, reason := range rowDeviations {
		if strings.Contains(rc.expected, part) {
			return "deviates: " + reason
		}
	}
	want, names, err := expectedRows(rc.expected)
	if err != nil {
		t.Error(err)
		return "failed"
	}
	if names == nil {
		return "no expected rows in the corpus"
	}
	ctx := context.Background()
	passed := "passed"
	var got []string
	s, err := At(stamped{disk}, rc.table).Snapshot(ctx, rc.at)
	if err == nil {
		var where stats.Predicate
		if rc.where != "" {
			var ok bool
			if where, ok = parsePredicate(rc.where, s.Schema()); !ok {
				where, passed = nil, "rows among all (predicate not understood by the test)"
			}
		}
		got, err = scannedRows(ctx, s, names, where)
	}
	var refused *UnsupportedError
	switch {
	case errors.As(err, &refused):
		return "refused: " + strings.Join(refused.Features, ",")
	case err != nil && deviates(filepath.Base(filepath.Dir(rc.expected))+".json"):
		return "deviates, see the list"
	case err != nil:
		t.Errorf("got %v, want %d rows", err, len(want))
		return "failed"
	}
	if passed != "passed" {
		got = slices.DeleteFunc(got, func(row string) bool { _, among := slices.BinarySearch(want, row); return !among })
		got, want = slices.Compact(got), slices.Compact(want)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d rows, want %d: %s", len(got), len(want), difference(got, want))
		return "failed"
	}
	return passed
}

func difference(got, want []string) string {
	var b strings.Builder
	count := map[string]int{}
	for _, r := range got {
		count[r]++
	}
	for _, r := range want {
		count[r]--
	}
	shown := 0
	for r, n := range count {
		if n != 0 && shown < 4 {
			shown++
			fmt.Fprintf(&b, "\n  %+d %.300s", n, r)
		}
	}
	return b.String()
}

// scannedRows are the rows of the snapshot where the predicate is true, sorted.
func scannedRows(ctx context.Context, s *Snapshot, names []string, where stats.Predicate) ([]string, error) {
	rows := []string{}
	for batch, err := range Scan(ctx, s, nil, where) {
		if err != nil {
			return nil, err
		}
		columns := make([]arrow.Array, len(names))
		for i, name := range names {
			at := batch.Schema().FieldIndices(name)
			if len(at) != 1 {
				return nil, fmt.Errorf("column %s: got %v in %s", name, at, batch.Schema())
			}
			columns[i] = batch.Column(at[0])
		}
		for row := range int(batch.NumRows()) {
			if where != nil && !stats.Eval(where, func(path []string) stats.Value { return cell(batch, path, row) }) {
				continue
			}
			rows = append(rows, rowText(names, columns, row))
		}
		batch.Release()
	}
	slices.Sort(rows)
	return rows, nil
}

// expectedRows reads Parquet files with the library alone: rows, sorted, and the columns' names, nil
// where there is no file.
func expectedRows(folder string) (rows, names []string, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.parquet"))
	if err != nil {
		return nil, nil, err
	}
	rows = []string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, nil, err
		}
		table, err := pqarrow.ReadTable(context.Background(), strings.NewReader(string(text)), parquet.NewReaderProperties(nil),
			pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", f, err)
		}
		names = []string{}
		for _, f := range table.Schema().Fields() {
			names = append(names, f.Name)
		}
		r := array.NewTableReader(table, 0)
		for r.Next() {
			for row := range int(r.RecordBatch().NumRows()) {
				rows = append(rows, rowText(names, r.RecordBatch().Columns(), row))
			}
		}
		r.Release()
		table.Release()
	}
	slices.Sort(rows)
	return rows, names, nil
}

func rowText(names []string, columns []arrow.Array, row int) string {
	var b strings.Builder
	for i, c := range columns {
		b.WriteString(names[i] + "=")
		writeValue(&b, c, row)
		b.WriteString("; ")
	}
	return b.String()
}

// writeValue renders a value with its type: an int of another width is another value here.
func writeValue(b *strings.Builder, a arrow.Array, row int) {
	if a.IsNull(row) {
		b.WriteString("null")
		return
	}
	switch a := a.(type) {
	case *array.Struct:
		b.WriteByte('{')
		for i := range a.NumField() {
			b.WriteString(a.DataType().(*arrow.StructType).Field(i).Name + ":")
			writeValue(b, a.Field(i), row)
			b.WriteByte(',')
		}
		b.WriteByte('}')
	case *array.Map:
		from, to := a.ValueOffsets(row)
		var pairs []string
		for i := from; i < to; i++ {
			var pair strings.Builder
			writeValue(&pair, a.Keys(), int(i))
			pair.WriteString("->")
			writeValue(&pair, a.Items(), int(i))
			pairs = append(pairs, pair.String())
		}
		slices.SortFunc(pairs, cmp.Compare[string])
		b.WriteString("map" + fmt.Sprint(pairs))
	case array.ListLike:
		from, to := a.ValueOffsets(row)
		b.WriteByte('[')
		for i := from; i < to; i++ {
			writeValue(b, a.ListValues(), int(i))
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		b.WriteString(a.Value(row).ToTime(unit).UTC().Format("2006-01-02T15:04:05.999999999"))
	case *array.Binary:
		fmt.Fprintf(b, "%x", a.Value(row))
	default:
		fmt.Fprintf(b, "%s:%q", a.DataType(), a.ValueStr(row))
	}
}
