// Package schema describes the columns of a Delta table: their names, types and nullability, as
// the protocol's schema serialization format writes them (PROTOCOL.md, Schema Serialization Format).
//
// It also says how the types correspond to Arrow, how a partition value is written as text, and
// whether a new schema may follow an old one (evolution).
package schema

// Type is one of Primitive, Decimal, *Struct, *Array, *Map.
type Type interface {
	// String is the type as a person writes it: "bigint", "decimal(10,2)", "struct<a:int,b:string>".
	String() string
	isType()
}

// Primitive is a type without parameters, by its name in the schema's JSON.
type Primitive string

// The primitive types of the protocol.
const (
	String       Primitive = "string"
	Long         Primitive = "long"
	Integer      Primitive = "integer"
	Short        Primitive = "short"
	Byte         Primitive = "byte"
	Float        Primitive = "float"
	Double       Primitive = "double"
	Boolean      Primitive = "boolean"
	Binary       Primitive = "binary"
	Date         Primitive = "date"
	Timestamp    Primitive = "timestamp"     // microseconds since the epoch, UTC
	TimestampNTZ Primitive = "timestamp_ntz" // microseconds, without zone (needs a table feature)
	Void         Primitive = "void"          // always null, never in a file
	Variant      Primitive = "variant"       // recognised, not supported yet
)

// Decimal is an exact number of Precision digits, Scale of them after the point; 1 <= Precision <= 38.
type Decimal struct{ Precision, Scale int }

// Struct is an ordered list of fields; a table's schema is one.
type Struct struct{ Fields []Field }

// Field is one column, or one member of a struct.
type Field struct {
	Name     string
	Type     Type
	Nullable bool
	Metadata map[string]any // JSON values, kept as they were read (json.Number for numbers)
}

// Array is a list of Element.
type Array struct {
	Element      Type
	ContainsNull bool
}

// Map is a dictionary.
type Map struct {
	Key, Value        Type
	ValueContainsNull bool
}

func (Primitive) isType() {}
func (Decimal) isType()   {}
func (*Struct) isType()   {}
func (*Array) isType()    {}
func (*Map) isType()      {}
