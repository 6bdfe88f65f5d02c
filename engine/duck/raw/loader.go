// Package raw writes the rows of raw files as data files of a table.
//
// Raw files are CSV, JSON lines or Parquet on this machine, text perhaps packed. A Loader first inspects
// them, where nobody declared the columns of the table, and then loads them: DuckDB reads the files with
// the types of the table's columns, and a tablefile.Writer makes data files of the rows. Plain CSV is
// read by package csv, straight into DuckDB's vectors; at the first byte that is not plain it declines,
// and the load starts anew with DuckDB's own reader.
//
// A cell is the value that its text says, or its row is bad: no text becomes NULL. A bad row ends the
// load with a *BadRowError, which names file and line, or is put aside in the quarantine with the good
// rows beside it written. A file that cannot be read as a whole, cut short perhaps, ends the load with a
// *FileError.
package raw

import (
	"context"
	"fmt"

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

// sampledFiles is how many of many files Inspect looks into.
const sampledFiles = 64

// Inspect finds the columns of raw files from their first rows (Parquet: from their footers). See
// SchemaOf for the types. Empty files have no columns; that is an error where all are empty. The
// Raw it returns is the same files with what was found out, which Load then need not find out again.
func (l Loader) Inspect(ctx context.Context, raw Files) (*schema.Struct, Files, error) {
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
func (r Files) infer(ctx context.Context, conn *duckdb.Conn, files []rawFile) (*schema.Struct, error) {
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
	return tablefile.SchemaOf(s.Schema)
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
		found, err := tablefile.SchemaOf(s.Schema)
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
		into.Fields[i].Type = tablefile.Common(into.Fields[i].Type, f.Type)
	}
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
