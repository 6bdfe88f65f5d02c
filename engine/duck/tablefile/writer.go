package tablefile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
)

// Writer runs the COPYs of one write. It is for one goroutine.
type Writer struct {
	Spec     Spec
	Conn     *duckdb.Conn // that the COPYs run on
	Dir      string       // its own, under the staging folder
	Reporter Reporter     // of the progress to Spec.Progress

	// Unordered rows may be Staged in any order, which is faster. Where the order counts it holds
	// within a file but for row groups that two threads finish at once.
	Unordered bool
	Aside     bool // rows that break a rule of the table are left out: Broken finds them
	Untyped   bool // a column that is described as INTEGER may be one of NULLs alone

	codec      datafile.Codec
	copies     int               // COPYs begun
	source     *arrow.Schema     // of the rows that are copied, where their types may not be the table's
	partitions *duckdb.Numbering // of the values of the partition columns
}

// partitionColumn is the name of the column that has the number of a row's partition. DuckDB names the
// folders of partitions by it, and by no value of a row: the text __HIVE_DEFAULT_PARTITION__ would share
// a folder with NULL, and a file of one of them would replace the other's; so would texts that differ in
// case alone, on some file systems; and a long one can be no name.
func (w *Writer) partitionColumn() string { return w.Unused("petalake_partition") }

// Unused is a name that no column of the table has: this one, or the same with underscores behind it.
func (w *Writer) Unused(name string) string {
	for w.Spec.Schema.Index(name) >= 0 {
		name += "_"
	}
	return name
}

// NewWriter checks what can be checked of a Spec, and makes the staging folder. The Writer must be
// closed, and needs a connection before it writes: see Use.
func NewWriter(spec Spec) (*Writer, error) {
	if spec.Now.IsZero() {
		spec.Now = time.Now()
	}
	if spec.FileSize <= 0 {
		spec.FileSize = 128 << 20
	}
	if spec.MaxBad <= 0 {
		spec.MaxBad = 10_000
	}
	if err := checkPartitions(spec); err != nil {
		return nil, err
	}
	codec, err := datafile.CodecOf(spec.Properties)
	if err != nil {
		return nil, err
	}
	dir, err := stage(spec.Staging)
	return &Writer{Spec: spec, Dir: dir, codec: codec, Reporter: Reporter{Report: spec.Progress}}, err
}

// Use makes a connection the one that the COPYs run on. It may write to Dir, and has CopySettings.
func (w *Writer) Use(c *duckdb.Conn) { w.Conn, w.partitions = c, c.Numbering() }

// Beside is a Writer for another table, on the same connection and in a folder of its own inside Dir.
// It needs no Close; a table with partitions it cannot write.
func (w *Writer) Beside(spec Spec) (*Writer, error) {
	dir, err := os.MkdirTemp(w.Dir, "beside-")
	return &Writer{Spec: spec, Conn: w.Conn, Dir: dir}, err
}

// Close removes the staged files.
func (w *Writer) Close() {
	if w.partitions != nil {
		w.Conn.Forget(w.partitions)
	}
	os.RemoveAll(w.Dir)
}

// CopyFrom is Copy for rows of any types, as DuckDB described them. A value that would be another one as the table's type is a
// *LossError.
func (w *Writer) CopyFrom(ctx context.Context, source string, described *arrow.Schema) ([]Staged, error) {
	columns, err := ColumnsOf(described)
	if err != nil {
		return nil, err
	}
	w.source = described
	defer func() { w.source = nil }()
	return w.Copy(ctx, source, columns)
}

// BrokenFrom is Broken for rows of any types, as DuckDB described them.
func (w *Writer) BrokenFrom(source string, described *arrow.Schema, expression string) (string, error) {
	columns, err := ColumnsOf(described)
	if err != nil {
		return "", err
	}
	w.source = described
	defer func() { w.source = nil }()
	return w.Broken(source, columns, expression)
}

// Copy writes the rows of a source, an SQL text with these columns, into the staging folder. A row that
// breaks a rule of the table is a *ViolationError.
func (w *Writer) Copy(ctx context.Context, source string, columns *schema.Struct) ([]Staged, error) {
	rows, err := w.selection(source, columns)
	if err != nil {
		return nil, err
	}
	w.copies++
	target := filepath.Join(w.Dir, "out"+strconv.Itoa(w.copies))
	sql := "COPY (" + rows + ") TO " + duckdb.Quote(target) + " (" + w.options() + ")"
	files, err := w.run(ctx, sql)
	if err != nil {
		return nil, w.violation(err)
	}
	return files, nil
}

// run executes a COPY and reports its progress until it ends.
func (w *Writer) run(ctx context.Context, sql string) ([]Staged, error) {
	done := make(chan struct{})
	var watch errgroup.Group
	watch.Go(func() error {
		w.Reporter.Watch(w.Conn, done)
		return nil
	})
	files, err := copyFiles(ctx, w.Conn, sql)
	close(done)
	watch.Wait()
	return files, err
}

// options keep to the encodings of Parquet v1. With those of v2, which make files a tenth smaller,
// DuckDB writes floating-point columns without a dictionary as BYTE_STREAM_SPLIT, which Spark 4.1
// refuses, and INTEGER columns that hold both the least and the greatest value as
// DELTA_BINARY_PACKED with differences of 33 bits, which pyarrow refuses. Level 2 of zstd takes a tenth
// less time than 3, its default, and a hundredth more bytes.
func (w *Writer) options() string {
	o := []string{
		"FORMAT parquet", "COMPRESSION " + w.codec.DuckDB(), "PARQUET_VERSION v1", "ROW_GROUP_SIZE 122880", "RETURN_STATS",
	}
	if w.codec.DuckDB() == "zstd" {
		o = append(o, "COMPRESSION_LEVEL 2")
	}
	if w.Unordered {
		o = append(o, "PRESERVE_ORDER false")
	}
	if len(w.Spec.PartitionBy) == 0 {
		return strings.Join(append(o, fmt.Sprintf("FILE_SIZE_BYTES '%dB'", w.Spec.FileSize)), ", ")
	}
	return strings.Join(append(o, "PARTITION_BY ("+w.partitionColumn()+")"), ", ")
}

// names are columns as the schema writes them.
func (w *Writer) names(columns []string) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = w.Spec.Schema.Fields[w.Spec.Schema.Index(c)].Name
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

// CopySettings are settings of a DuckDB that suit COPY into partitions: with DuckDB's 100 open files, 500 partitions become
// 1,700 files.
var CopySettings = map[string]string{"partitioned_write_max_open_files": "1000"}
