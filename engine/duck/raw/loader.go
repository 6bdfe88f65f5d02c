// Package raw writes the rows of raw files as data files of a table.
//
// Raw files are CSV, JSON or Parquet on this machine, text perhaps packed. A Loader first inspects
// them for their columns, and then loads them: DuckDB reads the rows with the types of the table's
// columns, and a tablefile.Writer makes data files of them. The rows of text come from Go: package text
// reads every form of CSV and JSON and, in a quarter of the time, what is plain CSV; at the first byte that is not
// plain that reader declines, and the load starts anew with the other. Parquet is DuckDB's to read.
//
// A value arrives as it is, or its row is bad: no text becomes NULL, no number another one. A bad row ends the
// load with a *BadRowError, which names file and line, or is put aside in the quarantine with the good
// rows beside it written. A file that cannot be read as a whole, cut short perhaps, ends the load with a
// *FileError.
package raw

import (
	"context"
	"fmt"
	"os"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// Loader reads raw files. Each call has a DuckDB of its own, closed to all but the files it reads
// and the staging folder. The zero value uses all cores and 80 % of the memory.
type Loader struct {
	Threads int
	Memory  int64  // bytes
	TempDir string // where large sorts spill; empty: the staging folder of the write
}

// sampledFiles is how many of many files Inspect looks into, and sampledRows how many rows of all of them.
const (
	sampledFiles = 64
	sampledRows  = 100_000
)

// Inspection is what Inspect found of raw files.
type Inspection struct {
	Schema *schema.Struct
	Why    []string // what decided the type of each column, where that needs a word
	Whole  bool     // all rows were looked at
	// Unclear are columns of dates that can be read in two ways, and the error of each that is to be one of dates; their type is
	// string.
	Unclear map[string]error
}

// Inspect finds the columns of raw files from a sample of their rows, or from all of them (Parquet: from their footers).
// Empty files have no columns; that is an error where all are empty. The files that it returns are the same with
// what was found out, which Load then need not find out again.
//
// Numbers are bigint, or decimal(38,0) where that is too small; fractions are double, where a double is the same
// number, or else a decimal. What would not come back from its type as it is stays text, such as 01067.
func (l Loader) Inspect(ctx context.Context, raw Files, whole bool) (Inspection, Files, error) {
	files, err := raw.look()
	if err != nil {
		return Inspection{}, raw, err
	}
	dir, err := os.MkdirTemp("", "petalake-inspect-")
	if err != nil {
		return Inspection{}, raw, err
	}
	defer os.RemoveAll(dir)
	db, conn, err := l.open(append(folders(files), dir))
	if err != nil {
		return Inspection{}, raw, err
	}
	defer db.Close()
	defer conn.Close()
	if files = withRows(files); !whole {
		files = spread(files, sampledFiles)
	}
	if len(files) == 0 {
		return Inspection{}, raw, fmt.Errorf("inspect %s: %w", raw.Paths[0], errEmpty)
	}
	if raw.Format != FormatParquet {
		found, raw, err := raw.guess(ctx, conn, files, whole, dir)
		if err == nil && raw.Format == FormatJSON { // names of CSV are those of the table already
			found, err = raw.Pick.renamed(found)
		}
		return found, raw, err
	}
	if err := wideDecimals(ctx, conn, files); err != nil {
		return Inspection{}, raw, err
	}
	s, err := conn.Describe(ctx, "FROM "+parquet(files))
	if err != nil {
		return Inspection{}, raw, fileFault(files, err)
	}
	found, err := tablefile.SchemaOf(s.Schema)
	if err == nil {
		err = untyped(ctx, conn, files, found)
	}
	if err != nil {
		return Inspection{}, raw, err
	}
	inspected, err := raw.Pick.renamed(Inspection{Schema: found, Whole: true})
	return inspected, raw, err
}

// Load writes the rows of raw files as data files of a table. On an error nothing is left: neither
// staged files nor files in the table's folder.
func (l Loader) Load(ctx context.Context, raw Files, spec tablefile.Spec) (tablefile.Written, error) {
	w, err := tablefile.NewWriter(spec)
	if err != nil {
		return tablefile.Written{}, err
	}
	defer w.Close()
	files, err := raw.look()
	if err != nil {
		return tablefile.Written{}, err
	}
	if l.TempDir == "" {
		l.TempDir = w.Dir
	}
	db, conn, err := l.open(append(folders(files), w.Dir))
	if err != nil {
		return tablefile.Written{}, err
	}
	defer db.Close()
	defer conn.Close()
	w.Use(conn)
	w.Unordered = len(spec.SortBy) == 0
	rows := &rawRows{raw: raw, files: files, Writer: w}
	out, err := rows.load(ctx)
	if err == nil {
		return out, nil
	}
	w.Discard(ctx, out.Files)
	return tablefile.Written{}, fileFault(files, err)
}

// open starts a DuckDB for one call.
func (l Loader) open(dirs []string) (*duckdb.DB, *duckdb.Conn, error) {
	o := duckdb.Options{
		Threads: l.Threads, MemoryLimit: l.Memory, TempDir: l.TempDir, Closed: true, AllowedDirs: dirs,
		Settings: tablefile.CopySettings,
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
