package eventlog

import (
	"slices"
	"time"
)

// span is the time in which a stage ran, or stages that overlap.
type span struct {
	from, to int64 // milliseconds
	stage    int64 // the one that ended last
}

const mostSpans = 100_000

// ran notes when a stage ran.
func (f *folder) ran(s span) {
	f.spans = append(f.spans, s)
	if len(f.spans) < mostSpans {
		return
	}
	// Spans that touch become one; where that does not make room, shorter and shorter gaps are closed.
	for between := int64(0); len(f.spans) >= mostSpans/2; between = 2*between + 1 {
		f.spans = union(f.spans, between)
	}
}

// union puts spans that overlap, or are no farther apart than between, into one.
func union(spans []span, between int64) []span {
	slices.SortFunc(spans, func(a, b span) int {
		return int(a.from - b.from)
	})
	out := spans[:0]
	for _, s := range spans {
		if n := len(out) - 1; n >= 0 && s.from <= out[n].to+between {
			if s.to > out[n].to {
				out[n].to, out[n].stage = s.to, s.stage
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// gaps are the times between start and end that no span covers, and that last a second or more: at
// most a hundred of them, the longest.
func gaps(spans []span, start, end time.Time) []Gap {
	var out []Gap
	at, after := start, int64(-1)
	add := func(to time.Time) {
		if g := (Gap{at, to, after}); g.Length() >= time.Second {
			out = append(out, g)
		}
	}
	for _, s := range union(slices.Clone(spans), 0) {
		add(moment(s.from))
		if to := moment(s.to); to.After(at) {
			at, after = to, s.stage
		}
	}
	add(end)
	slices.SortFunc(out, func(a, b Gap) int { return int(b.Length() - a.Length()) })
	return out[:min(len(out), 100)]
}
