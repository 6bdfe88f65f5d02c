package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// wide are the ranges of runes that take two columns (Unicode TR 11, classes W and F, by block).
var wide = [][2]rune{
	{0x1100, 0x115f}, {0x231a, 0x231b}, {0x23e9, 0x23ec}, {0x2614, 0x2615}, {0x2648, 0x2653},
	{0x26aa, 0x26ab}, {0x26bd, 0x26be}, {0x2705, 0x2705}, {0x270a, 0x270b}, {0x2728, 0x2728},
	{0x274c, 0x274c}, {0x2753, 0x2755}, {0x2795, 0x2797}, {0x2b1b, 0x2b1c}, {0x2e80, 0x303e},
	{0x3041, 0xa4cf}, {0xa960, 0xa97c}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
	{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f1e6, 0x1f202}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff},
	{0x1f7e0, 0x1f7eb}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
}

func runeWidth(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	for _, w := range wide {
		if r <= w[1] {
			if r >= w[0] {
				return 2
			}
			break
		}
	}
	return 1
}

// Width is the number of terminal columns that s takes.
func Width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// Cut shortens s to at most width columns, the last of them an ellipsis where something is lost.
func Cut(s string, width int) string {
	if len(s) <= width || Width(s) <= width {
		return s
	}
	used, end := 0, 0
	for i, r := range s {
		w := runeWidth(r)
		if used+w > width-1 {
			break
		}
		used += w
		end = i + utf8.RuneLen(r)
		if r == utf8.RuneError {
			end = i + 1
		}
	}
	if width < 1 {
		return ""
	}
	return s[:end] + "…"
}

func pad(n int) string { return strings.Repeat(" ", max(0, n)) }
