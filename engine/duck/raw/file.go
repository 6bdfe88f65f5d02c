package raw

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/duckdb"
)

// Format is how the rows of a raw file are written.
type Format string

// The formats of raw files. Text may be packed with gzip or zstd; the first bytes of a file tell.
const (
	FormatCSV     Format = "csv"
	FormatJSON    Format = "json" // one object a line
	FormatParquet Format = "parquet"
)

// Files are files of one format on this machine.
type Files struct {
	Format        Format
	Paths         []string // of files, not patterns
	CSV           CSV
	OriginalNames map[string]string // of files that were fetched, by their paths: for the quarantine

	sniffed *dialect // by Inspect; nil where it did not look
}

// CSV says how text files are written. What is not set is detected from the first rows.
type CSV struct {
	Delimiter       string // one to four characters
	Header          *bool
	Quote, Escape   *string // one character, or "" for none
	Null            []string
	DateFormat      string // as strptime: %d.%m.%Y
	TimestampFormat string
	Encoding        string // utf-8, utf-16, latin-1
}

// rawFile is one of the files, looked at.
type rawFile struct {
	path    string // absolute
	size    int64
	packing compression
}

// look finds all files, so that one that has vanished stops a load before it begins.
func (r Files) look() ([]rawFile, error) {
	if len(r.Paths) == 0 {
		return nil, errors.New("load: no files given")
	}
	files := make([]rawFile, len(r.Paths))
	for i, path := range r.Paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, &FileError{path, err}
		}
		info, err := os.Stat(abs)
		if err != nil {
			return nil, &FileError{path, unwrapPath(err)}
		}
		if !info.Mode().IsRegular() {
			return nil, &FileError{path, errors.New("not a regular file")}
		}
		files[i] = rawFile{path: abs, size: info.Size()}
		if files[i].packing, err = packing(abs); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// unwrapPath leaves the path out of an error that is named elsewhere.
func unwrapPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// folders are the folders of files, each once.
func folders(files []rawFile) []string {
	var dirs []string
	for _, f := range files {
		if dir := filepath.Dir(f.path) + string(filepath.Separator); !slices.Contains(dirs, dir) {
			dirs = append(dirs, filepath.Clean(dir))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// literal is a list of paths in SQL, with the signs of patterns taken literally.
func literal(files []rawFile) string {
	escape := strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]")
	quoted := make([]string, len(files))
	for i, f := range files {
		quoted[i] = duckdb.Quote(escape.Replace(f.path))
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// reader is the SQL of a table function that reads files of JSON lines or Parquet with the types
// of columns; nil columns are found out. Files of CSV have csvReader.
func (r Files) reader(files []rawFile, columns string) string {
	list := literal(files)
	switch r.Format {
	case FormatJSON:
		if columns == "" {
			return "read_json(" + list + ", format='newline_delimited', union_by_name=true, ignore_errors=true, " +
				"sample_size=100000, " +
				"map_inference_threshold=-1" + packed(files) + ")"
		}
		return "read_json(" + list + ", format='newline_delimited', auto_detect=false, columns=" + columns +
			packed(files) + ")"
	default:
		return "read_parquet(" + list + ", union_by_name=true, hive_partitioning=false)"
	}
}

// packed tells DuckDB the compression; files of one list share it.
func packed(files []rawFile) string { return ", compression='" + string(files[0].packing) + "'" }

// byPacking groups files of like compression, in order of first appearance.
func byPacking(files []rawFile) [][]rawFile {
	var groups [][]rawFile
	for _, f := range files {
		i := slices.IndexFunc(groups, func(g []rawFile) bool { return g[0].packing == f.packing })
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], f)
	}
	return groups
}

// verify checks files for their end, one after the other, beside the load.
func verify(ctx context.Context, files []rawFile) error {
	for _, f := range files {
		if err := complete(ctx, f.path, f.packing); err != nil {
			return err
		}
	}
	return nil
}

// structLiteral writes names and types as the struct that readers take for columns.
func structLiteral(names, types []string) string {
	parts := make([]string, len(names))
	for i := range names {
		parts[i] = duckdb.Quote(names[i]) + ": " + duckdb.Quote(types[i])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
