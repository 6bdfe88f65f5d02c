package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/internal/write"
)

// reloadCommand loads all files of a source again.
type reloadCommand struct {
	*app
	yes bool
}

func (c *reloadCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reload NAME",
		Short: "Load all files of a source again, in place of the rows of its table",
		Long: `Load all files of a source that are there now, in one commit that takes the
place of all rows of its table. It says first which rows would be lost: those of
files that are gone, and those that came from elsewhere. The version before can
be read with VERSION AS OF until the table is vacuumed.`,
		Example:           "petalake sources reload orders",
		Args:              exactly("NAME"),
		ValidArgsFunction: c.completeSource,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error { return c.run(cmd.Context(), rooms, args[0]) })
		},
	}
	cmd.Flags().BoolVar(&c.yes, "yes", false, "do not ask")
	return cmd
}

func (c *reloadCommand) run(ctx context.Context, rooms *assembly.Assembly, name string) error {
	s, err := sourceOf(rooms, name)
	if err != nil {
		return err
	}
	plan, err := rooms.Writer.PlanReload(ctx, s)
	if err != nil {
		return err
	}
	c.say("%s of %s are there: their rows take the place of the %s of %s", words.Counted(int64(plan.Files), "file"), words.Bytes(plan.Bytes), words.Counted(plan.Rows, "row"), s.Table)
	for _, lost := range losses(plan) {
		c.say("lost: %s", render.Escape(lost))
	}
	if err := c.ask("Load all again?", "yes", c.yes); err != nil {
		return err
	}
	bar := c.progress("loading " + s.Table.String())
	done, err := rooms.Writer.Reload(ctx, s, func(e lake.Event) { bar.set(amountOf(e)) })
	bar.end()
	if err != nil {
		return err
	}
	return c.event(done, list[eventRow](c.app, nil, nil))
}

// losses are the rows that a reload does not bring back.
func losses(plan write.Reload) (all []string) {
	const shown = 10
	for i, f := range plan.Gone {
		if i == shown {
			all = append(all, fmt.Sprintf("the rows of %d more files that are gone or changed", len(plan.Gone)-i))
			break
		}
		all = append(all, "the rows of "+f.Path+" as it was: it is gone, or changed")
	}
	for _, o := range plan.Others {
		all = append(all, "the rows that came by "+o)
	}
	return all
}
