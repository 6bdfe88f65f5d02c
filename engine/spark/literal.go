package spark

import (
	"fmt"
	"time"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

// Literal is a value as a constant of a plan, for plans that are built by hand.
func Literal(value any) (*connectpb.Expression, error) {
	l, err := literal(value)
	if err != nil {
		return nil, fmt.Errorf("spark: %w", err)
	}
	return &connectpb.Expression{ExprType: &connectpb.Expression_Literal_{Literal: l}}, nil
}

func literal(arg any) (*connectpb.Expression_Literal, error) {
	switch v := arg.(type) {
	case nil:
		null := &connectpb.DataType{Kind: &connectpb.DataType_Null{Null: &connectpb.DataType_NULL{}}}
		return &connectpb.Expression_Literal{LiteralType: &connectpb.Expression_Literal_Null{Null: null}}, nil
	case bool:
		return &connectpb.Expression_Literal{LiteralType: &connectpb.Expression_Literal_Boolean{Boolean: v}}, nil
	case int:
		return literal(int64(v))
	case int32:
		return &connectpb.Expression_Literal{LiteralType: &connectpb.Expression_Literal_Integer{Integer: v}}, nil
	case int64:
		return &connectpb.Expression_Literal{LiteralType: &connectpb.Expression_Literal_Long{Long: v}}, nil
	case float64:
		return &connectpb.Expression_Literal{LiteralType: &connectpb.Expression_Literal_Double{Double: v}}, nil
	case string:
		return &connectpb.Expression_Literal{LiteralType: &connectpb.Expression_Literal_String_{String_: v}}, nil
	case []byte:
		return &connectpb.Expression_Literal{LiteralType: &connectpb.Expression_Literal_Binary{Binary: v}}, nil
	case time.Time:
		return &connectpb.Expression_Literal{LiteralType: &connectpb.Expression_Literal_Timestamp{Timestamp: v.UnixMicro()}}, nil
	}
	return nil, fmt.Errorf("a %T cannot be sent: pass a bool, an int, int32 or int64, a float64, a string, []byte, a time.Time or nil", arg)
}
