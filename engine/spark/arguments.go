package spark

import (
	"errors"
	"fmt"
	"strings"

	"github.com/petalake/petalake/engine/spark/connectpb"
	"github.com/petalake/petalake/internal/sql"
)

// Named are arguments by name: a statement says :name for each. It is passed as the only argument.
type Named map[string]any

// statement is SQL text with its arguments, as a plan.
func statement(query string, args []any) (*connectpb.Relation, error) {
	text, err := bind(query, args)
	if err != nil {
		return nil, fmt.Errorf("spark: %w", err)
	}
	return &connectpb.Relation{
		Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_Sql{Sql: &connectpb.SQL{Query: text}},
	}, nil
}

// bind writes arguments into a statement, where it says ? or :name outside of strings, comments and
// quoted names. The protocol has fields for arguments, and servers cannot be left to them: Spark 4.1.1
// binds five and more to their ? in the order of a hash table, and none at all where Delta's extension
// is installed (Delta 4.2.0 parses the text alone).
func bind(query string, args []any) (string, error) {
	if len(args) == 0 {
		return query, nil
	}
	if named, ok := args[0].(Named); ok {
		if len(args) > 1 {
			return "", errors.New("arguments by name stand alone: give each of the others a name too")
		}
		return replace(query, func(mark string, count bool) (string, error) {
			arg, ok := named[mark[1:]]
			if !ok {
				return mark, nil // the server says that it is not bound
			}
			return render(arg, count)
		})
	}
	n := 0
	text, err := replace(query, func(mark string, count bool) (string, error) {
		if mark != "?" {
			return mark, nil
		}
		if n++; n > len(args) {
			return mark, nil // counted, and refused below
		}
		return render(args[n-1], count)
	})
	if err == nil && n != len(args) {
		err = fmt.Errorf("the statement has %d ?, and %d arguments came", n, len(args))
	}
	return text, err
}

// replace puts in the place of each ? and :name what value says for it. Count tells that a number of
// rows belongs there, as after LIMIT.
func replace(text string, value func(mark string, count bool) (string, error)) (string, error) {
	var out strings.Builder
	before := sql.Token{} // the last that is no blank and no comment
	for _, t := range sql.LexAll(sql.Spark, text) {
		written := t.Text
		if t.Kind == sql.Marker {
			v, err := value(t.Text, before.Is("LIMIT", "OFFSET"))
			if err != nil {
				return "", fmt.Errorf("argument %s: %w", t.Text, err)
			}
			if v != t.Text {
				written = " " + v + " " // apart from its neighbours
			}
		}
		out.WriteString(written)
		if t.Kind != sql.Blank && t.Kind != sql.Comment {
			before = t
		}
	}
	return out.String(), nil
}
