package stats

import "unicode/utf8"

// DefaultPrefix is how long strings in statistics may be, the least in characters, the greatest in UTF-16 units, where the table property
// delta.dataSkippingStringPrefixLength does not say otherwise.
const DefaultPrefix = 32

// maxPrefix is the greatest length that counts; a longer one is as if there were none.
const maxPrefix = 1 << 20

// Truncate makes string bounds short: the least becomes its prefix, the greatest the shortest text
// that is not less; where there is none it becomes unknown. Other bounds stay. Columns changes in
// place.
//
// Truncating twice is the same as once.
func (f *File) Truncate(prefix int) {
	for i := range f.Columns {
		c := &f.Columns[i]
		if s, ok := c.Min.(string); ok {
			c.Min = characters(s, prefix)
		}
		if s, ok := c.Max.(string); ok {
			c.Max = nil
			if upper, ok := truncateMax(s, prefix); ok {
				c.Max = upper
			}
		}
	}
}

// characters are the first n.
func characters(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// prefixEnd is where the first n UTF-16 units of s end, in bytes; a pair that would be split is taken whole.
func prefixEnd(s string, n int) int {
	if len(s) <= n {
		return len(s)
	}
	units := 0
	for i, r := range s {
		if units >= n {
			return i
		}
		units++
		if r > 0xFFFF {
			units++
		}
	}
	return len(s)
}

// truncateMax appends to the prefix a tie-breaker, a character that is greater than the one cut
// off: DEL where that suffices, else the greatest there is. Where that very character was cut off
// the prefix grows, up to twice its length.
func truncateMax(s string, prefix int) (string, bool) {
	if prefix <= 0 {
		return "", s == ""
	}
	end := prefixEnd(s, prefix)
	limit := prefixEnd(s, 2*prefix)
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		switch {
		case s[end:] == "\x7f": // the tie-breaker of an earlier call
			return s, true
		case end > limit || r == utf8.RuneError && size == 1:
			return "", false
		case r < 0x7F:
			return s[:end] + "\x7f", true
		case r < utf8.MaxRune:
			return s[:end] + string(rune(utf8.MaxRune)), true
		}
		end += size
	}
	return s, true
}
