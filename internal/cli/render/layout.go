package render

// Style says what the reader's side can show.
type Style struct {
	Color bool
	Width int // columns of the terminal; 0 where there is no limit
}

const (
	gap      = "  "
	leastCut = 10 // a text column is not cut below this
	bold     = "\x1b[1m"
	dim      = "\x1b[2m"
	reset    = "\x1b[0m"
)

// Dim is s in a fainter colour, where there are colours.
func (s Style) Dim(text string) string { return s.paint(dim, text) }

// Bold is s in a stronger face, where there are colours.
func (s Style) Bold(text string) string { return s.paint(bold, text) }

func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return code + text + reset
}

// Column is the head of a column.
type Column struct {
	Name  string
	Right bool // aligned right, as numbers are
	Whole bool // never cut: a number or a time without its end is another one
}

// fit gives the widths of the columns that are shown: all of them at their natural widths where
// they fit, else text columns cut evenly, else fewer columns from the left.
func fit(columns []Column, natural []int, width int) []int {
	shown := make([]int, len(natural))
	copy(shown, natural)
	if width <= 0 || len(shown) == 0 {
		return shown
	}
	least := func(i int) int {
		if columns[i].Whole {
			return natural[i]
		}
		return min(natural[i], leastCut)
	}
	n, used := 0, 0
	for n < len(shown) {
		next := used + least(n)
		if n > 0 {
			next += len(gap)
		}
		if next > width {
			break
		}
		n, used = n+1, next
	}
	if n == 0 {
		return []int{min(natural[0], width)}
	}
	shown = shown[:n]
	total := (n - 1) * len(gap)
	for _, w := range shown {
		total += w
	}
	for total > width {
		total -= cutWidest(shown, least, total-width)
	}
	return shown
}

// cutWidest takes up to want columns from the widest column that may shrink, but not more than
// brings it to the next widest, and says how many.
func cutWidest(shown []int, least func(int) int, want int) int {
	widest, second := -1, 0
	for i, w := range shown {
		if w <= least(i) {
			continue
		}
		switch {
		case widest < 0 || w > shown[widest]:
			if widest >= 0 {
				second = shown[widest]
			}
			widest = i
		case w > second:
			second = w
		}
	}
	cut := max(1, min(want, shown[widest]-max(second, least(widest))))
	shown[widest] -= cut
	return cut
}
