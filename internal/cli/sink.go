package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/internal/cli/render"
)

// sink is where rows go: standard output, a device or pipe, or a file that appears under its name
// only when it is whole.
type sink struct {
	io.Writer
	file *os.File // nil for standard output
	path string   // what the file becomes; "" where it is written in place
	mode os.FileMode
}

// outError says why --out cannot take the rows.
type outError struct {
	path string
	err  error
}

func (e *outError) Error() string { return "--out " + e.path + ": " + e.err.Error() }
func (e *outError) Unwrap() error { return e.err }

// openSink opens a sink; an empty path is standard output. What is no file, such as /dev/stdout, is
// written to, not replaced; a link stays a link.
func openSink(path string, standard io.Writer) (*sink, error) {
	if path == "" {
		return &sink{Writer: standard}, nil
	}
	target, mode := path, os.FileMode(0o644)
	if real, err := filepath.EvalSymlinks(path); err == nil {
		target = real
	}
	info, err := os.Stat(path) // of /dev/stdout that is what it stands for, which may have no path
	switch {
	case err == nil && info.IsDir():
		return nil, &outError{path, errors.New("is a folder")}
	case err == nil && (!info.Mode().IsRegular() || !sameFile(target, info)):
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &sink{Writer: f, file: f}, nil
	case err == nil:
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, &outError{path, err}
	}
	return &sink{Writer: f, file: f, path: target, mode: mode}, nil
}

func sameFile(path string, info os.FileInfo) bool {
	other, err := os.Stat(path)
	return err == nil && os.SameFile(other, info)
}

// finish puts the file in its place, or takes it away where err says that it is not whole.
func (s *sink) finish(err error) error {
	if s.file == nil {
		return err
	}
	if err == nil && s.path != "" {
		err = s.file.Chmod(s.mode)
	}
	if closing := s.file.Close(); err == nil {
		err = closing
	}
	if s.path == "" {
		return err
	}
	if err == nil {
		err = os.Rename(s.file.Name(), s.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(s.file.Name()))
	}
	return nil
}

// visible shows what would act on a terminal; line breaks stay. It is given whole lines.
type visible struct{ io.Writer }

func (v visible) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		text, ended := strings.CutSuffix(line, "\n")
		text = render.Escape(text)
		if ended {
			text += "\n"
		}
		if _, err := io.WriteString(v.Writer, text); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// writer makes the rows of a schema go to a sink in the format that was asked for.
func (c *sqlCommand) writer(out *sink, schema *arrow.Schema) (render.Writer, error) {
	switch c.output {
	case "json":
		return render.NewJSON(out, schema), nil
	case "csv":
		if _, person := terminal(c.out); person && out.file == nil {
			return render.NewCSV(visible{out}, schema), nil
		}
		return render.NewCSV(out, schema), nil
	case "parquet":
		return newParquet(out, schema)
	}
	if isPlan(schema) {
		return plan{out}, nil
	}
	style := render.Style{}
	if out.file == nil {
		style = c.style(c.out)
	}
	return render.NewTable(out, schema, style), nil
}

// plan writes the rows of an EXPLAIN for people: the plan as it was drawn, then what is read.
type plan struct{ out io.Writer }

func (p plan) Write(batch arrow.RecordBatch) error {
	value := batch.Column(int(batch.NumCols()) - 1)
	for row := range int(batch.NumRows()) {
		for line := range strings.Lines(value.ValueStr(row)) {
			if _, err := fmt.Fprintln(p.out, render.Escape(strings.TrimRight(line, "\n"))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (plan) Close() error { return nil }

// isPlan says whether a statement is an EXPLAIN, from its columns.
func isPlan(s *arrow.Schema) bool {
	return s.NumFields() == 2 && s.Field(0).Name == "explain_key" && s.Field(1).Name == "explain_value"
}

// limit is how many rows are shown: all of them, except as text on a terminal.
func (c *sqlCommand) limit(out *sink) int64 {
	if _, person := terminal(c.out); !person || out.file != nil || c.output != "text" {
		return 0
	}
	return int64(c.rows)
}

// copyRows writes the rows of a reader, at most limit of them where it is not 0, and says whether
// there are more.
func copyRows(w render.Writer, r array.RecordReader, limit int64, wait *progress) (rows int64, more bool, err error) {
	for r.Next() {
		batch := r.RecordBatch()
		if left := limit - rows; limit > 0 && batch.NumRows() > left {
			part := batch.NewSlice(0, left)
			defer part.Release()
			return rows + left, true, w.Write(part)
		}
		wait.hide()
		if err := w.Write(batch); err != nil {
			return rows, false, err
		}
		rows += batch.NumRows()
		wait.set(amount{label: "writing", part: -1, rows: rows})
	}
	return rows, false, r.Err()
}
