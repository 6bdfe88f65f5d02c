package access

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// operator compares a value of the request with one of the policy.
type operator struct {
	holds   func(pattern, value string) (bool, error)
	negated bool // it holds where no value of the policy matches, and where the request has none
}

var operators = map[string]operator{
	"StringEquals":              {text(func(p, v string) bool { return p == v }), false},
	"StringNotEquals":           {text(func(p, v string) bool { return p == v }), true},
	"StringEqualsIgnoreCase":    {text(strings.EqualFold), false},
	"StringNotEqualsIgnoreCase": {text(strings.EqualFold), true},
	"StringLike":                {text(match), false},
	"StringNotLike":             {text(match), true},
	"ArnEquals":                 {text(matchARN), false},
	"ArnNotEquals":              {text(matchARN), true},
	"ArnLike":                   {text(matchARN), false},
	"ArnNotLike":                {text(matchARN), true},
	"Bool":                      {text(strings.EqualFold), false},
	"NumericEquals":             {number(func(p, v float64) bool { return v == p }), false},
	"NumericNotEquals":          {number(func(p, v float64) bool { return v == p }), true},
	"NumericLessThan":           {number(func(p, v float64) bool { return v < p }), false},
	"NumericLessThanEquals":     {number(func(p, v float64) bool { return v <= p }), false},
	"NumericGreaterThan":        {number(func(p, v float64) bool { return v > p }), false},
	"NumericGreaterThanEquals":  {number(func(p, v float64) bool { return v >= p }), false},
}

func text(holds func(p, v string) bool) func(p, v string) (bool, error) {
	return func(p, v string) (bool, error) { return holds(p, v), nil }
}

func number(holds func(p, v float64) bool) func(p, v string) (bool, error) {
	return func(p, v string) (bool, error) {
		want, err := strconv.ParseFloat(p, 64)
		if err != nil {
			return false, fmt.Errorf("condition: %q is no number", p)
		}
		got, err := strconv.ParseFloat(v, 64)
		return err == nil && holds(want, got), nil
	}
}

// matchARN compares the six parts of an ARN, each with * and ? in it.
func matchARN(pattern, arn string) bool {
	p, a := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(p) != 6 || len(a) != 6 {
		return pattern == "*"
	}
	for i := range p {
		if !match(p[i], a[i]) {
			return false
		}
	}
	return true
}

// holds says whether one condition holds of the request: of one key.
func (q Request) holds(name, key string, values Texts) (bool, error) {
	have, present := q.value(key)
	if name == "Null" {
		absent := !present
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, strconv.FormatBool(absent)) }), nil
	}
	base, ifExists := strings.CutSuffix(name, "IfExists")
	base, forAll := strings.CutPrefix(base, "ForAllValues:")
	base, forAny := strings.CutPrefix(base, "ForAnyValue:")
	op, ok := operators[base]
	switch {
	case !ok:
		return false, fmt.Errorf("condition: the operator %q is not known", name)
	case !present:
		return ifExists || forAll || op.negated && !forAny, nil
	}
	for _, v := range have {
		hit := false
		for _, p := range values {
			if strings.HasPrefix(base, "String") || strings.HasPrefix(base, "Arn") {
				p = fillIn(p, q)
			}
			one, err := op.holds(p, v)
			if err != nil {
				return false, err
			}
			hit = hit || one
		}
		switch hit = hit != op.negated; {
		case forAll && !hit:
			return false, nil
		case forAll, op.negated && !forAny && hit:
			continue
		case op.negated && !forAny:
			return false, nil
		case hit:
			return true, nil
		}
	}
	return forAll || op.negated && !forAny, nil
}

// value is a key of the request, in any case of letters.
func (q Request) value(key string) ([]string, bool) {
	for k, v := range q.Context {
		if strings.EqualFold(k, key) && len(v) > 0 {
			return v, true
		}
	}
	return nil, false
}
