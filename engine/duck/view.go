package duck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// installFew is how many files a view may be created over: DuckDB binds a view when it is created
// and again when it is used, so a longer list is put in place between the two.
const installFew = 16

// install makes the statement's tables visible to a session: for each input a view over its
// files. The session is in a transaction, which ends with the statement and takes the views away.
func install(ctx context.Context, c *duckdb.Conn, inputs []*input, types *fileTypes) error {
	var ddl strings.Builder
	for _, name := range viewSchemas(inputs) {
		fmt.Fprintf(&ddl, "CREATE SCHEMA IF NOT EXISTS %s;\n", duckdb.QuoteIdent(name))
	}
	for i, in := range inputs {
		v, err := newView(i, in)
		if err != nil {
			return fmt.Errorf("table %s: %w", in.name, err)
		}
		if err := v.variables(ctx, c); err != nil {
			return fmt.Errorf("table %s: %w", in.name, err)
		}
		if n := len(in.paths); n > 0 && n <= installFew {
			if err = types.compare(ctx, c, v); err != nil {
				return fmt.Errorf("table %s: %w", in.name, err)
			}
		}
		if err = types.calendars(ctx, c, v); err != nil {
			return fmt.Errorf("table %s: %w", in.name, err)
		}
		fmt.Fprintf(&ddl, "CREATE VIEW %s AS %s;\n", in.view(), v.sql())
	}
	if len(inputs) > 0 {
		if _, err := c.Exec(ctx, ddl.String()); err != nil {
			return fmt.Errorf("installing tables: %w", err)
		}
	}
	for i, in := range inputs {
		if len(in.paths) > installFew {
			if err := c.SetVariable(ctx, filesVariable(i), escapeAll(in.paths)); err != nil {
				return err
			}
		}
	}
	return nil
}

// view is the SELECT behind a table's name.
type view struct {
	number    int
	input     *input
	types     []string // of the fields, in DuckDB's words
	partition map[string]partition
	native    bool     // every file has every column as the table has it: no schema is given
	widened   []bool   // by field: some files may keep the column as another type
	rebased   []string // by field: the expression of a column that some files keep in another calendar; "" for others
}

// partition is a partition column's value in each file: the values that occur, and for each file
// the position, from 1, of its value among them; 0 is null.
type partition struct {
	values []string
	index  []int64
}

func newView(number int, in *input) (*view, error) {
	v := &view{number: number, input: in, partition: map[string]partition{}}
	for _, f := range in.fields() {
		t, err := tablefile.QueryType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", f.Name, err)
		}
		v.types = append(v.types, t)
		v.widened = append(v.widened, schema.Widened(f))
	}
	for _, name := range in.meta.PartitionColumns {
		v.partition[strings.ToLower(name)] = partitionOf(name, in)
	}
	return v, nil
}

func partitionOf(name string, in *input) partition {
	var p partition
	at := map[string]int64{}
	dated := false
	if i := in.meta.Schema.Index(name); i >= 0 {
		t := in.meta.Schema.Fields[i].Type
		dated = t == schema.Date || t == schema.Timestamp || t == schema.TimestampNTZ
	}
	for _, f := range in.files {
		value := f.PartitionValues[name]
		if value == nil || *value == "" { // the protocol: an empty string is null, of any type
			p.index = append(p.index, 0)
			continue
		}
		text := *value
		if dated {
			text = strings.TrimPrefix(text, "+") // Spark has it before years of five digits, DuckDB has not
		}
		i, seen := at[text]
		if !seen {
			p.values = append(p.values, text)
			i = int64(len(p.values))
			at[text] = i
		}
		p.index = append(p.index, i)
	}
	return p
}

// constant says whether all files have one value; it is null where there are no values.
func (p partition) constant() bool {
	return len(p.values) == 0 || len(p.values) == 1 && !slices.Contains(p.index, 0)
}

func filesVariable(n int) string { return fmt.Sprintf("petalake_files_%d", n) }

func (v *view) valuesVariable(column int) string {
	return fmt.Sprintf("petalake_values_%d_%d", v.number, column)
}

func (v *view) indexVariable(column int) string {
	return fmt.Sprintf("petalake_index_%d_%d", v.number, column)
}

// variables sets what the view reads from the session.
func (v *view) variables(ctx context.Context, c *duckdb.Conn) error {
	paths := v.input.paths
	if len(paths) == 0 {
		return nil
	}
	if len(paths) > installFew {
		paths = paths[:1]
	}
	if err := c.SetVariable(ctx, filesVariable(v.number), escapeAll(paths)); err != nil {
		return err
	}
	for i, f := range v.input.fields() {
		p, ok := v.partition[strings.ToLower(f.Name)]
		if !ok || p.constant() {
			continue
		}
		set := fmt.Sprintf("SET VARIABLE %s = CAST($1 AS %s[])", v.valuesVariable(i), v.types[i])
		if _, err := c.Exec(ctx, set, p.values); err != nil {
			return fmt.Errorf("partition column %q: %w", f.Name, err)
		}
		if err := c.SetVariable(ctx, v.indexVariable(i), p.index); err != nil {
			return err
		}
	}
	return nil
}

// sql is the view's SELECT. Every column is there with the type of the table's schema: a column
// that a file lacks is null, a narrower one is cast, a partition column comes from the log.
func (v *view) sql() string {
	var list, inFile []string
	for i, f := range v.input.fields() {
		name := duckdb.QuoteIdent(f.Name)
		p, partitioned := v.partition[strings.ToLower(f.Name)]
		switch {
		case len(v.input.paths) == 0 || f.Type == schema.Void:
			list = append(list, fmt.Sprintf("CAST(NULL AS %s) AS %s", v.types[i], name))
		case partitioned && len(p.values) == 0:
			list = append(list, fmt.Sprintf("CAST(NULL AS %s) AS %s", v.types[i], name))
		case partitioned && p.constant():
			list = append(list, fmt.Sprintf("CAST(%s AS %s) AS %s", duckdb.Quote(p.values[0]), v.types[i], name))
		case partitioned:
			list = append(list, fmt.Sprintf("getvariable('%s')[getvariable('%s')[file_index::BIGINT + 1]] AS %s",
				v.valuesVariable(i), v.indexVariable(i), name))
		default:
			list = append(list, v.unfiltered(i, name))
			inFile = append(inFile, fmt.Sprintf("%s: {'name': %s, 'type': %s, 'default_value': NULL}",
				duckdb.Quote(f.Name), duckdb.Quote(f.Name), duckdb.Quote(v.types[i])))
		}
	}
	if len(v.input.paths) == 0 {
		return "SELECT " + strings.Join(list, ", ") + " WHERE false"
	}
	columns := ""
	if len(inFile) > 0 && !v.native {
		columns = ", schema = MAP {" + strings.Join(inFile, ", ") + "}"
	}
	return fmt.Sprintf("SELECT %s FROM read_parquet(getvariable('%s'), hive_partitioning = false, explicit_cardinality = %d%s)",
		strings.Join(list, ", "), filesVariable(v.number), v.rows(), columns)
}

// unfiltered is the expression for a column that is kept in the data files. A condition on the column
// alone is moved into the scan, where DuckDB casts its constants to the type of the file: 2.5 becomes 2
// for a file of integers, and the wrong rows come. A condition on an expression stays outside of the
// cast, so a column that may have another type in some file is hidden in one that changes nothing.
//
// So does one on a column whose dates are not kept in the Gregorian calendar.
func (v *view) unfiltered(field int, name string) string {
	if v.rebased != nil && v.rebased[field] != "" {
		return v.rebased[field]
	}
	if !v.widened[field] {
		return name
	}
	return "coalesce(" + name + ", " + name + ") AS " + name
}

// inFile says whether a column is kept in the data files.
func (v *view) inFile(f schema.Field) bool {
	_, partitioned := v.partition[strings.ToLower(f.Name)]
	return !partitioned && f.Type != schema.Void
}

// rows is how many rows the files have, for DuckDB to order joins by: where the columns are given
// it opens no file before it plans. It is a guess for files whose count the log does not know.
func (v *view) rows() int64 {
	const bytesPerRow = 50
	n := int64(1)
	for _, f := range v.input.files {
		if f.Stats.NumRecords >= 0 {
			n += f.Stats.NumRecords
		} else {
			n += f.Size / bytesPerRow
		}
	}
	return n
}

// globs makes each character that DuckDB reads as a pattern stand for itself.
var globs = strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]")

func escapeAll(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = globs.Replace(p)
	}
	return out
}
