package tablefile

import (
	"fmt"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/duckdb"
)

func member(x string, f schema.Field) string {
	return "struct_extract(" + x + ", " + duckdb.Quote(f.Name) + ")"
}

// limitsOf are those of a field of a struct, nil where it has none.
func limitsOf(limits schema.Type, f schema.Field) schema.Type {
	if s, ok := limits.(*schema.Struct); ok {
		if i := s.Index(f.Name); i >= 0 {
			return s.Fields[i].Type
		}
	}
	return nil
}

// tooLong is a condition that is true where text in a column is longer than its type allows; "" where no text is limited. As Delta Lake has
// it, spaces count, and shorter text is kept as it is in a char too: Spark puts the spaces there as it reads.
func tooLong(x string, f schema.Field) (string, error) {
	limits, err := schema.Limits(f)
	if err != nil || limits == nil {
		return "", err
	}
	return longer(x, f.Type, limits, 0), nil
}

func longer(x string, t, limits schema.Type, depth int) string {
	e := fmt.Sprintf("petalake_e%d", depth)
	if text, ok := limits.(schema.Text); ok {
		return fmt.Sprintf("coalesce(length(%s) > %d, false)", x, text.Length)
	}
	var any []string
	within := func(list string, t, limits schema.Type) {
		if c := longer(e, t, limits, depth+1); c != "" {
			any = append(any, "coalesce(len(list_filter("+list+", lambda "+e+": "+c+")) > 0, false)")
		}
	}
	switch t := t.(type) {
	case *schema.Struct:
		for _, f := range t.Fields {
			if c := longer(member(x, f), f.Type, limitsOf(limits, f), depth); c != "" {
				any = append(any, c)
			}
		}
	case *schema.Array:
		if limits, ok := limits.(*schema.Array); ok {
			within(x, t.Element, limits.Element)
		}
	case *schema.Map:
		if limits, ok := limits.(*schema.Map); ok {
			within("map_keys("+x+")", t.Key, limits.Key)
			within("map_values("+x+")", t.Value, limits.Value)
		}
	}
	if len(any) < 2 {
		return strings.Join(any, "")
	}
	return "(" + strings.Join(any, " OR ") + ")"
}

// limit is the type of a column with its limits, for messages.
func (w *Writer) limit(column string) string {
	t, err := schema.Limits(w.Spec.Schema.Fields[w.Spec.Schema.Index(column)])
	if err != nil || t == nil {
		return ""
	}
	return t.String()
}
