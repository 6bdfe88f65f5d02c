package schema

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
)

// ToArrow gives the Arrow schema that rows of a table have in this program: timestamps in
// microseconds, with the zone UTC or none; decimal128; lists and maps with 32-bit offsets.
// Metadata is not carried over.
func ToArrow(s *Struct) *arrow.Schema { return arrow.NewSchema(arrowFields(s), nil) }

func arrowFields(s *Struct) []arrow.Field {
	fields := make([]arrow.Field, len(s.Fields))
	for i, f := range s.Fields {
		fields[i] = arrow.Field{Name: f.Name, Type: ArrowType(f.Type), Nullable: f.Nullable}
	}
	return fields
}

var arrowPrimitives = map[Primitive]arrow.DataType{
	String: arrow.BinaryTypes.String, Binary: arrow.BinaryTypes.Binary,
	Long: arrow.PrimitiveTypes.Int64, Integer: arrow.PrimitiveTypes.Int32,
	Short: arrow.PrimitiveTypes.Int16, Byte: arrow.PrimitiveTypes.Int8,
	Float: arrow.PrimitiveTypes.Float32, Double: arrow.PrimitiveTypes.Float64,
	Boolean: arrow.FixedWidthTypes.Boolean, Date: arrow.FixedWidthTypes.Date32,
	Timestamp:    &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
	TimestampNTZ: &arrow.TimestampType{Unit: arrow.Microsecond},
	Void:         arrow.Null,
	Variant: arrow.StructOf(arrow.Field{Name: "metadata", Type: arrow.BinaryTypes.Binary},
		arrow.Field{Name: "value", Type: arrow.BinaryTypes.Binary}),
}

// ArrowType is the Arrow type of a column.
func ArrowType(t Type) arrow.DataType {
	switch t := t.(type) {
	case Primitive:
		if a, ok := arrowPrimitives[t]; ok {
			return a
		}
	case Decimal:
		return &arrow.Decimal128Type{Precision: int32(t.Precision), Scale: int32(t.Scale)}
	case *Struct:
		return arrow.StructOf(arrowFields(t)...)
	case *Array:
		return arrow.ListOfField(arrow.Field{Name: "element", Type: ArrowType(t.Element), Nullable: t.ContainsNull})
	case *Map:
		m := arrow.MapOf(ArrowType(t.Key), ArrowType(t.Value))
		m.SetItemNullable(t.ValueContainsNull)
		return m
	}
	return arrow.Null
}

// FromArrow gives the schema a table needs to hold the rows of an Arrow schema. Unsigned numbers
// become the next larger signed type, timestamps of any unit microseconds, dictionaries their
// values. A type that Delta tables do not have, and two names that differ only in case, are refused
// with the column's name.
func FromArrow(a *arrow.Schema) (*Struct, error) { return structFromArrow(a.Fields(), nil) }

func structFromArrow(fields []arrow.Field, path Path) (*Struct, error) {
	s := &Struct{Fields: make([]Field, len(fields))}
	for i, f := range fields {
		if f.Name == "" {
			return nil, fault(path, "column %d has no name", i)
		}
		t, err := fromArrow(f.Type, append(path[:len(path):len(path)], f.Name))
		if err != nil {
			return nil, err
		}
		s.Fields[i] = Field{Name: f.Name, Type: t, Nullable: f.Nullable}
	}
	return s, s.unique(path)
}

var fromPrimitives = map[arrow.Type]Primitive{
	arrow.INT8: Byte, arrow.INT16: Short, arrow.INT32: Integer, arrow.INT64: Long,
	arrow.UINT8: Short, arrow.UINT16: Integer, arrow.UINT32: Long,
	arrow.FLOAT16: Float, arrow.FLOAT32: Float, arrow.FLOAT64: Double, arrow.BOOL: Boolean,
	arrow.STRING: String, arrow.LARGE_STRING: String, arrow.STRING_VIEW: String,
	arrow.BINARY: Binary, arrow.LARGE_BINARY: Binary, arrow.BINARY_VIEW: Binary,
	arrow.FIXED_SIZE_BINARY: Binary, arrow.DATE32: Date, arrow.DATE64: Date, arrow.NULL: Void,
}

func fromArrow(a arrow.DataType, path Path) (Type, error) {
	if len(path) > maxDepth {
		return nil, fault(path[:3], "types nest more than %d deep", maxDepth)
	}
	if p, ok := fromPrimitives[a.ID()]; ok {
		return p, nil
	}
	switch a := a.(type) {
	case *arrow.Uint64Type:
		return Decimal{Precision: 20}, nil
	case *arrow.TimestampType:
		if a.TimeZone == "" {
			return TimestampNTZ, nil
		}
		return Timestamp, nil
	case arrow.DecimalType:
		d := Decimal{Precision: int(a.GetPrecision()), Scale: int(a.GetScale())}
		if d.Precision > 38 || d.Scale < 0 || d.Scale > d.Precision {
			return nil, unsupported(path, a)
		}
		return d, nil
	case *arrow.DictionaryType:
		return fromArrow(a.ValueType, path)
	case *arrow.RunEndEncodedType:
		return fromArrow(a.Encoded(), path)
	case arrow.ExtensionType:
		return fromArrow(a.StorageType(), path)
	case *arrow.StructType:
		return asType(structFromArrow(a.Fields(), path))
	case *arrow.MapType:
		return mapFromArrow(a, path)
	case arrow.ListLikeType:
		e := a.ElemField()
		t, err := fromArrow(e.Type, append(path[:len(path):len(path)], "element"))
		return &Array{Element: t, ContainsNull: e.Nullable}, err
	}
	return nil, unsupported(path, a)
}

func asType(s *Struct, err error) (Type, error) { return s, err }

func mapFromArrow(a *arrow.MapType, path Path) (Type, error) {
	k, err := fromArrow(a.KeyType(), append(path[:len(path):len(path)], "key"))
	if err != nil {
		return nil, err
	}
	v, err := fromArrow(a.ItemType(), append(path[:len(path):len(path)], "value"))
	return &Map{Key: k, Value: v, ValueContainsNull: a.ItemField().Nullable}, err
}

// UnsupportedError is a column whose type Delta tables do not have.
type UnsupportedError struct {
	Column Path
	Type   string // as Arrow names it
}

func unsupported(path Path, a arrow.DataType) error {
	return &UnsupportedError{Column: path, Type: a.String()}
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("schema: column %s: Delta tables have no type for %s", e.Column, e.Type)
}

// Hint says what to do.
func (e *UnsupportedError) Hint() string {
	return fmt.Sprintf("cast the column in SQL: cast(%s as varchar)", e.Column)
}
