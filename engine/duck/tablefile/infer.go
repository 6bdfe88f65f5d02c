package tablefile

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/petalake/petalake/delta/schema"
)

// SchemaOf chooses the columns of a table for rows that nobody declared a schema for: those of raw
// files, or of a SELECT. Every type becomes the smallest Delta type that holds all its values:
// unsigned integers the next wider one, UBIGINT decimal(20,0), HUGEINT (a sum of BIGINT)
// decimal(38,0); types Delta has no equal of (TIME, INTERVAL, UUID, ENUM, JSON) become string.
//
// A timestamp without a zone is a timestamp_ntz: which moment it is nobody said.
func SchemaOf(s *arrow.Schema) (*schema.Struct, error) {
	t, err := ColumnsOf(s)
	if err != nil {
		return nil, err
	}
	for i, f := range t.Fields {
		if t.Index(f.Name) != i {
			return nil, &SchemaError{Column: f.Name, Reason: "the name occurs twice"}
		}
	}
	return t, nil
}

// ColumnsOf are the columns of rows as they are.
func ColumnsOf(s *arrow.Schema) (*schema.Struct, error) { return inferStruct(s.Fields()) }

func inferStruct(fields []arrow.Field) (*schema.Struct, error) {
	s := &schema.Struct{}
	for _, f := range fields {
		t, err := inferType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		s.Fields = append(s.Fields, schema.Field{Name: f.Name, Type: t, Nullable: true})
	}
	return s, nil
}

// inferred are the types that need no look at their parameters.
var inferred = map[arrow.Type]schema.Type{
	arrow.BOOL: schema.Boolean,
	arrow.INT8: schema.Byte, arrow.INT16: schema.Short, arrow.INT32: schema.Integer, arrow.INT64: schema.Long,
	arrow.UINT8: schema.Short, arrow.UINT16: schema.Integer, arrow.UINT32: schema.Long,
	arrow.UINT64:  schema.Decimal{Precision: 20},
	arrow.FLOAT32: schema.Float, arrow.FLOAT64: schema.Double,
	arrow.STRING: schema.String, arrow.LARGE_STRING: schema.String, arrow.STRING_VIEW: schema.String,
	arrow.BINARY: schema.Binary, arrow.LARGE_BINARY: schema.Binary, arrow.BINARY_VIEW: schema.Binary,
	arrow.FIXED_SIZE_BINARY: schema.Binary,
	arrow.DATE32:            schema.Date,
	arrow.TIME32:            schema.String, arrow.TIME64: schema.String, arrow.DICTIONARY: schema.String,
	arrow.INTERVAL_MONTHS: schema.String, arrow.INTERVAL_DAY_TIME: schema.String,
	arrow.INTERVAL_MONTH_DAY_NANO: schema.String, arrow.DURATION: schema.String, arrow.NULL: schema.String,
}

func inferType(t arrow.DataType) (schema.Type, error) {
	if simple, ok := inferred[t.ID()]; ok {
		return simple, nil
	}
	switch t := t.(type) {
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			return schema.TimestampNTZ, nil
		}
		return schema.Timestamp, nil
	case *arrow.Decimal128Type:
		return schema.Decimal{Precision: int(t.Precision), Scale: int(t.Scale)}, nil
	case *arrow.StructType:
		return inferStruct(t.Fields())
	case *arrow.MapType:
		key, err := inferType(t.KeyType())
		if err != nil {
			return nil, err
		}
		value, err := inferType(t.ItemType())
		return &schema.Map{Key: key, Value: value, ValueContainsNull: true}, err
	case arrow.ListLikeType:
		element, err := inferType(t.Elem())
		return &schema.Array{Element: element, ContainsNull: true}, err
	}
	return nil, fmt.Errorf("type %s has no place in a Delta table", t)
}
