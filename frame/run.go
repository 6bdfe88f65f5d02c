package frame

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/petalake/petalake/engine"
)

// Engine runs frames. It is safe for concurrent use.
type Engine interface {
	// Rows runs a frame and streams its rows; the caller releases the reader.
	Rows(ctx context.Context, f Frame) (array.RecordReader, error)
	// Write puts the rows of a frame into a table, in one commit.
	Write(ctx context.Context, f Frame, w Write) error
	// Merge changes a table by the rows of a frame. What cannot is an *UnsupportedError.
	Merge(ctx context.Context, m Merge) error
}

// Write says where rows go.
type Write struct {
	Table       string
	Overwrite   bool     // the rows take the place of all there are, and the columns too
	PartitionBy []string // of a table that is made, or overwritten
}

// Merge says what becomes of the rows of a table, by those of a frame.
type Merge struct {
	Into   string
	Source Frame // with an Alias, by which its columns are named
	On     Expr  // which rows belong together

	Matched      []Action // the first whose condition is true is taken; of rows of the table with a match
	NotMatched   []Action // of rows of the source without one: Insert
	NotInSource  []Action // of rows of the table without one
	EvolveSchema bool
}

// Action is one thing that may become of a row.
type Action struct {
	If     *Expr           // nil is always
	Delete bool            //
	Set    map[string]Expr // columns of an update or an insert; nil is all columns, by name
}

// UnsupportedError says that an engine cannot do something.
type UnsupportedError struct{ Engine, What string }

// Error implements error.
func (e *UnsupportedError) Error() string { return e.Engine + ": " + e.What + " is not supported" }

// Hint says what to do.
func (e *UnsupportedError) Hint() string { return `run it on Spark: lake.Frames("spark")` }

// DuckDB runs frames on an engine that takes the SQL of DuckDB.
func DuckDB(e engine.Engine) Engine { return onDuck{e} }

type onDuck struct{ engine engine.Engine }

func (d onDuck) Rows(ctx context.Context, f Frame) (array.RecordReader, error) {
	sql, err := DuckSQL(f)
	if err != nil {
		return nil, err
	}
	return d.engine.Query(ctx, sql)
}

func (d onDuck) Write(ctx context.Context, f Frame, to Write) error {
	sql, err := DuckSQL(f)
	if err != nil {
		return err
	}
	name := table(Read{Table: to.Table})
	create := name
	if len(to.PartitionBy) > 0 {
		create += " PARTITIONED BY (" + quoted(to.PartitionBy) + ")"
	}
	if to.Overwrite {
		return d.run(ctx, "CREATE OR REPLACE TABLE "+create+" AS "+sql)
	}
	err = d.run(ctx, "INSERT INTO "+name+" BY NAME "+sql)
	if errors.Is(err, fs.ErrNotExist) {
		return d.run(ctx, "CREATE TABLE "+create+" AS "+sql)
	}
	return err
}

func (d onDuck) run(ctx context.Context, sql string) error {
	r, err := d.engine.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
	}
	return r.Err()
}

func (onDuck) Merge(context.Context, Merge) error { return &UnsupportedError{"DuckDB", "MERGE"} }

// CountRows counts the rows of a frame.
func CountRows(ctx context.Context, on Engine, f Frame) (int64, error) {
	counted, err := Collect[struct{ N int64 }](ctx, on, f.GroupBy().Agg(CountAll().As("n")))
	if err != nil || len(counted) != 1 {
		return 0, err
	}
	return counted[0].N, nil
}

// Collect gathers the rows of a frame as structs: a column goes into the field with its name, in any case
// of letters, or with the tag frame:"name". Columns without a field are left out; a field without a
// column is an error, and so is a null in a field that is no pointer.
func Collect[T any](ctx context.Context, on Engine, f Frame) ([]T, error) {
	r, err := on.Rows(ctx, f)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	fields, err := fieldsOf(reflect.TypeFor[T](), r.Schema())
	if err != nil {
		return nil, err
	}
	var out []T
	for r.Next() {
		batch := r.RecordBatch()
		for i := range int(batch.NumRows()) {
			var row T
			for _, to := range fields {
				if err := set(reflect.ValueOf(&row).Elem().Field(to.field), batch.Column(to.column), i); err != nil {
					return nil, fmt.Errorf("frame: column %s, row %d: %w", r.Schema().Field(to.column).Name, len(out)+1, err)
				}
			}
			out = append(out, row)
		}
	}
	return out, r.Err()
}

type place struct{ field, column int }

func fieldsOf(t reflect.Type, s *arrow.Schema) ([]place, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("frame: collect into %s: want a struct", t)
	}
	var out []place
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			continue
		}
		name := t.Field(i).Tag.Get("frame")
		if name == "" {
			name = t.Field(i).Name
		}
		column := -1
		for k, f := range s.Fields() {
			if strings.EqualFold(f.Name, name) {
				column = k
			}
		}
		if column < 0 {
			return nil, fmt.Errorf("frame: field %s of %s: no column %s in %v", t.Field(i).Name, t, name, s.Fields())
		}
		out = append(out, place{i, column})
	}
	return out, nil
}

// set puts one value into a field.
func set(to reflect.Value, from arrow.Array, i int) error {
	if from.IsNull(i) {
		if to.Kind() == reflect.Pointer {
			return nil
		}
		return fmt.Errorf("null does not go into a %s: make it a pointer", to.Type())
	}
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	switch v := from.(type) {
	case *array.Timestamp:
		if to.Type() == reflect.TypeFor[time.Time]() {
			to.Set(reflect.ValueOf(v.Value(i).ToTime(v.DataType().(*arrow.TimestampType).Unit).UTC()))
			return nil
		}
	case *array.Date32:
		if to.Type() == reflect.TypeFor[time.Time]() {
			to.Set(reflect.ValueOf(v.Value(i).ToTime()))
			return nil
		}
	case *array.Binary:
		if to.Type() == reflect.TypeFor[[]byte]() {
			to.SetBytes(append([]byte{}, v.Value(i)...))
			return nil
		}
	}
	text := from.ValueStr(i)
	switch {
	case to.Kind() == reflect.String:
		to.SetString(text)
		return nil
	case to.CanInt(), to.CanFloat(), to.CanUint(), to.Kind() == reflect.Bool:
		if _, err := fmt.Sscan(text, to.Addr().Interface()); err != nil {
			return fmt.Errorf("%s does not go into a %s", text, to.Type())
		}
		return nil
	}
	return fmt.Errorf("a %s does not go into a %s", from.DataType(), to.Type())
}
