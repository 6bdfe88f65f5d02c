package duck

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
)

// Loader reads raw files. Each call has a DuckDB of its own, closed to all but the files it reads
// and the staging folder. The zero value uses all cores and 80 % of the memory.
type Loader struct {
	Threads int
	Memory  int64  // bytes
	TempDir string // where large sorts spill; empty: the staging folder of the job
}

// sampledFiles is how many of many files Inspect looks into.
const sampledFiles = 64

// Inspect finds the columns of raw files from their first rows (Parquet: from their footers). See
// SchemaOf for the types. Empty files have no columns; that is an error where all are empty. The
// Raw it returns is the same files with what was found out, which Load then need not find out again.
func (l Loader) Inspect(ctx context.Context, raw Raw) (*schema.Struct, Raw, error) {
	files, err := raw.look()
	if err != nil {
		return nil, raw, err
	}
	db, conn, err := l.open(folders(files))
	if err != nil {
		return nil, raw, err
	}
	defer db.Close()
	defer conn.Close()
	files = spread(withRows(files), sampledFiles)
	if len(files) == 0 {
		return nil, raw, fmt.Errorf("inspect %s: the files are empty: declare the table's columns", raw.Paths[0])
	}
	if raw.Format == FormatCSV {
		d, err := raw.CSV.sniff(ctx, conn, files)
		if err != nil {
			return nil, raw, err
		}
		raw.sniffed = &d
		columns, err := d.infer(ctx, conn, files)
		return columns, raw, err
	}
	columns, err := raw.infer(ctx, conn, files)
	return columns, raw, err
}

// infer finds the columns of JSON lines or Parquet.
func (r Raw) infer(ctx context.Context, conn *duckdb.Conn, files []rawFile) (*schema.Struct, error) {
	var unfit error
	if r.Format == FormatJSON {
		unfit = objects(files)
	} else {
		unfit = wideDecimals(ctx, conn, files)
	}
	if unfit != nil {
		return nil, unfit
	}
	from := ""
	for i, group := range byPacking(files) {
		if i > 0 {
			from += " UNION ALL BY NAME "
		}
		from += "FROM " + r.reader(group, "")
	}
	s, err := conn.Describe(ctx, from)
	if err != nil {
		return nil, fileFault(files, err)
	}
	return SchemaOf(s.Schema)
}

// infer lets DuckDB guess the types of the columns that the headers name.
func (d dialect) infer(ctx context.Context, conn *duckdb.Conn, files []rawFile) (*schema.Struct, error) {
	merged := &schema.Struct{}
	groups, err := d.groups(files, nil)
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		sql := "FROM " + d.sniffer(g)
		s, err := conn.Describe(ctx, sql)
		if err != nil {
			return nil, fileFault(g.files, err)
		}
		found, err := SchemaOf(s.Schema)
		if err != nil {
			return nil, err
		}
		merge(merged, found)
	}
	return merged, nil
}

// sniffer is the SQL that reads a group of files with types guessed.
func (d dialect) sniffer(g csvGroup) string {
	more := ", union_by_name=true, ignore_errors=true, sample_size=100000"
	if g.names != nil {
		more += ", names=" + textList(g.names)
	}
	return d.guess(g.files, more)
}

// merge adds the fields of one group of files to another's, with a type that holds both.
func merge(into, more *schema.Struct) {
	for _, f := range more.Fields {
		i := into.Index(f.Name)
		if i < 0 {
			into.Fields = append(into.Fields, f)
			continue
		}
		have := into.Fields[i].Type
		switch {
		case schema.Equal(have, f.Type):
		case classOf(have) == wholeClass && classOf(f.Type) == wholeClass:
			into.Fields[i].Type = schema.Long
		case assignable(have, f.Type) && classOf(f.Type) != textClass:
			into.Fields[i].Type = f.Type
		case !assignable(f.Type, have) || classOf(have) == textClass:
			into.Fields[i].Type = schema.String
		}
	}
}

// open starts a DuckDB for one job.
func (l Loader) open(dirs []string) (*duckdb.DB, *duckdb.Conn, error) {
	o := duckdb.Options{
		Threads: l.Threads, MemoryLimit: l.Memory, TempDir: l.TempDir, Closed: true, AllowedDirs: dirs,
		Settings: copySettings,
	}
	db, err := duckdb.Open(o)
	if err != nil {
		return nil, nil, err
	}
	conn, err := db.Conn()
	if err != nil {
		db.Close()
		return nil, nil, err
	}
	return db, conn, nil
}

// copySettings suit COPY into partitions: with DuckDB's 100 open files, 500 partitions become
// 1,700 files.
var copySettings = map[string]string{"partitioned_write_max_open_files": "1000"}

func withRows(files []rawFile) []rawFile {
	var rest []rawFile
	for _, f := range files {
		if f.size > 0 {
			rest = append(rest, f)
		}
	}
	return rest
}

// spread picks n files evenly, the first and the last among them.
func spread(files []rawFile, n int) []rawFile {
	if len(files) <= n {
		return files
	}
	picked := make([]rawFile, n)
	for i := range picked {
		picked[i] = files[i*(len(files)-1)/(n-1)]
	}
	return picked
}

// stage makes an empty folder for one job's files.
func stage(dir string) (string, error) {
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "petalake-staging")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("staging folder: %w", err)
	}
	sweepStaging(dir, time.Now().Add(-24*time.Hour))
	return os.MkdirTemp(dir, "write-")
}

// sweepStaging removes what processes that died left behind: folders nobody touched for a day.
func sweepStaging(dir string, before time.Time) {
	old, _ := filepath.Glob(filepath.Join(dir, "write-*"))
	for _, path := range old {
		if info, err := os.Stat(path); err == nil && info.IsDir() && info.ModTime().Before(before) {
			os.RemoveAll(path)
		}
	}
}
