package spark

import (
	"fmt"
	"time"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

// mostArguments is how many arguments keep their order: Spark 4.1.1 binds five and more to its ? in
// the order of a hash table, from any client, and says nothing.
const mostArguments = 4

// literals are the arguments of a statement, for its ? in order.
func literals(args []any) ([]*connectpb.Expression, error) {
	if len(args) > mostArguments {
		return nil, fmt.Errorf("spark: %d arguments: Spark 4.1 mixes up more than %d: write some of them into the statement",
			len(args), mostArguments)
	}
	out := make([]*connectpb.Expression, len(args))
	for i, arg := range args {
		l, err := literal(arg)
		if err != nil {
			return nil, fmt.Errorf("spark: argument %d: %w", i+1, err)
		}
		out[i] = &connectpb.Expression{ExprType: &connectpb.Expression_Literal_{Literal: l}}
	}
	return out, nil
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
