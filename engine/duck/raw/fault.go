package raw

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/petalake/petalake/internal/duckdb"
)

// fileFault finds which file an error of a reader is about.
func fileFault(files []rawFile, err error) error {
	var e *duckdb.Error
	if !errors.As(err, &e) || (e.Kind != duckdb.IO && e.Kind != duckdb.Invalid) {
		return err
	}
	for _, f := range files {
		if strings.Contains(e.Message, f.path) {
			return &FileError{f.path, fault(strings.NewReplacer(`"`+f.path+`"`, "", "'"+f.path+"'", "", f.path, "").Replace(e.Message))}
		}
	}
	return err
}

// unfit is a file that is whole, but not what it was taken for.
type unfit struct{ what, hint string }

func (u unfit) Error() string { return u.what }
func (u unfit) Hint() string  { return u.hint }

// fault says in few words what DuckDB says in many.
func fault(message string) error {
	switch {
	case strings.Contains(message, "Maximum line size"):
		return unfit{"a row is longer than 2 MB", "shorten it, or load the rows as Parquet"}
	case strings.Contains(message, "sniffing file"):
		return unfit{"no delimiter and quote were found with which it reads as CSV", "if it is CSV, say how it is written: delimiter, quote, escape, encoding"}
	}
	return fmt.Errorf("%w: %s", errTruncated, strings.Join(strings.Fields(message), " "))
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

// objects refuses files of JSON that begin with an array.
func objects(files []rawFile) error {
	for _, f := range files {
		r, err := unpack(f.path, f.packing)
		if err != nil {
			return err
		}
		first, err := firstSign(r)
		r.Close()
		if err != nil {
			return &FileError{f.path, fmt.Errorf("%w: %w", errTruncated, err)}
		}
		if first == '[' {
			return &FileError{f.path, unfit{"a JSON array, not an object a line", "write one object a line, as `jq -c '.[]'` does"}}
		}
	}
	return nil
}

// firstSign is the first byte that is no space nor of a byte order mark, 0 where there is none.
func firstSign(r io.Reader) (byte, error) {
	in := bufio.NewReader(r)
	for range 1 << 16 {
		switch b, err := in.ReadByte(); {
		case errors.Is(err, io.EOF):
			return 0, nil
		case err != nil:
			return 0, err
		case !strings.ContainsRune(" \t\r\n", rune(b)) && !strings.Contains("\ufeff", string([]byte{b})):
			return b, nil
		}
	}
	return 0, nil
}
