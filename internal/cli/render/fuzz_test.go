package render

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
)

var seeds = []string{"", "plain", "\x1b[2J", "日本語", "e\u0301", "\xff\xfe", "a\u202eb", "\u009b31m", "\"q\\", "👩‍👩‍👧", "\ufffd", " lead"}

func FuzzText(f *testing.F) {
	for i, s := range seeds {
		f.Add(s, i)
	}
	f.Fuzz(func(t *testing.T, s string, width int) {
		escaped := Escape(s)
		if !utf8.ValidString(escaped) {
			t.Errorf("Escape(%q) = %q: not UTF-8", s, escaped)
		}
		for _, r := range escaped {
			if hidden(r) {
				t.Errorf("Escape(%q) = %q: still holds %U", s, escaped, r)
			}
		}
		if again := Escape(escaped); again != escaped {
			t.Errorf("Escape twice: got %q, want %q", again, escaped)
		}
		width %= 200
		if cut := Cut(escaped, width); width >= 0 && Width(cut) > width {
			t.Errorf("Cut(%q, %d) = %q: %d wide", escaped, width, cut, Width(cut))
		}
		var back string
		if err := json.Unmarshal(appendQuoted(nil, s), &back); err != nil || utf8.ValidString(s) && back != s {
			t.Errorf("as JSON: got %q, %v; want %q", back, err, s)
		}
		line := append(quoteCSV([]byte("x,"+s), 2), '\n')
		row, err := csv.NewReader(strings.NewReader(string(line))).Read()
		// encoding/csv reads \r\n as \n, also inside quotes.
		if want := strings.ReplaceAll(s, "\r\n", "\n"); err != nil || len(row) != 2 || row[1] != want {
			t.Errorf("as CSV: got %q, %v; want %q", row, err, want)
		}
	})
}

func FuzzFit(f *testing.F) {
	f.Add([]byte{5, 200, 13}, 40, uint8(2))
	f.Add([]byte{0, 0, 0}, 1, uint8(0))
	f.Fuzz(func(t *testing.T, natural []byte, width int, right uint8) {
		width = abs(width) % 500
		var columns []Column
		var widths []int
		for i, n := range natural {
			columns = append(columns, Column{Whole: right&(1<<(i%8)) != 0})
			widths = append(widths, int(n))
		}
		shown := fit(columns, widths, width)
		total := 0
		for i, w := range shown {
			total += w
			if i > 0 {
				total += len(gap)
			}
			if w > widths[i] {
				t.Errorf("column %d is %d wide, naturally %d", i, w, widths[i])
			}
		}
		if width > 0 && total > width {
			t.Errorf("fit(%v, %d) = %v: %d wide", widths, width, shown, total)
		}
		if len(natural) > 0 && len(shown) == 0 {
			t.Errorf("fit(%v, %d) shows nothing", widths, width)
		}
	})
}

func abs(n int) int {
	if n < 0 {
		n = -(n + 1)
	}
	return n
}

func FuzzTime(f *testing.F) {
	f.Add(int64(-1), uint8(2))
	f.Add(int64(math.MinInt64), uint8(0))
	f.Add(int64(math.MaxInt64), uint8(3))
	f.Fuzz(func(t *testing.T, v int64, u uint8) {
		unit := arrow.TimeUnit(u % 4)
		text := string(exact.appendTimestamp(nil, v, unit, true))
		appendTime(nil, v, unit)
		appendDate(nil, v)
		appendInterval(nil, arrow.MonthDayNanoInterval{Months: int32(v), Days: int32(v >> 32), Nanoseconds: v})
		if at := unit.Multiplier() / time.Nanosecond; math.MinInt64/int64(at) < v && v < math.MaxInt64/int64(at) {
			want := time.Unix(0, v*int64(at)).UTC()
			if got, err := time.Parse(time.RFC3339Nano, text); err == nil && !got.Equal(want) {
				t.Errorf("timestamp %d %v: got %s, want %s", v, unit, text, want)
			}
		}
	})
}

// No line of a grid is wider than the terminal, and no line acts on it.
func FuzzGrid(f *testing.F) {
	f.Add("name\tn\nAda\t1\n日本\t\x1b[2J", 10)
	f.Add("a\tb\tc\tlonger than most", 3)
	f.Add("", 0)
	f.Fuzz(func(t *testing.T, text string, width int) {
		width = abs(width) % 120
		rows := strings.Split(text, "\n")
		var columns []Column
		for i, name := range strings.Split(rows[0], "\t") {
			columns = append(columns, Column{Name: Escape(name), Right: i%2 == 1, Whole: i%3 == 2})
		}
		var out strings.Builder
		grid := NewGrid(&out, Style{Width: width}, columns...)
		for _, row := range rows[1:] {
			values := make([]string, len(columns))
			copy(values, strings.Split(row, "\t"))
			if err := grid.Add(values...); err != nil {
				t.Fatal(err)
			}
		}
		if err := grid.Close(); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if got, want := len(lines), len(rows)+1; got != want {
			t.Errorf("%q: got %d lines, want %d", text, got, want)
		}
		for _, l := range lines {
			if width > 0 && Width(l) > width {
				t.Errorf("%q: line %q is %d wide, want at most %d", text, l, Width(l), width)
			}
			if !printable(l) {
				t.Errorf("%q: line %q acts on the terminal", text, l)
			}
		}
	})
}
