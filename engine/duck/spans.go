package duck

import "slices"

// span is the bytes [from, to) of a file.
type span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// spans are in order, not empty, and do not touch.
type spans []span

// union merges spans in any order. Gaps of at most gap bytes are filled.
func union(list []span, gap int64) spans {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b span) int {
		switch {
		case a.From < b.From:
			return -1
		case a.From > b.From:
			return 1
		}
		return 0
	})
	var out spans
	for _, s := range list {
		if s.To <= s.From {
			continue
		}
		if n := len(out); n > 0 && s.From <= out[n-1].To+gap {
			out[n-1].To = max(out[n-1].To, s.To)
			continue
		}
		out = append(out, s)
	}
	return out
}

// minus is what of a is not in b.
func (a spans) minus(b spans) spans {
	var out spans
	for _, s := range a {
		at := s.From
		for _, h := range b {
			if h.To <= at || h.From >= s.To {
				continue
			}
			if h.From > at {
				out = append(out, span{at, h.From})
			}
			at = max(at, h.To)
		}
		if at < s.To {
			out = append(out, span{at, s.To})
		}
	}
	return out
}

func (a spans) bytes() (n int64) {
	for _, s := range a {
		n += s.To - s.From
	}
	return n
}
