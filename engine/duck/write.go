package duck

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/store"
)

// Job says what becomes data files of which table.
type Job struct {
	Store store.Store // where the table is
	Root  string      // key of the table's folder, without a trailing slash

	Schema      *schema.Struct    // all columns of the table; rows are cast to them
	PartitionBy []string          // columns that become folders
	SortBy      []string          // columns the rows of a file are sorted by
	Constraints map[string]string // SQL conditions by name, true for every row

	// Quarantine is the key of the folder that takes rows which cannot be read, as files of a
	// table with QuarantineSchema. Empty: the first such row ends the job with a *BadRowError.
	Quarantine string
	Source     string // what the quarantine says the rows came from
	MaxBad     int    // more bad rows end the job anyway; 0 is 10,000

	FileSize int64  // bytes of a data file, about; 0 is 128 MiB. Partitions have a file for each
	Staging  string // a local folder, best on the disk of the store; empty: the system's
	Now      time.Time
	Progress func(Progress) // called from one other goroutine; nil for none
}

// Progress is how far a job is.
type Progress struct {
	Done  float64 // 0 to 1
	Rows  int64   // read
	Bytes int64   // of raw files read, about
}

// Written is what a job wrote. Nobody sees the files until they are committed.
type Written struct {
	Files       []delta.Add
	Rows, Bytes int64 // of Files; raw bytes are the caller's to know

	Bad     []delta.Add // files of the quarantine
	BadRows int64
}

// Load writes the rows of raw files as data files of a table. On an error nothing is left: neither
// staged files nor files in the table's folder.
func (l Loader) Load(ctx context.Context, raw Raw, job Job) (Written, error) {
	w, err := newWriter(job)
	if err != nil {
		return Written{}, err
	}
	defer w.clean()
	files, err := raw.look()
	if err != nil {
		return Written{}, err
	}
	if l.TempDir == "" {
		l.TempDir = w.dir
	}
	db, conn, err := l.open(append(folders(files), w.dir))
	if err != nil {
		return Written{}, err
	}
	defer db.Close()
	defer conn.Close()
	w.use(conn)
	defer w.conn.Forget(w.partitions)
	w.unordered = len(job.SortBy) == 0
	rows := &rawRows{raw: raw, files: files, writer: w}
	out, err := rows.load(ctx)
	if err == nil {
		return out, nil
	}
	w.sweep(ctx, out.Files)
	return Written{}, fileFault(files, err)
}

// Write runs a SELECT and writes its rows as data files of a table. Columns are matched by name.
// The staging folder must be inside the lake's or the cache's folder; empty chooses one.
func (e *Engine) Write(ctx context.Context, sql string, job Job) (Written, error) {
	ctx, done := e.during(ctx)
	defer done()
	if job.Staging == "" {
		job.Staging = e.staging()
	}
	w, err := newWriter(job)
	if err != nil {
		return Written{}, err
	}
	defer w.clean()
	r, err := e.prepare(ctx, sql, nil)
	if err != nil {
		return Written{}, err
	}
	defer r.end()
	w.use(r.conn)
	defer w.conn.Forget(w.partitions)
	w.untyped = true
	d, err := r.conn.Describe(ctx, r.sql)
	if err != nil {
		return Written{}, r.failed(ctx, err)
	}
	columns, err := inferStruct(d.Schema.Fields(), false)
	if err != nil {
		return Written{}, err
	}
	staged, err := w.copy(ctx, "("+r.sql+"\n)", columns)
	if err != nil {
		return Written{}, r.failed(ctx, err)
	}
	return w.publish(ctx, staged)
}

// staging is a folder that the engine's DuckDB may write to.
func (e *Engine) staging() string {
	if e.options.LocalRoot != "" {
		return filepath.Join(e.options.LocalRoot, "_petalake", "staging")
	}
	return filepath.Join(e.cache.dir, "staging")
}

// writer runs the COPYs of one job.
type writer struct {
	job  Job
	conn *duckdb.Conn
	dir  string // its own, under the staging folder
	n    int    // COPYs begun
	// unordered rows may be written in any order, which is faster. Where the order counts it holds
	// within a file but for row groups that two threads finish at once.
	unordered  bool
	untyped    bool // a column that is described as INTEGER may be one of NULLs alone
	tell       reporter
	partitions *duckdb.Numbering // of the values of the partition columns
}

// partitionColumn is the name of the column that has the number of a row's partition. DuckDB names the
// folders of partitions by it, and by no value of a row: the text __HIVE_DEFAULT_PARTITION__ would share
// a folder with NULL, and a file of one of them would replace the other's; so would texts that differ in
// case alone, on some file systems; and a long one can be no name.
func (w *writer) partitionColumn() string {
	name := "petalake_partition"
	for w.job.Schema.Index(name) >= 0 {
		name += "_"
	}
	return name
}

func newWriter(job Job) (*writer, error) {
	if job.Now.IsZero() {
		job.Now = time.Now()
	}
	if job.FileSize <= 0 {
		job.FileSize = 128 << 20
	}
	if job.MaxBad <= 0 {
		job.MaxBad = 10_000
	}
	if err := checkPartitions(job); err != nil {
		return nil, err
	}
	dir, err := stage(job.Staging)
	return &writer{job: job, dir: dir, tell: reporter{report: job.Progress}}, err
}

// use makes a connection the one that the COPYs run on.
func (w *writer) use(c *duckdb.Conn) { w.conn, w.partitions = c, c.Numbering() }

// checkPartitions refuses columns that cannot be folders.
func checkPartitions(job Job) error {
	for _, name := range job.PartitionBy {
		i := job.Schema.Index(name)
		if i < 0 {
			return &SchemaError{Column: name, Reason: "partition_by names no column of the table"}
		}
		t := job.Schema.Fields[i].Type
		if classOf(t) == nestedClass || t == schema.Binary || t == schema.Void {
			return &SchemaError{Column: name, Reason: "a column of type " + t.String() + " cannot be a partition"}
		}
	}
	for _, name := range job.SortBy {
		if job.Schema.Index(name) < 0 {
			return &SchemaError{Column: name, Reason: "cluster_by names no column of the table"}
		}
	}
	if len(fileColumns(job)) == 0 {
		return errors.New("write: a table needs a column that is no partition")
	}
	return nil
}

// fileColumns are the fields that data files hold.
func fileColumns(job Job) []schema.Field {
	var fields []schema.Field
	for _, f := range job.Schema.Without(job.PartitionBy...).Fields {
		if f.Type != schema.Void {
			fields = append(fields, f)
		}
	}
	return fields
}

func (w *writer) clean() { os.RemoveAll(w.dir) }

// copy writes the rows of a source, an SQL text with these columns, into a staged folder.
func (w *writer) copy(ctx context.Context, source string, columns *schema.Struct) ([]written, error) {
	rows, err := w.selection(source, columns)
	if err != nil {
		return nil, err
	}
	w.n++
	target := filepath.Join(w.dir, "out"+strconv.Itoa(w.n))
	sql := "COPY (" + rows + ") TO " + duckdb.Quote(target) + " (" + w.options() + ")"
	files, err := w.run(ctx, sql)
	if err != nil {
		return nil, w.violation(err)
	}
	return files, nil
}

// run executes a COPY and reports its progress until it ends.
func (w *writer) run(ctx context.Context, sql string) ([]written, error) {
	done := make(chan struct{})
	var watch errgroup.Group
	watch.Go(func() error {
		w.tell.watch(w.conn, done)
		return nil
	})
	files, err := copyFiles(ctx, w.conn, sql)
	close(done)
	watch.Wait()
	return files, err
}

// options keep to the encodings of Parquet v1. With those of v2, which make files a tenth smaller,
// DuckDB writes floating-point columns without a dictionary as BYTE_STREAM_SPLIT, which Spark 4.1
// refuses, and INTEGER columns that hold both the least and the greatest value as
// DELTA_BINARY_PACKED with differences of 33 bits, which pyarrow refuses. Level 2 of zstd takes a tenth
// less time than 3, its default, and a hundredth more bytes.
func (w *writer) options() string {
	o := []string{
		"FORMAT parquet", "COMPRESSION zstd", "COMPRESSION_LEVEL 2", "PARQUET_VERSION v1", "ROW_GROUP_SIZE 122880", "RETURN_STATS",
	}
	if w.unordered {
		o = append(o, "PRESERVE_ORDER false")
	}
	if len(w.job.PartitionBy) == 0 {
		return strings.Join(append(o, fmt.Sprintf("FILE_SIZE_BYTES '%dB'", w.job.FileSize)), ", ")
	}
	return strings.Join(append(o, "PARTITION_BY ("+w.partitionColumn()+")"), ", ")
}

// names are columns as the schema writes them.
func (w *writer) names(columns []string) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = w.job.Schema.Fields[w.job.Schema.Index(c)].Name
	}
	return out
}

func identifiers(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = duckdb.QuoteIdent(n)
	}
	return strings.Join(quoted, ", ")
}
