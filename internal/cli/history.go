package cli

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// commitRow is a commit in the history of a table.
type commitRow struct {
	Version    int64             `json:"version"`
	Time       time.Time         `json:"time"`
	Operation  string            `json:"operation"`
	Parameters map[string]string `json:"parameters"`
	Metrics    map[string]string `json:"metrics"`
	Engine     string            `json:"engine"`
	ID         string            `json:"id"` // the txnId of the commit
}

func commitRowOf(c delta.CommitInfo) commitRow {
	return commitRow{Version: c.Version, Time: c.Time.UTC(), Operation: c.Operation, Parameters: c.Parameters,
		Metrics: c.Metrics, Engine: c.Engine, ID: c.ID}
}

// historyCommand lists the commits of a table.
type historyCommand struct {
	*app
	limit int // most commits; 0: all
}

func (c *historyCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history TABLE",
		Short: "List the commits of a table, newest first",
		Long: `List the commits that the log of a table still has, newest first. A version can
be read with SELECT ... FROM table VERSION AS OF n.`,
		Example:           "petalake history bronze.orders",
		Args:              exactly("TABLE"),
		ValidArgsFunction: c.completeTable(false),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				return c.run(cmd.Context(), rooms, args[0])
			})
		},
	}
	cmd.Flags().IntVarP(&c.limit, "limit", "n", 20, "most commits to list; 0 for all")
	return cmd
}

func (c *historyCommand) run(ctx context.Context, rooms *assembly.Assembly, name string) error {
	table, err := rooms.Env.Existing(ctx, name)
	if err != nil {
		return err
	}
	now := c.now()
	out := list(c.app, []render.Column{{Name: "version", Right: true, Whole: true}, {Name: "when"}, {Name: "operation"}, {Name: "what"}, {Name: "engine"}},
		func(c commitRow) []string { return c.text(now) })
	n := 0
	for commit, err := range table.History(ctx) {
		if err != nil {
			return err
		}
		if n++; c.limit > 0 && n > c.limit {
			c.say("older commits are left out; --limit 0 lists all")
			break
		}
		if err := out.add(commitRowOf(commit)); err != nil {
			return err
		}
	}
	return out.close()
}

func (c commitRow) text(now time.Time) []string {
	return []string{words.Count(c.Version), words.Ago(c.Time, now), c.Operation, c.what(), c.Engine}
}

// what is the metrics that people ask for first, then the parameters.
func (c commitRow) what() string {
	var parts []string
	for _, m := range [][2]string{{"numOutputRows", "row"}, {"numFiles", "file"}, {"numAddedFiles", "file added"}, {"numRemovedFiles", "file removed"}} {
		if v, ok := c.Metrics[m[0]]; ok && v != "0" {
			parts = append(parts, counted(v, m[1]))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(c.Parameters)) {
		if v := c.Parameters[k]; v != "" && v != "[]" && v != "{}" {
			parts = append(parts, k+"="+v)
		}
	}
	return strings.Join(parts, ", ")
}

// counted puts a number that is text before its noun, the first word of which has the plural.
func counted(n, noun string) string {
	first, rest, _ := strings.Cut(noun, " ")
	if number, err := strconv.ParseInt(n, 10, 64); err == nil {
		return strings.TrimSpace(words.Counted(number, first) + " " + rest)
	}
	return n + " " + noun
}
