package stats

import "unicode/utf8"

// DefaultPrefix is how long strings in statistics may be, in UTF-16 units, where the table property
// delta.dataSkippingStringPrefixLength does not say otherwise.
const DefaultPrefix = 32

// Truncate makes string bounds short: the least becomes its prefix, the greatest the shortest text
// that is not less; where there is none it becomes unknown. Other bounds stay. Columns changes in
// place.
func (f *File) Truncate(prefix int) {
	for i := range f.Columns {
		c := &f.Columns[i]
		if s, ok := c.Min.(string); ok {
			c.Min = nil
			if prefix > 0 {
				c.Min = s[:prefixEnd(s, prefix)]
			}
		}
		if s, ok := c.Max.(string); ok {
			c.Max = nil
			if upper, ok := truncateMax(s, prefix); ok {
				c.Max = upper
			}
		}
	}
}

// prefixEnd is where the first n UTF-16 units of s end, in bytes; a pair is not split.
func prefixEnd(s string, n int) int {
	if len(s) <= n {
		return len(s)
	}
	units := 0
	for i, r := range s {
		units++
		if r > 0xFFFF {
			units++
		}
		if units > n {
			return i
		}
	}
	return len(s)
}

// truncateMax appends to the prefix a tie-breaker, a character that is greater than the one cut
// off: DEL where that suffices, else the greatest there is. Where that very character was cut off
// the prefix grows, up to twice its length.
func truncateMax(s string, prefix int) (string, bool) {
	if prefix <= 0 {
		return "", false
	}
	end := prefixEnd(s, prefix)
	limit := prefixEnd(s, 2*prefix)
	for end < len(s) {
		r, size := utf8.DecodeRuneInString(s[end:])
		switch {
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
