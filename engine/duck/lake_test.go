package duck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// lake is a few tables without a log: Parquet files written by DuckDB, with true statistics.
type lake struct {
	t      testing.TB
	dir    string
	writer *duckdb.Conn
	tables map[sql.TableName][]*fake // by folded name; each version
}

// fake is one version of a table.
type fake struct {
	name    sql.TableName
	folder  string // "": one of the table's own
	version int64
	meta    delta.Metadata
	files   []delta.Add
	listed  atomic.Int64 // files yielded
}

func newLake(t testing.TB) *lake {
	t.Helper()
	db, err := duckdb.Open(duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); db.Close() })
	return &lake{t: t, dir: t.TempDir(), writer: conn, tables: map[sql.TableName][]*fake{}}
}

// file is the rows of one data file, and its partition.
type file struct {
	sql       string
	partition map[string]*string
	path      string // "" for a made-up one
	rowGroup  int    // rows
	footer    string // keys of the footer, as a struct in SQL
}

func rows(sql ...string) []file {
	var out []file
	for _, s := range sql {
		out = append(out, file{sql: s})
	}
	return out
}

// add makes the next version of a table, with all its files new. Columns is "id bigint, d date".
func (l *lake) add(name, columns string, files []file, partitionedBy ...string) *fake {
	l.t.Helper()
	typ, err := schema.ParseType("struct<" + columns + ">")
	if err != nil {
		l.t.Fatal(err)
	}
	n := spec.NewTableName("", name)
	if s, rest, ok := strings.Cut(name, "."); ok {
		n = spec.NewTableName(s, rest)
	}
	versions := l.tables[n.Fold()]
	f := &fake{name: n, version: int64(len(versions)), meta: delta.Metadata{
		ID: name, Schema: typ.(*schema.Struct), PartitionColumns: partitionedBy,
	}}
	for i, part := range files {
		path := part.path
		if path == "" {
			path = fmt.Sprintf("v%d-%d.parquet", f.version, i)
		}
		f.files = append(f.files, l.write(f, path, part))
	}
	l.tables[n.Fold()] = append(versions, f)
	return f
}

func (f *fake) root() string {
	if f.folder != "" {
		return f.folder
	}
	return strings.ReplaceAll(f.name.String(), ".", "/")
}

// write makes one data file and its statistics.
func (l *lake) write(f *fake, path string, part file) delta.Add {
	l.t.Helper()
	ctx := context.Background()
	full := filepath.Join(l.dir, f.root(), path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		l.t.Fatal(err)
	}
	options := fmt.Sprintf("FORMAT parquet, ROW_GROUP_SIZE %d", max(2048, part.rowGroup))
	if part.footer != "" {
		options += ", KV_METADATA " + part.footer
	}
	if _, err := l.writer.Exec(ctx, fmt.Sprintf("COPY (%s) TO %s (%s)", part.sql, duckdb.Quote(full), options)); err != nil {
		l.t.Fatalf("%s: %v", part.sql, err)
	}
	info, err := os.Stat(full)
	if err != nil {
		l.t.Fatal(err)
	}
	return delta.Add{Path: path, Size: info.Size(), PartitionValues: part.partition, Stats: l.stats(f, part.sql)}
}

func (l *lake) stats(f *fake, sql string) stats.File {
	l.t.Helper()
	ctx := context.Background()
	have, err := l.writer.Describe(ctx, sql)
	if err != nil {
		l.t.Fatal(err)
	}
	doc := map[string]any{"minValues": map[string]any{}, "maxValues": map[string]any{}, "nullCount": map[string]any{}}
	list := []string{"count(*)"}
	var columns []string
	for _, c := range f.meta.Schema.Fields {
		if _, nested := c.Type.(*schema.Struct); nested || !have.Schema.HasField(c.Name) || c.Type == schema.Binary {
			continue
		}
		q := duckdb.QuoteIdent(c.Name)
		columns = append(columns, c.Name)
		list = append(list, "to_json(min("+q+"))", "to_json(max("+q+"))", "count(*) - count("+q+")")
	}
	got, err := l.writer.Strings(ctx, "SELECT "+strings.Join(list, ", ")+" FROM ("+sql+")")
	if err != nil {
		l.t.Fatal(err)
	}
	doc["numRecords"] = json.RawMessage(got[0][0])
	for i, c := range columns {
		for j, key := range []string{"minValues", "maxValues", "nullCount"} {
			if v := got[0][1+3*i+j]; v != "" {
				v = strings.Replace(v, `+00"`, `Z"`, 1)
				doc[key].(map[string]any)[c] = json.RawMessage(v)
			}
		}
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		l.t.Fatal(err)
	}
	out, err := stats.Parse(raw, f.meta.Schema)
	if err != nil {
		l.t.Fatalf("%s: %v", raw, err)
	}
	return out
}

func (f *fake) Version() int64           { return f.version }
func (f *fake) Metadata() delta.Metadata { return f.meta }

func (f *fake) Files(ctx context.Context, where stats.Predicate) iter.Seq2[delta.Add, error] {
	return func(yield func(delta.Add, error) bool) {
		for _, a := range f.files {
			constant := func(path []string) (stats.Value, bool) {
				for _, field := range f.meta.Schema.Fields {
					if len(path) == 1 && path[0] == field.Name && slices.Contains(f.meta.PartitionColumns, field.Name) {
						v, err := stats.ParsePartition(field.Type, a.PartitionValues[field.Name])
						return v, err == nil
					}
				}
				return nil, false
			}
			if !stats.Matches(where, a.Stats, constant) {
				continue
			}
			f.listed.Add(1)
			if !yield(a, nil) {
				return
			}
		}
	}
}

func (f *fake) Plan(ctx context.Context, where stats.Predicate) iter.Seq2[delta.Add, error] {
	return f.Files(ctx, where)
}

func (f *fake) Totals(context.Context) (files, bytes int64, err error) {
	for _, a := range f.files {
		files, bytes = files+1, bytes+a.Size
	}
	return files, bytes, nil
}

func (l *lake) Resolve(ctx context.Context, name sql.TableName, at delta.When) (Relation, string, error) {
	versions := l.tables[name.Fold()]
	if len(versions) == 0 {
		return nil, "", fmt.Errorf("table %s: %w", name, fs.ErrNotExist)
	}
	f := versions[len(versions)-1]
	if at.Version != nil {
		if *at.Version >= int64(len(versions)) {
			return nil, "", fmt.Errorf("version %d: %w", *at.Version, fs.ErrNotExist)
		}
		f = versions[*at.Version]
	}
	if at.Time != nil { // version n was made in the year 2000+n
		if n := at.Time.Year() - 2000; n < len(versions) {
			f = versions[n]
		}
	}
	return f, f.root(), nil
}

func (l *lake) Names(context.Context) ([]sql.TableName, error) {
	var out []sql.TableName
	for _, v := range l.tables {
		out = append(out, v[0].name)
	}
	return out, nil
}

// open makes an engine that opens the lake's files in place.
func (l *lake) open() *Engine {
	l.t.Helper()
	e, err := Open(Options{Tables: l, LocalRoot: l.dir})
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { e.Close() })
	return e
}

// openRemote makes an engine that fetches, and counts what it fetches.
func (l *lake) openRemote(o Options) (*Engine, *store.Counts) {
	l.t.Helper()
	mem, counts := store.NewMem(), &store.Counts{}
	err := filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		key, err := filepath.Rel(l.dir, path)
		if err != nil {
			return err
		}
		return store.PutBytes(context.Background(), mem, filepath.ToSlash(key), body, store.Always)
	})
	if err != nil {
		l.t.Fatal(err)
	}
	o.Tables, o.Lake = l, store.Observe(mem, counts.Add)
	if o.CacheDir == "" {
		o.CacheDir = l.t.TempDir()
	}
	e, err := Open(o)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { e.Close() })
	return e, counts
}

// collect runs a query and gives its rows as text, columns joined by "|", null as "-".
func collect(t testing.TB, e *Engine, sql string, args ...any) []string {
	t.Helper()
	out, err := tryCollect(e, sql, args...)
	if err != nil {
		t.Fatalf("%s\n%v%s", sql, err, hintOf(err))
	}
	return out
}

func tryCollect(e *Engine, sql string, args ...any) ([]string, error) {
	r, err := e.Query(context.Background(), sql, args...)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	var out []string
	for r.Next() {
		b := r.RecordBatch()
		for i := range int(b.NumRows()) {
			var row []string
			for _, c := range b.Columns() {
				v := "-"
				if !c.IsNull(i) {
					v = strings.Clone(c.ValueStr(i))
				}
				row = append(row, v)
			}
			out = append(out, strings.Join(row, "|"))
		}
	}
	return out, r.Err()
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return "\nhint: " + h.Hint()
	}
	return ""
}

func text1(s string) *string { return &s }
