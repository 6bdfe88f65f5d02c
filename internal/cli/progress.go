package cli

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// progressAfter is how long something runs before its progress is shown.
const progressAfter = time.Second

// progress is a line on standard error that says how far something is. It is shown only on a
// terminal, and only after a second. Its methods may be called on nil, from any goroutine.
type progress struct {
	a     *app
	style render.Style
	start time.Time
	done  chan struct{}
	wait  sync.WaitGroup

	mu    sync.Mutex
	state amount
	shown bool
}

// amount is how far something is.
type amount struct {
	label string
	part  float64 // 0 to 1; below 0 where it is not known
	bytes int64
	rows  int64
}

// progress starts one; it is nil where nobody would see it.
func (a *app) progress(label string) *progress {
	if _, ok := terminal(a.err); !ok || a.quiet {
		return nil
	}
	p := &progress{a: a, style: a.style(a.err), start: a.now(), done: make(chan struct{}), state: amount{label: label, part: -1}}
	p.wait.Go(p.run)
	return p
}

func (p *progress) run() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			p.show()
		case <-p.done:
			return
		}
	}
}

func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	elapsed := p.a.now().Sub(p.start)
	if elapsed < progressAfter || p.state.label == "" {
		return
	}
	p.shown = true
	fmt.Fprint(p.a.err, "\r\x1b[K"+p.style.Dim(bar(p.state, elapsed, p.style.Width-1)))
}

// set says how far it is.
func (p *progress) set(to amount) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if to.label != p.state.label {
		p.start = p.a.now()
		p.clearLocked()
	}
	p.state = to
}

// running says how far a statement is, until its rows are written.
func (p *progress) running(part float64) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state.label == "running" {
		p.state.part = part
	}
}

// hide takes the line away until the next tick, so that another can be written.
func (p *progress) hide() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clearLocked()
}

func (p *progress) clearLocked() {
	if p.shown {
		fmt.Fprint(p.a.err, "\r\x1b[K")
		p.shown = false
	}
}

// end takes the line away for good.
func (p *progress) end() {
	if p == nil {
		return
	}
	close(p.done)
	p.wait.Wait()
	p.hide()
}

const barCells = 20

// bar is the line: label, bar, part, amounts with their rates, and the time that is left.
func bar(s amount, elapsed time.Duration, width int) string {
	parts := []string{render.Escape(s.label)}
	if s.part >= 0 {
		part := min(s.part, 1)
		full := int(part * barCells)
		parts = append(parts, strings.Repeat("█", full)+strings.Repeat("░", barCells-full), fmt.Sprintf("%3.0f%%", part*100))
	}
	took := elapsed.Seconds()
	switch {
	case took <= 0:
	case s.bytes > 0:
		parts = append(parts, words.Bytes(s.bytes), words.Bytes(int64(float64(s.bytes)/took))+"/s")
	case s.rows > 0:
		parts = append(parts, words.Count(s.rows)+" rows", words.Count(int64(float64(s.rows)/took))+" rows/s")
	}
	if s.part > 0.01 && s.part < 1 {
		left := time.Duration(float64(elapsed) * (1 - s.part) / s.part)
		parts = append(parts, seconds(left)+" left")
	} else {
		parts = append(parts, seconds(elapsed))
	}
	return render.Cut(strings.Join(parts, "  "), width)
}

// seconds is a duration without what changes too fast to read.
func seconds(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return words.Duration(d)
}
