package cfn

import (
	"fmt"
	"strconv"
	"strings"
)

// At follows keys into a value of a template; on the way a list stands for its first element. It is
// nil where there is nothing.
func At(v any, keys ...string) any {
	for _, k := range keys {
		if l, ok := v.(List); ok && len(l) > 0 {
			v = l[0]
		}
		m, _ := v.(Map)
		v = m[k]
	}
	return v
}

// Each is a list as it is, nothing as no element, and anything else as the one element of a list: as
// policies have it.
func Each(v any) List {
	switch v := v.(type) {
	case nil:
		return nil
	case List:
		return v
	case []string:
		var all List
		for _, s := range v {
			all = append(all, s)
		}
		return all
	}
	return List{v}
}

// Number is that of a number, or at the start of a text such as "400 vCPU"; else 0.
func Number(v any) float64 {
	switch n := v.(type) {
	case int:
		return float64(n)
	case float64:
		return n
	case string:
		n, _, _ = strings.Cut(n, " ")
		f, _ := strconv.ParseFloat(n, 64)
		return f
	}
	return 0
}

// Text is a text, or a value in few words, for people: Ref and Sub as what they refer to.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return "none"
	case bool, int, float64:
		return fmt.Sprint(v)
	}
	return brief(v)
}

// named is what Ref, Sub and GetAtt refer to.
func named(f Map) (string, bool) {
	for _, key := range []string{"Ref", "Fn::Sub"} {
		if s, ok := f[key].(string); ok {
			return s, true
		}
	}
	if pair, ok := f["Fn::GetAtt"].(List); ok && len(pair) == 2 {
		return fmt.Sprintf("%v.%v", pair[0], pair[1]), true
	}
	return "", false
}
