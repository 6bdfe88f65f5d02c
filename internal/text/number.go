package text

import (
	"bytes"
	"math"
	"math/bits"
	"strconv"

	"github.com/petalake/petalake/delta/schema"
)

// number is what the text of a decimal number says: a whole number, without zeros at its end, times a
// power of ten.
type number struct {
	negative bool
	hi, lo   uint64 // the whole number, where it has at most 38 digits
	digits   int    // of the whole number; 0 for zero
	exponent int
	plain    bool // digits alone, perhaps after a minus: neither a point nor an exponent
	padded   bool // a zero before other digits, or a plus: the text is not what a number prints as
}

// mostDigits is how many digits a decimal has at most, here and in the Delta protocol.
const mostDigits = 38

// parseNumber reads [+-]?digits[.digits][e[+-]digits] with digits on one side of the point at least.
func parseNumber(text []byte) (n number, ok bool) {
	i := 0
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		n.negative, n.padded = text[i] == '-', text[i] == '+'
		i++
	}
	n.plain = true
	var zeros, seen, after int // zeros that wait for a digit behind them; digits of any kind; digits behind the point
	point := false
	for ; i < len(text); i++ {
		c := text[i]
		if c == '.' && !point {
			point, n.plain = true, false
			continue
		}
		if c < '0' || c > '9' {
			break
		}
		if !point && seen == 1 && n.digits == 0 && zeros == 0 {
			n.padded = true // 0 before another digit
		}
		seen++
		if point {
			after++
		}
		switch {
		case c != '0':
			n.push(zeros, uint64(c-'0'))
			zeros = 0
		case n.digits > 0:
			zeros++
		}
	}
	if seen == 0 {
		return n, false
	}
	n.exponent = zeros - after
	if i < len(text) && text[i]|0x20 == 'e' {
		n.plain = false
		e, err := strconv.ParseInt(string(bytes.TrimPrefix(text[i+1:], []byte("+"))), 10, 32)
		if err != nil || len(text) > i+2 && text[i+1] == '+' && text[i+2] == '-' {
			return n, false
		}
		n.exponent += int(e)
		i = len(text)
	}
	if n.digits == 0 {
		n.exponent = 0
	}
	return n, i == len(text)
}

// push adds zeros and a digit to the end of the whole number. One of more than 38 digits is only counted.
func (n *number) push(zeros int, digit uint64) {
	for ; zeros >= 0; zeros-- {
		n.digits++
		if n.digits > mostDigits {
			continue
		}
		d := uint64(0)
		if zeros == 0 {
			d = digit
		}
		n.hi, n.lo = timesTen(n.hi, n.lo, d)
	}
}

// timesTen is ten times a number of 128 bits, and a digit more.
func timesTen(hi, lo, digit uint64) (uint64, uint64) {
	over, low := bits.Mul64(lo, 10)
	low, carry := bits.Add64(low, digit, 0)
	return hi*10 + over + carry, low
}

// scaled is the number in units of 10^-scale, where it is whole and has at most so many digits.
func (n *number) scaled(precision, scale int) (hi, lo uint64, fault string) {
	if n.digits == 0 {
		return 0, 0, ""
	}
	shift := n.exponent + scale
	switch {
	case n.digits+shift > precision && (shift >= 0 || n.digits+n.exponent > precision-scale):
		return 0, 0, outOfRange
	case shift < 0:
		return 0, 0, wouldRound
	}
	hi, lo = n.hi, n.lo
	for ; shift > 0; shift-- {
		hi, lo = timesTen(hi, lo, 0)
	}
	if n.negative {
		lo = -lo
		hi = ^hi
		if lo == 0 {
			hi++
		}
	}
	return hi, lo, ""
}

// whole is the number as an integer of so many bits.
func (n *number) whole(size int) (v int64, fault string) {
	hi, lo, fault := n.scaled(20, 0)
	if fault != "" {
		return 0, fault
	}
	v = int64(lo)
	if fits := hi == 0 && v >= 0 || hi == math.MaxUint64 && v < 0; !fits || v>>(size-1) != 0 && v>>(size-1) != -1 {
		return 0, outOfRange
	}
	return v, ""
}

// float is the nearest floating-point number of so many bits. A whole number, which may be a key, is held
// exactly or not at all; a fraction is what a floating-point number is for.
func (n *number) float(text []byte, size int) (f float64, fault string) {
	f, err := strconv.ParseFloat(string(text), size)
	switch {
	case err != nil || f == 0 && n.digits > 0:
		return 0, outOfRange
	case n.plain && !n.exact(f, size):
		return 0, wouldRound
	}
	return f, ""
}

// exact says whether a floating-point number of so many bits is the whole number itself.
func (n *number) exact(f float64, size int) bool {
	if math.Abs(f) < 1<<24 || size == 64 && math.Abs(f) < 1<<53 {
		return true // below that it holds each whole number
	}
	exact, ok := parseNumber([]byte(strconv.FormatFloat(f, 'f', 0, 64)))
	return ok && n.same(exact)
}

func (n *number) same(o number) bool {
	if n.digits == 0 && o.digits == 0 {
		return true
	}
	return n.digits <= mostDigits && n.negative == o.negative && n.hi == o.hi && n.lo == o.lo && n.digits == o.digits && n.exponent == o.exponent
}

// holds is the smallest type that holds the number as it is; string where none does.
func (n *number) holds() schema.Type {
	if _, fault := n.whole(64); fault == "" {
		return schema.Long
	}
	scale := max(-n.exponent, 0)
	precision := max(n.digits+n.exponent, 0) + scale
	if precision > mostDigits || scale > mostDigits {
		return schema.String
	}
	return schema.Decimal{Precision: precision, Scale: scale}
}

// special is NaN or an infinity, which are numbers to a floating-point column alone.
func special(text []byte) (float64, bool) {
	rest := text
	sign := 1
	if len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
		if rest[0] == '-' {
			sign = -1
		}
		rest = rest[1:]
	}
	switch {
	case bytes.EqualFold(rest, []byte("nan")):
		return math.NaN(), true
	case bytes.EqualFold(rest, []byte("inf")), bytes.EqualFold(rest, []byte("infinity")):
		return math.Inf(sign), true
	}
	return 0, false
}
