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

// upCommand runs the lakehouse.
type upCommand struct {
	*app
	once  bool
	every time.Duration
	show  int
}

func (c *upCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Load what is new, build the models, and keep doing so",
		Long: `Run the lakehouse: load what is new in the sources, build the models that depend
on it, in order, and look for news until Ctrl-C. Every batch is loaded exactly
once, whenever this is stopped. With --once do it once and show what came out.`,
		Example: "petalake up --once",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&c.once, "once", false, "load and build once, show what the models hold, and end")
	flags.DurationVar(&c.every, "every", 2*time.Second, "how often to look for news")
	flags.IntVar(&c.show, "show", 5, "with --once: rows of each model to show; 0 for none")
	return cmd
}

func (c *upCommand) run(ctx context.Context) error {
	return c.withLake(ctx, func(rooms *assembly.Assembly) error {
		start := c.now()
		u := &upReport{app: c.app, bar: c.progress(""), once: c.once, rows: list[eventRow](c.app, nil, nil)}
		if !c.once {
			c.say("looking for news in %s every %s; Ctrl-C stops", words.Counted(int64(len(rooms.Env.Spec.Sources)), "source"), c.every)
		}
		err := c.keep(ctx, rooms, daemon.Up{Once: c.once, Every: c.every}, u.tell)
		u.bar.end()
		if err != nil {
			if !c.once && errors.Is(context.Cause(ctx), errInterrupted) {
				c.say("stopped")
				return &shownError{errInterrupted}
			}
			return u.markShown(err)
		}
		if u.failed != nil {
			return u.failed
		}
		if !c.once {
			return nil
		}
		c.say("%s", c.style(c.err).Dim(u.total(c.now().Sub(start))))
		if c.output == "text" && c.show > 0 {
			if err := u.show(ctx, rooms, c.show); err != nil {
				return err
			}
		}
		u.next()
		return nil
	})
}

// keep runs the lakehouse and, unless it runs only once, its door for programs of Spark Connect. A door
// that fails ends both.
func (c *upCommand) keep(ctx context.Context, rooms *assembly.Assembly, up daemon.Up, tell func(lake.Event)) error {
	if up.Once || rooms.Env.Environment.Connect.Listen == "" {
		return rooms.Daemon.Run(ctx, up, tell)
	}
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() error {
		return rooms.Door.Serve(inner, func(address string) { c.say("programs of Spark Connect are let in at sc://%s", address) })
	})
	group.Go(func() error { return rooms.Daemon.Run(inner, up, tell) })
	return group.Wait()
}
