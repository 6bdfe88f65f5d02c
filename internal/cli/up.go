package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/daemon"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/words"
)

// upFlags are the flags of `petalake up`.
type upFlags struct {
	once  bool
	every time.Duration
	show  int
}

func (a *app) upCommand() *cobra.Command {
	var f upFlags
	c := &cobra.Command{
		Use:   "up",
		Short: "Load what is new, build the models, and keep doing so",
		Long: `Run the lakehouse: load what is new in the sources, build the models that depend
on it, in order, and look for news until Ctrl-C. Every batch is loaded exactly
once, whenever this is stopped. With --once do it once and show what came out.`,
		Example: "petalake up --once",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.up(c.Context(), f) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.BoolVar(&f.once, "once", false, "load and build once, show what the models hold, and end")
	flags.DurationVar(&f.every, "every", 2*time.Second, "how often to look for news")
	flags.IntVar(&f.show, "show", 5, "with --once: rows of each model to show; 0 for none")
	return c
}

func (a *app) up(ctx context.Context, f upFlags) error {
	return a.withLake(ctx, func(rooms *assembly.Assembly) error {
		start := a.now()
		u := &upReport{a: a, bar: a.progress(""), once: f.once, rows: list[eventRow](a, nil, nil)}
		if !f.once {
			a.say("looking for news in %s every %s; Ctrl-C stops", words.Counted(int64(len(rooms.Env.Spec.Sources)), "source"), f.every)
		}
		err := a.keep(ctx, rooms, daemon.Up{Once: f.once, Every: f.every}, u.tell)
		u.bar.end()
		if err != nil {
			if !f.once && errors.Is(context.Cause(ctx), errInterrupted) {
				a.say("stopped")
				return &toldError{errInterrupted}
			}
			return u.rest(err)
		}
		if u.failed != nil {
			return u.failed
		}
		if !f.once {
			return nil
		}
		a.say("%s", a.style(a.err).Dim(u.total(a.now().Sub(start))))
		if a.output == "text" && f.show > 0 {
			if err := u.show(ctx, rooms, f.show); err != nil {
				return err
			}
		}
		u.next()
		return nil
	})
}

// keep runs the lakehouse and, unless it runs only once, its door for programs of Spark Connect. A door
// that fails ends both.
func (a *app) keep(ctx context.Context, rooms *assembly.Assembly, up daemon.Up, tell func(lake.Event)) error {
	if up.Once || rooms.Env.Environment.Connect.Listen == "" {
		return rooms.Daemon.Run(ctx, up, tell)
	}
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error {
		return rooms.Door.Serve(inner, func(address string) { a.say("programs of Spark Connect are let in at sc://%s", address) })
	})
	group.Go(func() error { return rooms.Daemon.Run(inner, up, tell) })
	return group.Wait()
}
