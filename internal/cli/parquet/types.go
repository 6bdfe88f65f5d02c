package parquet

import (
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

var (
	optional = parquet.Repetitions.Optional
	required = parquet.Repetitions.Required
	repeated = parquet.Repetitions.Repeated
)

// column makes the node of a field, and the leaves below it.
func column(name string, t arrow.DataType, path []step, rep parquet.Repetition) (schema.Node, []*leaf, error) {
	if d, ok := t.(*arrow.DictionaryType); ok {
		return column(name, d.ValueType, path, rep)
	}
	if e, ok := t.(arrow.ExtensionType); ok {
		return column(name, e.StorageType(), path, rep)
	}
	switch t := t.(type) {
	case *arrow.StructType:
		return group(name, t, path, rep)
	case *arrow.MapType:
		return mapColumn(name, t, path, rep)
	case arrow.ListLikeType:
		inner, leaves, err := column("element", t.Elem(), below(path, -1), optional)
		if err != nil {
			return nil, nil, named(name, err)
		}
		list, err := schema.NewGroupNode("list", repeated, schema.FieldList{inner}, -1)
		if err != nil {
			return nil, nil, err
		}
		node, err := schema.NewGroupNodeLogical(name, rep, schema.FieldList{list}, schema.NewListLogicalType(), -1)
		return node, leaves, err
	}
	p, ok := primitive(t)
	if !ok {
		return nil, nil, &UnsupportedError{name, t}
	}
	node, err := schema.NewPrimitiveNodeLogical(name, rep, p.logical, p.physical, p.length, -1)
	return node, []*leaf{{path: path, required: rep == required, values: p.values}}, err
}

// named puts the name of the column before what is inside it.
func named(name string, err error) error {
	if u, ok := err.(*UnsupportedError); ok {
		return &UnsupportedError{name, u.Type}
	}
	return err
}

func below(path []step, child int) []step { return append(slices.Clip(path), step{child}) }

func group(name string, t *arrow.StructType, path []step, rep parquet.Repetition) (schema.Node, []*leaf, error) {
	var fields schema.FieldList
	var leaves []*leaf
	for i, f := range t.Fields() {
		node, of, err := column(f.Name, f.Type, below(path, i), optional)
		if err != nil {
			return nil, nil, named(name, err)
		}
		fields, leaves = append(fields, node), append(leaves, of...)
	}
	if len(fields) == 0 {
		return nil, nil, &UnsupportedError{name, t}
	}
	node, err := schema.NewGroupNode(name, rep, fields, -1)
	return node, leaves, err
}

func mapColumn(name string, t *arrow.MapType, path []step, rep parquet.Repetition) (schema.Node, []*leaf, error) {
	key, leaves, err := column("key", t.KeyType(), below(path, 0), required)
	if err != nil {
		return nil, nil, named(name, err)
	}
	if _, flat := key.(*schema.PrimitiveNode); !flat {
		return nil, nil, &UnsupportedError{name, t}
	}
	value, more, err := column("value", t.ItemType(), below(path, 1), optional)
	if err != nil {
		return nil, nil, named(name, err)
	}
	pairs, err := schema.NewGroupNode("key_value", repeated, schema.FieldList{key, value}, -1)
	if err != nil {
		return nil, nil, err
	}
	node, err := schema.NewGroupNodeLogical(name, rep, schema.FieldList{pairs}, schema.MapLogicalType{}, -1)
	return node, append(leaves, more...), err
}

// physical is how a type without parts is stored.
type physical struct {
	physical parquet.Type
	length   int // of a fixed-length byte array
	logical  schema.LogicalType
	values   values
}

func primitive(t arrow.DataType) (physical, bool) {
	none := schema.NoLogicalType{}
	integer := func(bits int8, signed bool) schema.LogicalType { return schema.NewIntLogicalType(bits, signed) }
	switch t := t.(type) {
	case *arrow.NullType:
		return physical{parquet.Types.Int32, -1, schema.NullLogicalType{}, &int32s{}}, true
	case *arrow.BooleanType:
		return physical{parquet.Types.Boolean, -1, none, &bools{}}, true
	case *arrow.Int8Type:
		return physical{parquet.Types.Int32, -1, integer(8, true), &int32s{}}, true
	case *arrow.Int16Type:
		return physical{parquet.Types.Int32, -1, integer(16, true), &int32s{}}, true
	case *arrow.Int32Type:
		return physical{parquet.Types.Int32, -1, none, &int32s{}}, true
	case *arrow.Int64Type:
		return physical{parquet.Types.Int64, -1, none, &int64s{}}, true
	case *arrow.Uint8Type:
		return physical{parquet.Types.Int32, -1, integer(8, false), &int32s{}}, true
	case *arrow.Uint16Type:
		return physical{parquet.Types.Int32, -1, integer(16, false), &int32s{}}, true
	case *arrow.Uint32Type:
		return physical{parquet.Types.Int32, -1, integer(32, false), &int32s{}}, true
	case *arrow.Uint64Type:
		return physical{parquet.Types.Int64, -1, integer(64, false), &int64s{}}, true
	case *arrow.Float16Type, *arrow.Float32Type:
		return physical{parquet.Types.Float, -1, none, &floats{}}, true
	case *arrow.Float64Type:
		return physical{parquet.Types.Double, -1, none, &doubles{}}, true
	case *arrow.Decimal32Type, *arrow.Decimal64Type, *arrow.Decimal128Type:
		d := t.(arrow.DecimalType)
		size := decimalBytes(d.GetPrecision())
		return physical{parquet.Types.FixedLenByteArray, size, schema.NewDecimalLogicalType(d.GetPrecision(), d.GetScale()), &fixed{size: size}}, true
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return physical{parquet.Types.ByteArray, -1, schema.StringLogicalType{}, &binaries{}}, true
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType:
		return physical{parquet.Types.ByteArray, -1, none, &binaries{}}, true
	case *arrow.FixedSizeBinaryType:
		return physical{parquet.Types.FixedLenByteArray, t.ByteWidth, none, &fixed{size: t.ByteWidth}}, true
	case *arrow.Date32Type, *arrow.Date64Type:
		return physical{parquet.Types.Int32, -1, schema.DateLogicalType{}, &int32s{}}, true
	case *arrow.Time32Type, *arrow.Time64Type:
		return physical{parquet.Types.Int64, -1, schema.NewTimeLogicalType(false, schema.TimeUnitMicros), &int64s{}}, true
	case *arrow.TimestampType:
		unit := schema.TimeUnitMicros
		if t.Unit == arrow.Nanosecond {
			unit = schema.TimeUnitNanos
		}
		return physical{parquet.Types.Int64, -1, schema.NewTimestampLogicalTypeForce(t.TimeZone != "", unit), &int64s{}}, true
	}
	return physical{}, false
}

// decimalBytes is the least number of bytes that hold every number of a precision.
func decimalBytes(precision int32) int {
	return int(math.Ceil((float64(precision)*math.Log2(10) + 1) / 8))
}
