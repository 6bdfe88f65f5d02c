package stats

import (
	"math/big"
	"strconv"
)

// maxDigits bounds the text of a number: a decimal has at most 38 digits, a double's exact
// expansion some hundreds.
const maxDigits = 800

// ParseDecimal reads a number as people, JSON and SQL write it: "-12.50", "1.5e3".
func ParseDecimal(text string) (Decimal, bool) {
	mantissa, exp, ok := splitExponent(text)
	if !ok || len(mantissa) > maxDigits {
		return Decimal{}, false
	}
	digits := make([]byte, 0, len(mantissa))
	scale, point := 0, false
	for i := range len(mantissa) {
		switch c := mantissa[i]; {
		case (c == '-' || c == '+') && i == 0:
			if c == '-' {
				digits = append(digits, c)
			}
		case c == '.' && !point:
			point = true
		case '0' <= c && c <= '9':
			digits = append(digits, c)
			if point {
				scale++
			}
		default:
			return Decimal{}, false
		}
	}
	n, ok := integer(digits)
	if !ok {
		return Decimal{}, false
	}
	d := Decimal{Unscaled: n, Scale: scale - exp}
	if d.Scale < 0 {
		d = d.rescale(0)
	}
	return d, true
}

func splitExponent(text string) (mantissa string, exp int, ok bool) {
	for i := range len(text) {
		if text[i] == 'e' || text[i] == 'E' {
			exp, err := strconv.Atoi(text[i+1:])
			return text[:i], exp, err == nil && -maxDigits < exp && exp < maxDigits
		}
	}
	return text, 0, true
}

func integer(digits []byte) (*big.Int, bool) {
	if len(digits) < 19 {
		n, err := strconv.ParseInt(string(digits), 10, 64)
		return big.NewInt(n), err == nil
	}
	return new(big.Int).SetString(string(digits), 10)
}

// String writes all digits and no exponent: "-12.50".
func (d Decimal) String() string {
	if d.Unscaled == nil {
		return "0"
	}
	text := new(big.Int).Abs(d.Unscaled).String()
	for len(text) <= d.Scale {
		text = "0" + text
	}
	if d.Scale > 0 {
		text = text[:len(text)-d.Scale] + "." + text[len(text)-d.Scale:]
	}
	if d.Unscaled.Sign() < 0 {
		text = "-" + text
	}
	return text
}

// rescale is the same number with a scale that is at least as large.
func (d Decimal) rescale(scale int) Decimal {
	if scale <= d.Scale {
		return d
	}
	return Decimal{Unscaled: new(big.Int).Mul(d.Unscaled, pow10(scale-d.Scale)), Scale: scale}
}

func pow10(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// Cmp is -1, 0 or 1 as d is less than, equal to or greater than e.
func (d Decimal) Cmp(e Decimal) int {
	scale := max(d.Scale, e.Scale)
	return d.rescale(scale).Unscaled.Cmp(e.rescale(scale).Unscaled)
}
