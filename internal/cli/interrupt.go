package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// interrupts turns signals into cancelled contexts. The first Ctrl-C cancels the innermost scope,
// which is the whole command or, in the shell, one statement; a second one, while that scope is
// still winding down, ends the process at once.
type interrupts struct {
	mu     sync.Mutex
	scopes []*scope
	kill   func()
}

type scope struct {
	cancel context.CancelCauseFunc
	hit    bool
}

// listen handles signals until stop is called.
func (x *interrupts) listen() (stop func()) {
	signals := make(chan os.Signal, 2)
	done := make(chan struct{})
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for {
			select {
			case s := <-signals:
				x.signal(s == syscall.SIGTERM)
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}

// signal cancels the innermost scope, or all of them.
func (x *interrupts) signal(all bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := len(x.scopes) - 1; i >= 0; i-- {
		s := x.scopes[i]
		if s.hit {
			x.kill()
			return
		}
		s.hit = true
		s.cancel(errInterrupted)
		if !all {
			return
		}
	}
}

// scope opens a new innermost scope; leave closes it.
func (x *interrupts) scope(ctx context.Context) (_ context.Context, leave func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &scope{cancel: cancel}
	x.mu.Lock()
	x.scopes = append(x.scopes, s)
	x.mu.Unlock()
	return ctx, func() {
		cancel(nil)
		x.mu.Lock()
		defer x.mu.Unlock()
		x.scopes = x.scopes[:len(x.scopes)-1]
	}
}
