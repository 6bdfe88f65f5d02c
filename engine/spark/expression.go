package spark

import (
	"fmt"
	"strings"

	"github.com/petalake/petalake/engine/spark/connectpb"
	"github.com/petalake/petalake/frame"
)

// expression is a frame's expression as one of Spark Connect.
func expression(n frame.Node) (*connectpb.Expression, error) {
	switch n := n.(type) {
	case frame.Column:
		return attribute(n.Path), nil
	case frame.Literal:
		text, err := constant(n.Value)
		return sqlExpression(text), err
	case frame.Text:
		return sqlExpression(n.SQL), nil
	case frame.As:
		e, err := expression(n.Of)
		return &connectpb.Expression{ExprType: &connectpb.Expression_Alias_{Alias: &connectpb.Expression_Alias{Expr: e, Name: []string{n.Name}}}}, err
	case frame.CastTo:
		e, err := expression(n.Of)
		return &connectpb.Expression{ExprType: &connectpb.Expression_Cast_{Cast: &connectpb.Expression_Cast{
			Expr: e, CastToType: &connectpb.Expression_Cast_TypeStr{TypeStr: n.Type},
		}}}, err
	case frame.When:
		var args []frame.Node
		for _, p := range n.Pairs {
			args = append(args, p[0], p[1])
		}
		if n.Else != nil {
			args = append(args, n.Else)
		}
		return function("when", false, args)
	case frame.Windowed:
		return windowed(n)
	case frame.Call:
		if t, ok := starred(n); ok {
			return function("count", false, []frame.Node{t})
		}
		return function(n.Name, n.Distinct, n.Args)
	}
	return nil, fmt.Errorf("spark: a %T is no expression", n)
}

// starred is count(*), which Connect knows as count(1).
func starred(c frame.Call) (frame.Node, bool) {
	if len(c.Args) == 1 {
		if t, ok := c.Args[0].(frame.Text); ok && c.Name == "count" && t.SQL == "*" {
			return frame.Text{SQL: "1"}, true
		}
	}
	return nil, false
}

// constant writes a literal in SQL.
func constant(v any) (string, error) {
	switch v := v.(type) {
	case frame.Day:
		return fmt.Sprintf("DATE'%04d-%02d-%02d'", v.Year, int(v.Month), v.Day), nil
	case frame.Exact:
		return string(v), nil
	}
	return render(v, false)
}

func sqlExpression(text string) *connectpb.Expression {
	return &connectpb.Expression{ExprType: &connectpb.Expression_ExpressionString_{ExpressionString: &connectpb.Expression_ExpressionString{Expression: text}}}
}

// identifier writes a name of several parts.
func identifier(path []string) string {
	quoted := make([]string, len(path))
	for i, p := range path {
		quoted[i] = "`" + strings.ReplaceAll(p, "`", "``") + "`"
	}
	return strings.Join(quoted, ".")
}

func attribute(path []string) *connectpb.Expression {
	return &connectpb.Expression{ExprType: &connectpb.Expression_UnresolvedAttribute_{
		UnresolvedAttribute: &connectpb.Expression_UnresolvedAttribute{UnparsedIdentifier: identifier(path)},
	}}
}

func function(name string, distinct bool, args []frame.Node) (*connectpb.Expression, error) {
	f := &connectpb.Expression_UnresolvedFunction{FunctionName: name, IsDistinct: distinct}
	for _, a := range args {
		e, err := expression(a)
		if err != nil {
			return nil, err
		}
		f.Arguments = append(f.Arguments, e)
	}
	return &connectpb.Expression{ExprType: &connectpb.Expression_UnresolvedFunction_{UnresolvedFunction: f}}, nil
}

func orders(by []frame.Order) (all []*connectpb.Expression_SortOrder, err error) {
	for _, o := range by {
		s := &connectpb.Expression_SortOrder{
			Direction: connectpb.Expression_SortOrder_SORT_DIRECTION_ASCENDING, NullOrdering: connectpb.Expression_SortOrder_SORT_NULLS_FIRST,
		}
		if s.Child, err = expression(o.Of); err != nil {
			return nil, err
		}
		if o.Descending {
			s.Direction = connectpb.Expression_SortOrder_SORT_DIRECTION_DESCENDING
		}
		if o.NullsLast {
			s.NullOrdering = connectpb.Expression_SortOrder_SORT_NULLS_LAST
		}
		all = append(all, s)
	}
	return all, nil
}

func windowed(n frame.Windowed) (*connectpb.Expression, error) {
	w := &connectpb.Expression_Window{}
	var err error
	if w.WindowFunction, err = expression(n.Of); err != nil {
		return nil, err
	}
	for _, p := range n.Partition {
		e, err := expression(p)
		if err != nil {
			return nil, err
		}
		w.PartitionSpec = append(w.PartitionSpec, e)
	}
	if w.OrderSpec, err = orders(n.Order); err != nil {
		return nil, err
	}
	if n.Rows != nil {
		w.FrameSpec = &connectpb.Expression_Window_WindowFrame{
			FrameType: connectpb.Expression_Window_WindowFrame_FRAME_TYPE_ROW, Lower: boundary(n.Rows[0]), Upper: boundary(n.Rows[1]),
		}
	}
	return &connectpb.Expression{ExprType: &connectpb.Expression_Window_{Window: w}}, nil
}

func boundary(n int64) *connectpb.Expression_Window_WindowFrame_FrameBoundary {
	switch {
	case n <= frame.UnboundedPreceding, n >= frame.UnboundedFollowing:
		return &connectpb.Expression_Window_WindowFrame_FrameBoundary{Boundary: &connectpb.Expression_Window_WindowFrame_FrameBoundary_Unbounded{Unbounded: true}}
	case n == frame.CurrentRow:
		return &connectpb.Expression_Window_WindowFrame_FrameBoundary{Boundary: &connectpb.Expression_Window_WindowFrame_FrameBoundary_CurrentRow{CurrentRow: true}}
	}
	return &connectpb.Expression_Window_WindowFrame_FrameBoundary{Boundary: &connectpb.Expression_Window_WindowFrame_FrameBoundary_Value{
		Value: &connectpb.Expression{ExprType: &connectpb.Expression_Literal_{Literal: &connectpb.Expression_Literal{
			LiteralType: &connectpb.Expression_Literal_Integer{Integer: int32(n)},
		}}},
	}}
}
