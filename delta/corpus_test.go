package delta

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

// The corpus is tables that other implementations wrote, with what they say of them.

// corpus unpacks it once into a cache beside the tools.
var corpus = sync.OnceValues(func() (string, error) {
	shared := os.Getenv("PETALAKE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	dir := filepath.Join("..", ".tools", "corpus")
	if _, err := os.Stat(filepath.Join(dir, "INDEX.tsv")); err == nil {
		return dir, nil
	}
	f, err := os.Open(filepath.Join(shared, "data", "delta", "corpus.tar.zst"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	return dir, unpack(f, dir)
})

func unpack(r io.Reader, dir string) error {
	z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(1<<27))
	if err != nil {
		return err
	}
	defer z.Close()
	temp := fmt.Sprintf("%s.%d", dir, os.Getpid())
	root, err := mkRoot(temp)
	if err != nil {
		return err
	}
	defer root.Close()
	for in := tar.NewReader(z); ; {
		h, err := in.Next()
		if err == io.EOF {
			return os.Rename(temp, dir)
		}
		if err != nil {
			return err
		}
		name := filepath.Clean(h.Name)
		if h.Typeflag == tar.TypeDir {
			err = root.MkdirAll(name, 0o777)
		} else if h.Typeflag == tar.TypeReg {
			err = unpackFile(root, name, h.ModTime, in)
		}
		if err != nil {
			return err
		}
	}
}

func mkRoot(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

func unpackFile(root *os.Root, name string, at time.Time, r io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close(), root.Chtimes(name, at, at))
}

func openCorpus(t testing.TB) (store.Store, string) {
	t.Helper()
	dir, err := corpus()
	if err != nil {
		if shared := os.Getenv("PETALAKE_SHARED"); errors.Is(err, fs.ErrNotExist) && (os.Getenv("CI") == "" || shared == "none") {
			t.Skip("the corpus of other implementations' tables is not here: set PETALAKE_SHARED, to none where it cannot be")
		}
		t.Fatal(err)
	}
	d, err := store.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d, dir
}

// spec is one expectation of the corpus.
type spec struct {
	Type      string
	Version   *int64
	Timestamp string
	Predicate string
	Columns   []string
	Error     *struct{ ErrorCode, ErrorMessage string }
	Expected  struct {
		Protocol *struct {
			MinReaderVersion, MinWriterVersion int
			ReaderFeatures, WriterFeatures     []string
		}
		Metadata *struct {
			ID               string
			SchemaString     string
			PartitionColumns []string
			Configuration    map[string]string
		}
		RowCount, FileCount, FilesSkipped *int64
	}
	file, table string
}

func specs(t *testing.T, dir string) []*spec {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "specs", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no specs in %s: %v", dir, err)
	}
	var out []*spec
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		s := &spec{file: filepath.Base(f)}
		if err := json.Unmarshal(text, s); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		table, err := filepath.Rel(dir, filepath.Join(filepath.Dir(filepath.Dir(f)), "delta"))
		if err != nil {
			t.Fatal(err)
		}
		s.table = filepath.ToSlash(table)
		out = append(out, s)
	}
	return out
}

// deviations are specs whose expectation is not ours, by the beginning of their name, each with the reason.
var deviations = map[string]string{
	"ct_duplicate_metadata_snapshot":        "the commit is damaged; the expectation was taken before it was",
	"ct_duplicate_protocol_snapshot":        "the commit is damaged; the expectation was taken before it was",
	"ct_zero_byte_commit":                   "an empty commit is damage here, not a commit without actions",
	"ct_empty_delta_log_snapshot":           "no table: there is no snapshot of version -1 to open",
	"ct_missing_delta_log_snapshot":         "no table: there is no snapshot of version -1 to open",
	"dseReadNonDeltaPath_snapshot":          "no table: there is no snapshot of version -1 to open",
	"dv_checkpoint_only_read_snapshot":      "no table: there is no snapshot of version -1 to open",
	"read_empty_path_tbl_snapshot":          "no table: there is no snapshot of version -1 to open",
	"pv_empty_reader_features_snapshot":     "metaData without a schema",
	"pv_unknown_writer_feature_ok_snapshot": "metaData without a schema",
	"ict_err_00":                            "damaged on purpose; the expectation says nothing",
	"tt_partition_evolution_timestamp_v1":   "captured by the store's clock, 22 ms after the commit's own time",
	"tt_schema_evolution_timestamp_v1":      "captured by the store's clock, 19 ms after the commit's own time",
	"tt_invalid_timestamp_error":            "a timestamp that is none: the caller parses it",
}

func deviates(file string) bool {
	for begin := range deviations {
		if strings.HasPrefix(file, begin) {
			return true
		}
	}
	return false
}

// stamped gives commits the time that they say themselves: the capture lost the store's.
type stamped struct{ store.Store }

func (s stamped) List(ctx context.Context, prefix, start string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for o, err := range s.Store.List(ctx, prefix, start) {
			if n, ok := parseName(o.Key[strings.LastIndexByte(o.Key, '/')+1:]); err == nil && ok && n.kind == "json" {
				e := &entry{key: o.Key, version: n.version}
				if info := e.firstLine(ctx, s.Store); info != nil && info.Timestamp > 0 {
					o.Modified = time.UnixMilli(info.Timestamp)
				}
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

// tally counts outcomes for the report.
type tally struct {
	counts map[string]int
	lists  map[string][]string
}

func (c *tally) add(what, which string) {
	c.counts[what]++
	c.lists[what] = append(c.lists[what], which)
}

func (c *tally) report(t *testing.T) {
	var keys []string
	for k := range c.counts {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		t.Logf("%6d %s", c.counts[k], k)
		if os.Getenv("PETALAKE_LISTS") != "" {
			t.Log("       ", strings.Join(c.lists[k], " "))
		}
	}
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	disk, dir := openCorpus(t)
	c := &tally{counts: map[string]int{}, lists: map[string][]string{}}
	for _, sp := range specs(t, dir) {
		if sp.Type != "snapshot" && sp.Type != "read" && sp.Type != "snapshotConstruction" {
			continue
		}
		t.Run(sp.table+"/"+sp.file, func(t *testing.T) { checkSpec(t, disk, sp, c) })
	}
	c.report(t)
}

// losAngeles is where the corpus was captured.
var losAngeles = sync.OnceValue(func() *time.Location {
	l, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		panic(err)
	}
	return l
})

func checkSpec(t *testing.T, disk store.Store, sp *spec, c *tally) {
	tab := At(stamped{disk}, sp.table)
	at := When{Version: sp.Version}
	if sp.Timestamp != "" {
		then, err := time.ParseInLocation("2006-01-02 15:04:05.999999", sp.Timestamp, losAngeles())
		if err != nil && deviates(sp.file) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		at.Time = &then
	}
	s, err := tab.Snapshot(context.Background(), at)
	var files []*log.AddAction
	if err == nil && (sp.Type == "read" || sp.Error != nil) {
		files, err = liveFiles(s, nil)
	}
	var refused *UnsupportedError
	switch {
	case errors.As(err, &refused):
		if refused.Hint() == "" || len(refused.Features) == 0 {
			t.Errorf("refused without a name: %v", err)
		}
		c.add(sp.Type+" refused: "+strings.Join(refused.Features, ","), sp.file)
		return
	case sp.Error != nil && err != nil:
		c.add(sp.Type+" error, as expected", sp.file)
		return
	case sp.Error != nil:
		c.add(sp.Type+" opened, although an error is expected: "+sp.Error.ErrorCode, sp.file)
		return
	case err != nil && deviates(sp.file):
		c.add(sp.Type+" deviates, see the list", sp.file)
		return
	case err != nil:
		c.add(sp.Type+" failed", sp.file)
		t.Errorf("got %v, want version %v", err, sp.Version)
		return
	}
	checkState(t, s, sp)
	if sp.Type == "read" && sp.Expected.FileCount != nil {
		checkRead(t, s, sp, files, c)
	}
	if !t.Failed() {
		c.add(sp.Type+" passed", sp.file)
	} else {
		c.add(sp.Type+" failed", sp.file)
	}
}

func liveFiles(s *Snapshot, where stats.Predicate) ([]*log.AddAction, error) {
	var out []*log.AddAction
	for a, err := range s.live(context.Background(), checkpoint.NewPlan(s.state.metadata, where, true), false) {
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func checkState(t *testing.T, s *Snapshot, sp *spec) {
	t.Helper()
	if want := sp.Expected.Protocol; want != nil {
		got := s.Protocol()
		if got.MinReader != want.MinReaderVersion || got.MinWriter != want.MinWriterVersion ||
			!sameSet(got.ReaderFeatures, want.ReaderFeatures) || !sameSet(got.WriterFeatures, want.WriterFeatures) {
			t.Errorf("protocol: got %+v, want %+v", got, *want)
		}
	}
	want := sp.Expected.Metadata
	if want == nil {
		return
	}
	got := s.Metadata()
	if got.ID != want.ID || s.state.metadata.SchemaText != want.SchemaString || !slices.Equal(got.PartitionColumns, want.PartitionColumns) {
		t.Errorf("metadata: got %+v, want %+v", got, *want)
	}
	if len(got.Configuration) != len(want.Configuration) {
		t.Errorf("configuration: got %v, want %v", got.Configuration, want.Configuration)
	}
	for k, v := range want.Configuration {
		if got.Configuration[k] != v {
			t.Errorf("property %s: got %q, want %q", k, got.Configuration[k], v)
		}
	}
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// checkRead holds the number of files against the expectation, and every file we skip against its rows.
func checkRead(t *testing.T, s *Snapshot, sp *spec, files []*log.AddAction, c *tally) {
	t.Helper()
	total := *sp.Expected.FileCount
	if sp.Expected.FilesSkipped != nil {
		total += *sp.Expected.FilesSkipped
	}
	if sp.Predicate == "" {
		if int64(len(files)) != total {
			t.Errorf("files: got %d, want %d", len(files), total)
		}
		return
	}
	where, ok := parsePredicate(sp.Predicate, s.Schema())
	if !ok {
		c.add("predicate not understood by the test", sp.Predicate)
		return
	}
	kept, err := liveFiles(s, where)
	if err != nil {
		t.Fatal(err)
	}
	switch n := int64(len(kept)); {
	case n == *sp.Expected.FileCount:
		c.add("skipping as Spark does", sp.file)
	case n < *sp.Expected.FileCount:
		c.add("skipping more than Spark", sp.file)
	default:
		c.add("skipping less than Spark", fmt.Sprintf("%s(%d,%d)", sp.file, n, *sp.Expected.FileCount))
	}
	names := map[string]bool{}
	for _, a := range kept {
		names[a.Key()] = true
	}
	for _, a := range files {
		if !names[a.Key()] && holdsMatch(t, s, a, where) {
			t.Errorf("%s: file %s was skipped although a row matches", sp.Predicate, a.Path)
		}
	}
}

// holdsMatch reads a file and looks for a row on which the predicate is true.
func holdsMatch(t *testing.T, s *Snapshot, a *log.AddAction, where stats.Predicate) bool {
	t.Helper()
	if a.DeletionVector != nil {
		return false
	}
	key, err := s.table.Key(a.Path)
	if err != nil {
		return false // captured with absolute paths
	}
	values := map[string]stats.Value{}
	m := s.Metadata()
	for _, name := range m.PartitionColumns {
		v, err := stats.ParsePartition(m.Schema.Fields[m.Schema.Index(name)].Type, a.PartitionValues[name])
		if err != nil {
			return false
		}
		values[name] = v
	}
	for batch, err := range datafile.Read(context.Background(), s.table.store, key, a.Size, m.Schema, datafile.ReadOptions{Partition: values}) {
		if err != nil {
			t.Logf("%s: %v", a.Path, err)
			return false
		}
		for row := range int(batch.NumRows()) {
			if stats.Eval(where, func(path []string) stats.Value { return cell(batch, path, row) }) {
				batch.Release()
				return true
			}
		}
		batch.Release()
	}
	return false
}
