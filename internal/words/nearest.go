package words

import (
	"cmp"
	"slices"
	"strings"
)

// Nearest returns the candidate that name was probably meant to be, or "" where none is near:
// the one with the fewest typing errors (a letter missing, added, wrong, or two swapped), in any
// case of letters, and at most one error in every three letters. Among equals the first wins.
func Nearest(name string, candidates []string) string {
	typed := []rune(strings.ToLower(name))
	best, bound := "", max(1, len(typed)/3)+1
	for _, c := range candidates {
		if d := typos(typed, []rune(strings.ToLower(c)), bound); d < bound && d < max(len(typed), 2) {
			best, bound = c, d
		}
	}
	return best
}

// typos is the optimal string alignment distance of a and b, or bound where it is not below it.
func typos(a, b []rune, bound int) int {
	if abs(len(a)-len(b)) >= bound {
		return bound
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least >= bound {
			return bound
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], bound)
}

func abs(n int) int { return max(n, -n) }

// NearestThree returns up to three names close to the one that was asked for, closest first. A name without a dot is
// compared with what stands behind the last dot of a candidate too: a table without its schema.
func NearestThree(name string, candidates []string) (names []string) {
	type near struct {
		name  string
		typos int
	}
	var found []near
	typed := []rune(strings.ToLower(name))
	limit := max(2, len(typed)/3)
	for _, c := range candidates {
		whole := strings.ToLower(c)
		n := typos(typed, []rune(whole), limit+1)
		if i := strings.LastIndexByte(whole, '.'); i >= 0 && !strings.Contains(name, ".") {
			n = min(n, typos(typed, []rune(whole[i+1:]), limit+1))
		}
		if n <= limit {
			found = append(found, near{c, n})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return cmp.Or(a.typos-b.typos, strings.Compare(a.name, b.name)) })
	for _, n := range found[:min(3, len(found))] {
		names = append(names, n.name)
	}
	return names
}
