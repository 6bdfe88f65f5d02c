package text

import (
	"bytes"
	"math"
	"math/bits"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// each is a byte eight times.
func each(b byte) uint64 { return uint64(b) * ones }

// zeroBytes has the high bit of each byte set that is zero, up to the first one; bytes behind it may be wrong.
func zeroBytes(x uint64) uint64 { return (x - ones) &^ x & highs }

// load reads eight bytes. A block ends with a newline and padding, so that whoever stops at
// newlines need not look where it ends.
func load(base unsafe.Pointer, at int) uint64 { return *(*uint64)(unsafe.Add(base, at)) }

func byteAt(base unsafe.Pointer, at int) byte { return *(*byte)(unsafe.Add(base, at)) }

// record parses the record at t.at into a row, and moves on. It says false, and stays, where
// something is unusual.
func (t *PlainThread) record(out []Vector, row int) bool {
	base := unsafe.Pointer(unsafe.SliceData(t.block))
	at, format := t.at, &t.reader.format
	last := len(format.Columns) - 1
	for i := range format.Columns {
		c, v := &format.Columns[i], &out[i]
		first := byteAt(base, at)
		if first == format.Delimiter || first == '\n' || first == '\r' {
			v.Null(row)
		} else {
			quoted := first == format.Quote
			if quoted {
				at++
			}
			from := at
			var ok bool
			switch c.Kind {
			case Text:
				at, ok = t.text(base, at, quoted, unsafe.Add(v.Data, row*16))
			case Int64:
				*(*int64)(unsafe.Add(v.Data, row*8)), at, ok = plainInteger(base, at, 18)
			case Float64:
				*(*float64)(unsafe.Add(v.Data, row*8)), at, ok = plainFloat(base, at)
			case Date:
				*(*int32)(unsafe.Add(v.Data, row*4)), at, ok = plainDate(base, at)
			default:
				at, ok = plainValue(base, at, c, v.Data, row)
			}
			if !ok || c.Canonical && padded(base, from) {
				return false
			}
			if quoted {
				if byteAt(base, at) != format.Quote {
					return false
				}
				at++
			}
		}
		end := byteAt(base, at)
		if i < last {
			if end != format.Delimiter {
				return false
			}
		} else {
			if t.returns > 0 {
				if end != '\r' {
					return false
				}
				at++
				end = byteAt(base, at)
			}
			if end != '\n' {
				return false
			}
		}
		at++
	}
	if last == 0 && at-t.at <= 2 { // DuckDB passes over empty lines
		return false
	}
	t.at = at
	return true
}

// text writes a text as DuckDB's string_t: its length in four bytes, then itself where it has up
// to twelve; else its first four and a pointer to it. It returns where the text ends.
func (t *PlainThread) text(base unsafe.Pointer, at int, quoted bool, out unsafe.Pointer) (int, bool) {
	end, wide := at, uint64(0)
	if quoted {
		for {
			x := load(base, end)
			m := zeroBytes(x ^ t.quote)
			if m == 0 {
				wide |= x
				end += 8
				if end > len(t.block) {
					return at, false
				}
				continue
			}
			n := bits.TrailingZeros64(m) &^ 7
			wide |= x & (1<<n - 1)
			end += n >> 3
			break
		}
		if end >= len(t.block) || end == at { // an empty text in quotes is not NULL, or is: it depends
			return at, false
		}
		if byteAt(base, end+1) == t.reader.format.Quote {
			return t.escaped(base, at, end, wide, out)
		}
	} else {
		for {
			x := load(base, end)
			m := zeroBytes(x^t.delimiter) | zeroBytes(x^t.newline) | zeroBytes(x^t.quote)
			if m == 0 {
				wide |= x
				end += 8
				continue
			}
			n := bits.TrailingZeros64(m) &^ 7
			wide |= x & (1<<n - 1)
			end += n >> 3
			break
		}
		if t.returns > 0 && byteAt(base, end) == '\n' {
			end--
		}
	}
	return end, put(base, at, end-at, wide, out)
}

// put writes a text of n bytes.
func put(base unsafe.Pointer, at, n int, wide uint64, out unsafe.Pointer) bool {
	start := unsafe.Add(base, at)
	if wide&highs != 0 && !utf8.Valid(unsafe.Slice((*byte)(start), n)) {
		return false
	}
	*(*uint32)(out) = uint32(n)
	if n > 12 {
		*(*uint32)(unsafe.Add(out, 4)) = *(*uint32)(start)
		*(*uintptr)(unsafe.Add(out, 8)) = uintptr(start)
		return true
	}
	// The bytes behind the text must be zero.
	low, high := load(base, at), uint64(*(*uint32)(unsafe.Add(base, at+8)))
	if n < 8 {
		low, high = low&(1<<(8*n)-1), 0
	} else {
		high &= 1<<(8*(n-8)) - 1
	}
	*(*uint32)(unsafe.Add(out, 4)) = uint32(low)
	*(*uint32)(unsafe.Add(out, 8)) = uint32(low >> 32)
	*(*uint32)(unsafe.Add(out, 12)) = uint32(high)
	return true
}

// escaped goes on with a quoted text at the first of its quotes that are written twice. It moves the
// rest of the text to the left over the second of each; the block is ours.
func (t *PlainThread) escaped(base unsafe.Pointer, at, end int, wide uint64, out unsafe.Pointer) (int, bool) {
	quote := t.reader.format.Quote
	to := end
	for from := end; from < len(t.block); {
		c := byteAt(base, from)
		if c == quote {
			if byteAt(base, from+1) != quote {
				return from, put(base, at, to-at, wide, out)
			}
			from++
		}
		*(*byte)(unsafe.Add(base, to)) = c
		wide |= uint64(c)
		to, from = to+1, from+1
	}
	return at, false
}

// plainValue parses a value of a kind that is less frequent, and returns where it ends.
func plainValue(base unsafe.Pointer, at int, c *PlainColumn, data unsafe.Pointer, row int) (int, bool) {
	switch c.Kind {
	case Timestamp:
		micros, at, ok := plainTimestamp(base, at)
		*(*int64)(unsafe.Add(data, row*8)) = micros
		return at, ok
	case Int32:
		n, at, ok := plainInteger(base, at, 10)
		*(*int32)(unsafe.Add(data, row*4)) = int32(n)
		return at, ok && n == int64(int32(n))
	case Int16:
		n, at, ok := plainInteger(base, at, 5)
		*(*int16)(unsafe.Add(data, row*2)) = int16(n)
		return at, ok && n == int64(int16(n))
	case Int8:
		n, at, ok := plainInteger(base, at, 3)
		*(*int8)(unsafe.Add(data, row)) = int8(n)
		return at, ok && n == int64(int8(n))
	case Float32:
		from := at
		for numberBytes[byteAt(base, at)] {
			at++
		}
		written := unsafe.Slice((*byte)(unsafe.Add(base, from)), at-from)
		f, err := strconv.ParseFloat(string(written), 32)
		*(*float32)(unsafe.Add(data, row*4)) = float32(f)
		whole := math.Abs(f) >= 1<<24 && !bytes.ContainsAny(written, ".eE") // perhaps another one as a float
		return at, err == nil && plainDigits(base, from) && !whole && (f != 0 || len(written) < 20)
	case Decimal16, Decimal32, Decimal64:
		n, at, ok := plainDecimal(base, at, c)
		switch c.Kind {
		case Decimal16:
			*(*int16)(unsafe.Add(data, row*2)) = int16(n)
		case Decimal32:
			*(*int32)(unsafe.Add(data, row*4)) = int32(n)
		default:
			*(*int64)(unsafe.Add(data, row*8)) = n
		}
		return at, ok
	case Bool:
		b, at, ok := plainBoolean(base, at)
		*(*byte)(unsafe.Add(data, row)) = b
		return at, ok
	}
	return at, false
}

// plainInteger parses -?[0-9]+ of at most so many digits, which an int64 holds.
func plainInteger(base unsafe.Pointer, at, most int) (int64, int, bool) {
	negative := byteAt(base, at) == '-'
	if negative {
		at++
	}
	from, n := at, int64(0)
	for {
		d := byteAt(base, at) - '0'
		if d > 9 {
			break
		}
		n = n*10 + int64(d)
		at++
	}
	if negative {
		n = -n
	}
	return n, at, at > from && at-from <= most
}

// powers are those of ten that a float64 holds exactly.
var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// plainFloat parses -?[0-9]+(\.[0-9]+)? and, more slowly, what has an exponent or many digits. Where both
// the digits and the power of ten are exact the quotient is the nearest float64.
func plainFloat(base unsafe.Pointer, at int) (float64, int, bool) {
	from := at
	negative := byteAt(base, at) == '-'
	if negative {
		at++
	}
	whole, n, scale := at, uint64(0), 0
	for {
		d := byteAt(base, at) - '0'
		if d > 9 {
			break
		}
		n = n*10 + uint64(d)
		at++
	}
	count := at - whole
	if count == 0 {
		return 0, at, false
	}
	if byteAt(base, at) == '.' {
		at++
		point := at
		for {
			d := byteAt(base, at) - '0'
			if d > 9 {
				break
			}
			n = n*10 + uint64(d)
			at++
		}
		if scale = at - point; scale == 0 {
			return 0, at, false
		}
		count += scale
	}
	if count > 15 || byteAt(base, at)|0x20 == 'e' {
		if scale == 0 && byteAt(base, at)|0x20 != 'e' {
			return 0, at, false // a whole number that is perhaps another one as a float
		}
		for numberBytes[byteAt(base, at)] {
			at++
		}
		f, err := strconv.ParseFloat(string(unsafe.Slice((*byte)(unsafe.Add(base, from)), at-from)), 64)
		return f, at, err == nil && f != 0 // which it may be only nearly
	}
	f := float64(n) / powers[scale]
	if negative {
		f = -f
	}
	return f, at, true
}

// numberBytes are the bytes of a number.
var numberBytes = func() (is [256]bool) {
	for _, c := range []byte("0123456789+-.eE") {
		is[c] = true
	}
	return is
}()

// padded says whether a number begins with a zero that is not its only digit before the point.
func padded(base unsafe.Pointer, at int) bool {
	if byteAt(base, at) == '-' {
		at++
	}
	return byteAt(base, at) == '0' && byteAt(base, at+1)-'0' <= 9
}

// plainDigits says that a number begins in the plainest way.
func plainDigits(base unsafe.Pointer, at int) bool {
	if byteAt(base, at) == '-' {
		at++
	}
	return byteAt(base, at)-'0' <= 9
}

// plainDecimal parses -?[0-9]+(\.[0-9]+)? with no more digits than the column has.
func plainDecimal(base unsafe.Pointer, at int, c *PlainColumn) (int64, int, bool) {
	negative := byteAt(base, at) == '-'
	if negative {
		at++
	}
	whole, at, ok := plainInteger(base, at, c.Width)
	if !ok || whole < 0 {
		return 0, at, false
	}
	scale := 0
	if byteAt(base, at) == '.' {
		at++
		for {
			d := byteAt(base, at) - '0'
			if d > 9 {
				break
			}
			if scale++; scale > c.Scale {
				return 0, at, false // it would be rounded
			}
			whole = whole*10 + int64(d)
			at++
		}
		if scale == 0 {
			return 0, at, false
		}
	}
	for ; scale < c.Scale; scale++ {
		if whole > math.MaxInt64/10 {
			return 0, at, false
		}
		whole *= 10
	}
	if whole >= int64(math.Pow10(c.Width)) {
		return 0, at, false
	}
	if negative {
		whole = -whole
	}
	return whole, at, true
}

func plainBoolean(base unsafe.Pointer, at int) (byte, int, bool) {
	switch x := load(base, at); {
	case uint32(x) == 't'|'r'<<8|'u'<<16|'e'<<24:
		return 1, at + 4, true
	case x&(1<<40-1) == 'f'|'a'<<8|'l'<<16|'s'<<24|'e'<<32:
		return 0, at + 5, true
	}
	return 0, at, false
}

// two is a number of two digits; more than 99 where they are none.
func two(base unsafe.Pointer, at int) int {
	a, b := byteAt(base, at)-'0', byteAt(base, at+1)-'0'
	if a > 9 || b > 9 {
		return 1000
	}
	return int(a)*10 + int(b)
}

// plainDate parses 2006-01-02, of the years from 1 to 9999.
func plainDate(base unsafe.Pointer, at int) (int32, int, bool) {
	const (
		zero  = 0x2d30302d30303030 // 0000-00-, the first byte lowest
		most  = 0x7676767676767676 // carries a byte over 9 into its high bit
		marks = 0xff0000ff00000000
	)
	x := load(base, at) ^ zero
	day := two(base, at+8)
	if (x|(x+most))&highs != 0 || x&marks != 0 {
		return 0, at, false
	}
	year := int(x&15)*1000 + int(x>>8&15)*100 + int(x>>16&15)*10 + int(x>>24&15)
	month := int(x>>40&15)*10 + int(x>>48&15)
	if uint(month-1) > 11 || day < 1 || year == 0 {
		return 0, at, false
	}
	if day > 28 && day > int(lengths[month]) && (month != 2 || day > 29 || year%4 != 0 || year%100 == 0 && year%400 != 0) {
		return 0, at, false
	}
	return daysSince(year, month, day), at + 10, true
}

var lengths = [13]int8{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// daysSince counts from 1970-01-01. The year begins in March, so that the leap day is its last.
func daysSince(year, month, day int) int32 {
	if month <= 2 {
		year, month = year-1, month+12
	}
	return int32(365*year + year/4 - year/100 + year/400 + (153*(month-3)+2)/5 + day - 1 - 719468)
}

// plainTimestamp parses 2006-01-02 15:04:05, with a T or a space, and up to six digits of a second.
func plainTimestamp(base unsafe.Pointer, at int) (int64, int, bool) {
	day, at, ok := plainDate(base, at)
	if sep := byteAt(base, at); !ok || sep != ' ' && sep != 'T' {
		return 0, at, false
	}
	hour, minute, second := two(base, at+1), two(base, at+4), two(base, at+7)
	if hour > 23 || minute > 59 || second > 59 || byteAt(base, at+3) != ':' || byteAt(base, at+6) != ':' {
		return 0, at, false
	}
	micros := int64(day)*86_400_000_000 + int64(hour*3600+minute*60+second)*1_000_000
	if at += 9; byteAt(base, at) != '.' {
		return micros, at, true
	}
	at++
	unit := int64(100_000)
	for from := at; ; at++ {
		d := byteAt(base, at) - '0'
		if d > 9 {
			return micros, at, at > from
		}
		if unit == 0 {
			return 0, at, false // it would be cut short
		}
		micros += int64(d) * unit
		unit /= 10
	}
}
