package raw

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/text"
)

// Fault says whether an error is one of raw files or their rows, and not of the machine, and the path of the file that it is about;
// "" where it does not say.
func Fault(err error) (path string, of bool) {
	var row *BadRowError
	var file *FileError
	var cut *text.FileError
	var column *tablefile.SchemaError
	var many *TooManyError
	var rule *tablefile.ViolationError
	var loss *tablefile.LossError
	var ambiguous *text.AmbiguousError
	var unsupported *schema.UnsupportedError
	var calendar *tablefile.CalendarError
	switch {
	case errors.As(err, &calendar):
		return calendar.File, true
	case errors.As(err, &many): // it names an example
		return "", true
	case errors.As(err, &row):
		return row.File, true
	case errors.As(err, &file):
		return file.Path, true
	case errors.As(err, &cut):
		return cut.Path, true
	case errors.As(err, &column):
		return column.File, true
	}
	return "", errors.As(err, &rule) || errors.As(err, &loss) || errors.As(err, &ambiguous) || errors.As(err, &unsupported) || errors.Is(err, errEmpty)
}

// errEmpty says that there is no text to learn columns from.
var errEmpty = errors.New("the files are empty: declare the table's columns")

// TooManyError says that more rows are bad than are kept.
type TooManyError struct {
	Most int
	Err  error // of one of them
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("more than %d rows are bad, for instance: %v", e.Most, e.Err)
}
func (e *TooManyError) Unwrap() error { return e.Err }

// fileFault finds which file an error of a reader is about.
func fileFault(files []rawFile, err error) error {
	var e *duckdb.Error
	if !errors.As(err, &e) || (e.Kind != duckdb.IO && e.Kind != duckdb.Invalid) {
		return err
	}
	for _, f := range files {
		if strings.Contains(e.Message, f.path) {
			message := strings.NewReplacer(`"`+f.path+`"`, "", "'"+f.path+"'", "", f.path, "").Replace(e.Message)
			return &FileError{f.path, fmt.Errorf("%w: %s", ErrIncomplete, strings.Join(strings.Fields(message), " "))}
		}
	}
	return err
}

// unfit is a file that is whole, but not what it was taken for.
type unfit struct{ what, hint string }

func (u unfit) Error() string { return u.what }
func (u unfit) Hint() string  { return u.hint }

// noText is the error of a file that holds zero bytes.
func noText(f rawFile) error {
	return &FileError{f.path, unfit{"it holds zero bytes: it is no text, or text in UTF-16", "if it is text, say its encoding"}}
}

// unsniffed is the error of a file in which DuckDB finds no CSV.
func unsniffed(f rawFile, head []byte, err error) error {
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case !utf8.Valid(head[:max(len(head)-4, 0)]):
		return &FileError{f.path, unfit{"the text is not valid UTF-8", "say its encoding, such as encoding: windows-1252"}}
	}
	return &FileError{f.path, unfit{"no delimiter and quote were found with which it reads as CSV", "if it is CSV, say how it is written: delimiter, quote, escape, encoding"}}
}

// mostDigits is how many digits a decimal has at most, here and in the Delta protocol.
const mostDigits = 38

// wideDecimals refuses Parquet files with decimals that DuckDB would read as floating point.
func wideDecimals(ctx context.Context, conn *duckdb.Conn, files []rawFile) error {
	rows, err := conn.Strings(ctx, fmt.Sprintf("SELECT file_name, name, precision::VARCHAR FROM parquet_schema(%s) WHERE precision > %d LIMIT 1", literal(files), mostDigits))
	if err != nil {
		return fileFault(files, err)
	}
	if len(rows) == 0 {
		return nil
	}
	return &FileError{rows[0][0], unfit{
		fmt.Sprintf("column %s: a decimal of %s digits; %d are the most", rows[0][1], rows[0][2], mostDigits), "write the column with fewer digits, or as a string",
	}}
}
