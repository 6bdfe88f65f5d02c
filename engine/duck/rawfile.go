package duck

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/words"
)

// rawFormats are the table functions that read raw files, by the ends of their names.
var rawFormats = map[string]string{
	".csv": "read_csv", ".tsv": "read_csv",
	".json": "read_json", ".jsonl": "read_json", ".ndjson": "read_json",
	".parquet": "read_parquet",
}

// rawFormat is the table function that reads a file of this name; "" where the name is not that of a raw file.
func rawFormat(name string) string {
	name = strings.ToLower(name)
	function := rawFormats[path.Ext(name)]
	if function == "" {
		function = rawFormats[path.Ext(strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst"))]
	}
	return function
}

// rawFile says whether a reference names a raw file rather than a table.
func (r *reference) rawFile() bool { return r.name.Schema == "" && rawFormat(r.name.Table) != "" }

// takeFiles moves the references to raw files from the statement's tables to its files, each name once.
func (s *statement) takeFiles() {
	s.tables = slices.DeleteFunc(s.tables, func(r *reference) bool {
		if !r.rawFile() {
			return false
		}
		if !slices.ContainsFunc(s.files, func(f *reference) bool { return f.name == r.name && sameWhen(f.at, r.at) }) {
			s.files = append(s.files, r)
		}
		return true
	})
}

// installFiles makes the raw files of a statement visible to its session, as views with their names. The session is in a
// transaction, which ends with the statement and takes the views away.
func (e *Engine) installFiles(ctx context.Context, c *duckdb.Conn, s *statement) error {
	for i, r := range s.files {
		wrong := func(hint, format string, args ...any) error {
			return failure(Unread, hint, format, args...).at(s.user, r.from)
		}
		if r.at != (delta.When{}) {
			return wrong("tables of the lake have versions", "the file %q has no versions", r.name.Table)
		}
		if slices.ContainsFunc(s.files[:i], func(f *reference) bool { return f.name.Fold() == r.name.Fold() }) {
			return wrong("ask for them one after the other", "two files whose names differ in the case of letters alone: %q", r.name.Table)
		}
		found, err := rawFiles(e.options.Files, r.name.Table)
		if err != nil {
			return wrong("--files reads CSV, JSON and Parquet files below the folder of lakehouse.yaml, as in 'raw/orders/*.csv'", "%v", err)
		}
		view := fmt.Sprintf("CREATE VIEW main.%s AS SELECT * FROM %s", duckdb.QuoteIdent(r.name.Table), readRaw(rawFormat(r.name.Table), found))
		if _, err := c.Exec(ctx, view); err != nil {
			var said *duckdb.Error
			if ctx.Err() != nil || !errors.As(err, &said) {
				return err
			}
			return wrong("petalake load --dry-run says more of what is in it", "file %q: %s", r.name.Table, e.rawFault(said.Message))
		}
	}
	return nil
}

// readRaw is the call that reads files of one format.
func readRaw(function string, files []string) string {
	var list []string
	for _, f := range escapeAll(files) {
		list = append(list, duckdb.Quote(f))
	}
	options := ", union_by_name = true"
	if len(files) == 1 {
		options = ""
	}
	return function + "([" + strings.Join(list, ", ") + "], hive_partitioning = false" + options + ")"
}

// rawFiles are the files below a folder that a name in a statement means, which may hold * and ?. Their paths are
// absolute and without symbolic links, each a regular file below the folder.
func rawFiles(folder, name string) ([]string, error) {
	if strings.Contains(name, "://") || !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") {
		return nil, fmt.Errorf("%q is not a path below the folder of lakehouse.yaml", name)
	}
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, err
	}
	names := []string{name}
	if strings.ContainsAny(name, "*?[") {
		if names, err = fs.Glob(os.DirFS(root), name); err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
	}
	var files []string
	for _, n := range names {
		real, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(n)))
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%q cannot be read", n)
		}
		if below, err := filepath.Rel(root, real); err != nil || !filepath.IsLocal(below) {
			return nil, fmt.Errorf("%q is a link that leads out of the folder of lakehouse.yaml", n)
		}
		if info, err := os.Stat(real); err != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%q is not a file", n)
		}
		files = append(files, real)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no file %q", name)
	}
	return files, nil
}

// rawFault is what DuckDB says of a raw file, without the folder before its name and without the settings of its reader.
func (e *Engine) rawFault(said string) string {
	head, _, _ := strings.Cut(said, "\n\n")
	head, _, _ = strings.Cut(head, "\nPossible")
	if root, err := filepath.EvalSymlinks(e.options.Files); err == nil {
		head = strings.ReplaceAll(head, root+string(filepath.Separator), "")
	}
	message, _ := reword(words.FirstLine(head))
	if _, rest, more := strings.Cut(head, "\n"); more && !strings.Contains(rest, "read_") {
		message += ": " + strings.Join(strings.Fields(rest), " ")
	}
	return message
}
