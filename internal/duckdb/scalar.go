package duckdb

import (
	"context"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Scalar runs a statement and returns the first column of its first row as text, "" for null. It is
// an error where there is no row.
func (c *Conn) Scalar(ctx context.Context, sql string, args ...any) (string, error) {
	rows, err := c.Strings(ctx, sql, args...)
	if err != nil {
		return "", err
	}
	if len(rows) == 0 || len(rows[0]) == 0 {
		return "", &Error{Kind: Invalid, Message: "the statement gave no row"}
	}
	return rows[0][0], nil
}

// Strings runs a statement of few rows and returns them as text, "" for null, as Arrow writes values.
func (c *Conn) Strings(ctx context.Context, sql string, args ...any) ([][]string, error) {
	r, err := c.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer r.Release()
	var rows [][]string
	for r.Next() {
		b := r.RecordBatch()
		for i := range int(b.NumRows()) {
			row := make([]string, b.NumCols())
			for j, col := range b.Columns() {
				row[j] = text(col, i)
			}
			rows = append(rows, row)
		}
	}
	return rows, r.Err()
}

func text(col arrow.Array, i int) string {
	if col.IsNull(i) {
		return ""
	}
	switch col := col.(type) {
	case *array.String:
		return strings.Clone(col.Value(i)) // the column may be C's memory
	case *array.Decimal128:
		return col.Value(i).ToString(col.DataType().(*arrow.Decimal128Type).Scale)
	}
	return strings.Clone(col.ValueStr(i))
}
