package proof

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/google/go-cmp/cmp"
)

// rows is a table as text, for comparison: values and types that differ have different texts, and
// representations of the same (string and large_string) have one. Rows are sorted.
type rows struct {
	schema string
	rows   []string
}

// want fails the test where the rows are not these. What says which rows they are.
func (r rows) want(t *testing.T, want rows, what ...string) {
	t.Helper()
	if r.schema != want.schema {
		t.Errorf("%sschema:\n got %s\nwant %s", strings.Join(what, ""), r.schema, want.schema)
	}
	if d := cmp.Diff(want.rows, r.rows); d != "" {
		t.Errorf("%srows (-want +got):\n%s", strings.Join(what, ""), d)
	}
}

func textOf(s *arrow.Schema, batches []arrow.RecordBatch) rows {
	var columns []string
	for _, f := range s.Fields() {
		columns = append(columns, f.Name+" "+typeText(f.Type))
	}
	out := rows{schema: strings.Join(columns, ", "), rows: []string{}}
	for _, b := range batches {
		for i := range int(b.NumRows()) {
			var values []string
			for _, c := range b.Columns() {
				values = append(values, valueText(c, i))
			}
			out.rows = append(out.rows, strings.Join(values, ", "))
		}
	}
	slices.Sort(out.rows)
	return out
}

// typeText is the name of a type in Spark's SQL.
func typeText(t arrow.DataType) string {
	switch t := t.(type) {
	case *arrow.Int8Type:
		return "tinyint"
	case *arrow.Int16Type:
		return "smallint"
	case *arrow.Int32Type:
		return "int"
	case *arrow.Int64Type:
		return "bigint"
	case *arrow.Float32Type:
		return "float"
	case *arrow.Float64Type:
		return "double"
	case *arrow.BooleanType:
		return "boolean"
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return "string"
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType:
		return "binary"
	case *arrow.Date32Type:
		return "date"
	case *arrow.TimestampType:
		return timestampText(t)
	case *arrow.DictionaryType:
		return typeText(t.ValueType)
	case arrow.DecimalType:
		return fmt.Sprintf("decimal(%d,%d)", t.GetPrecision(), t.GetScale())
	case *arrow.MapType:
		return "map<" + typeText(t.KeyType()) + "," + typeText(t.ItemType()) + ">"
	case arrow.ListLikeType:
		return "array<" + typeText(t.Elem()) + ">"
	case *arrow.StructType:
		var fields []string
		for _, f := range t.Fields() {
			fields = append(fields, f.Name+":"+typeText(f.Type))
		}
		return "struct<" + strings.Join(fields, ",") + ">"
	}
	return t.String() // not a type of Delta: as it is, so that it is seen
}

func timestampText(t *arrow.TimestampType) string {
	switch {
	case t.Unit != arrow.Microsecond:
		return t.String()
	case t.TimeZone == "":
		return "timestamp_ntz"
	}
	return "timestamp"
}

func valueText(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return "null"
	}
	switch a := a.(type) {
	case *array.Float32:
		return strconv.FormatFloat(float64(a.Value(i)), 'g', -1, 32)
	case *array.Float64:
		return strconv.FormatFloat(a.Value(i), 'g', -1, 64)
	case interface{ Value(int) string }: // each kind of string
		return strconv.Quote(a.Value(i))
	case interface{ Value(int) []byte }: // each kind of binary
		return "x'" + hex.EncodeToString(a.Value(i)) + "'"
	case *array.Date32:
		return a.Value(i).ToTime().Format("2006-01-02")
	case *array.Timestamp:
		at := time.UnixMicro(int64(a.Value(i))).UTC()
		return at.Format("2006-01-02T15:04:05.000000")
	case *array.Dictionary:
		return valueText(a.Dictionary(), a.GetValueIndex(i))
	case *array.Map:
		return mapText(a, i)
	case array.ListLike:
		var values []string
		from, to := a.ValueOffsets(i)
		for j := from; j < to; j++ {
			values = append(values, valueText(a.ListValues(), int(j)))
		}
		return "[" + strings.Join(values, " ") + "]"
	case *array.Struct:
		var values []string
		for j := range a.NumField() {
			values = append(values, valueText(a.Field(j), i))
		}
		return "{" + strings.Join(values, " ") + "}"
	}
	return a.ValueStr(i) // integers, booleans, decimals
}

// mapText sorts by key: a map has no order.
func mapText(a *array.Map, i int) string {
	var entries []string
	from, to := a.ValueOffsets(i)
	for j := from; j < to; j++ {
		entries = append(entries, valueText(a.Keys(), int(j))+":"+valueText(a.Items(), int(j)))
	}
	slices.Sort(entries)
	return "{" + strings.Join(entries, " ") + "}"
}
