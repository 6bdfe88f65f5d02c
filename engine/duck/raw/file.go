package raw

import (
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
	FormatJSON    Format = "json" // objects: one a line, one after the other, or in a list
	FormatParquet Format = "parquet"
)

// Files are files of one format on this machine.
type Files struct {
	Format        Format
	Paths         []string // of files, not patterns
	CSV           CSV
	OriginalNames map[string]string // of files that were fetched, by their paths: for the quarantine
	Table         string            // whose rows they are: for the quarantine
	Columns       []string          // of CSV without a header: the names of the values of a record
	// FileColumn and TimeColumn are columns of the table that take the file of a row, as Shown has it by its path, and the time of the
	// load; "" for none.
	FileColumn, TimeColumn string
	Shown                  map[string]string
	// Pick says which columns are loaded, and under which names.
	Pick Pick
	// Rescue is the name of a column of strings that takes, as an object of JSON, the values of text which do not fit their columns, or
	// have none; "" where their rows are bad.
	Rescue string
	// Origin says where a row comes from that a file has at a line, where that is not the file: for the quarantine. Nil: it is.
	Origin func(path string, line int64) (file string, at int64)

	// Declared are columns whose type somebody wrote down. A number in text may begin with zeros in these alone: in
	// others they would be lost from a key.
	Declared []string
	// Layouts are the forms of dates and times in text, as strptime has them, of columns in which they are not written
	// as ISO 8601 has it. Inspect adds those that it finds.
	Layouts map[string]string

	sniffed *dialect // by Inspect; nil where it did not look
}

// Without is all files but one.
func (r Files) Without(at int) Files {
	r.Paths, r.sniffed = slices.Delete(slices.Clone(r.Paths), at, at+1), nil
	return r
}

// CSV says how text files are written. What is not set is detected from the first rows.
type CSV struct {
	Delimiter       string // one to four characters
	Header          *bool
	Quote, Escape   *string // one character, or "" for none
	Null            []string
	DateFormat      string // as strptime: %d.%m.%Y
	TimestampFormat string
	Zone            string // of times that name none, in columns of the type timestamp, as Europe/Berlin; "" is UTC
	Encoding        string // as in web pages, or utf-16, latin-1; "" is utf-8
	Pad             bool   // values that are missing at the end of a record are NULL
	MaxRow          int    // bytes of a record; 0 is 64 MiB
	Comment         string // one byte: a line that begins with it is passed over
	Skip            *int   // lines before the header
	Decimal         string // one byte: the point of numbers
	Thousands       string // one byte between thousands
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

// parquet is the SQL of a table function that reads files of Parquet.
func parquet(files []rawFile) string {
	return "read_parquet(" + literal(files) + ", union_by_name=true, hive_partitioning=false)"
}

// packed tells DuckDB the compression; files of one list share it.
func packed(files []rawFile) string { return ", compression='" + string(files[0].packing) + "'" }
