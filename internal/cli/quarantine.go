package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/internal/write"
)

// asideRow is what one source has in the quarantine.
type asideRow struct {
	Source string    `json:"source"`
	Table  string    `json:"table"`
	Rows   int64     `json:"rows"`
	Files  int64     `json:"files"` // that are put aside as a whole
	Last   time.Time `json:"last"`
	Reason string    `json:"reason"` // of the last one
}

// quarantineCommand says how many rows are put aside, by source.
type quarantineCommand struct{ *app }

func (c *quarantineCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quarantine",
		Short: "The rows that were put aside: list, show, read again",
		Long: `List what on_error: quarantine put aside, by source and table. Show lists the
rows of one source; replay reads them again, and moves those that fit.`,
		Example: "petalake quarantine replay orders",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error { return c.run(cmd.Context(), rooms) })
		},
	}
	cmd.AddCommand(built([]command{&asideShowCommand{app: c.app}, &replayCommand{app: c.app}})...)
	return cmd
}

func (c *quarantineCommand) run(ctx context.Context, rooms *assembly.Assembly) error {
	found := map[[2]string]*asideRow{}
	for row, err := range rooms.Writer.BadRows(ctx, "") {
		if err != nil {
			return err
		}
		key := [2]string{row.Source, row.Table}
		one := found[key]
		if one == nil {
			one = &asideRow{Source: row.Source, Table: row.Table}
			found[key] = one
		}
		if row.Line > 0 {
			one.Rows++
		} else {
			one.Files++
		}
		if !row.Time.Before(one.Last) {
			one.Last, one.Reason = row.Time, row.Reason
		}
	}
	var all []*asideRow
	for _, one := range found {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *asideRow) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Table, b.Table))
	})
	now := c.now()
	out := list(c.app, []render.Column{{Name: "source"}, {Name: "table"}, {Name: "rows", Right: true, Whole: true}, {Name: "files", Right: true, Whole: true}, {Name: "last"}, {Name: "reason"}},
		func(r asideRow) []string {
			return []string{r.Source, r.Table, words.Count(r.Rows), words.Count(r.Files), words.Ago(r.Last, now), r.Reason}
		})
	for _, one := range all {
		if err := out.add(*one); err != nil {
			return err
		}
	}
	if len(all) == 0 {
		c.say("nothing is put aside")
	}
	return out.close()
}

// badRow is a row of the quarantine, as show lists it and replay takes it.
type badRow struct {
	File   string    `json:"file"`
	Line   int64     `json:"line"` // 0 for the whole file
	Raw    string    `json:"raw"`
	Reason string    `json:"reason"`
	Table  string    `json:"table"`
	Time   time.Time `json:"loaded_at"`
}

// asideShowCommand lists the rows of one source.
type asideShowCommand struct {
	*app
	limit int
}

func (c *asideShowCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show SOURCE",
		Short: "List the rows of a source that were put aside",
		Long: `List the rows of a source that were put aside, with file, line, text and reason.
With -o json what is shown can be corrected and given to replay --from.`,
		Example:           "petalake quarantine show orders",
		Args:              exactly("SOURCE"),
		ValidArgsFunction: c.completeSource,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error { return c.run(cmd.Context(), rooms, args[0]) })
		},
	}
	cmd.Flags().IntVarP(&c.limit, "limit", "n", 0, "most rows to list; 0 for all")
	return cmd
}

func (c *asideShowCommand) run(ctx context.Context, rooms *assembly.Assembly, source string) error {
	out := list(c.app, []render.Column{{Name: "file"}, {Name: "line", Right: true, Whole: true}, {Name: "reason"}, {Name: "raw"}}, func(r badRow) []string {
		line := ""
		if r.Line > 0 {
			line = words.Count(r.Line)
		}
		return []string{r.File, line, r.Reason, r.Raw}
	})
	n := 0
	for row, err := range rooms.Writer.BadRows(ctx, source) {
		if err != nil {
			return err
		}
		if n++; c.limit > 0 && n > c.limit {
			c.say("more rows are left out; without --limit all are listed")
			break
		}
		if err := out.add(badRow{row.File, row.Line, row.Raw, row.Reason, row.Table, row.Time}); err != nil {
			return err
		}
	}
	if n == 0 {
		c.say("nothing of %s is put aside", render.Escape(source))
	}
	return out.close()
}

// replayCommand reads rows of the quarantine again.
type replayCommand struct {
	*app
	from string
}

func (c *replayCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay SOURCE",
		Short: "Read the rows of a source again, and load those that fit",
		Long: `Read the rows of a source again that were put aside, as lakehouse.yaml and the
table are now; those that fit go into the table, each once, the others stay.
With --from their texts are those of a file of JSON lines: what show -o json
lists, corrected. Files that were put aside whole are read again where they are.`,
		Example:           "petalake quarantine replay orders",
		Args:              exactly("SOURCE"),
		ValidArgsFunction: c.completeSource,
		RunE: func(cmd *cobra.Command, args []string) error {
			corrected, err := c.corrections()
			if err != nil {
				return err
			}
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error { return c.run(cmd.Context(), rooms, args[0], corrected) })
		},
	}
	cmd.Flags().StringVar(&c.from, "from", "", "a file of JSON lines with corrected texts")
	return cmd
}

// replayed is what became of rows.
type replayed struct {
	Source string `json:"source"`
	Table  string `json:"table"`
	Loaded int64  `json:"rows_loaded"`
	Left   int64  `json:"rows_left"`
}

func (c *replayCommand) run(ctx context.Context, rooms *assembly.Assembly, source string, corrected map[badKey]string) error {
	take := func(row write.BadRow) (string, bool) {
		text, ok := corrected[badKey{row.File, row.Line, row.Time.UnixMicro()}]
		return text, ok
	}
	done, err := rooms.Writer.Replay(ctx, source, take)
	if err != nil {
		return err
	}
	row := replayed{source, done.Table.String(), done.Loaded, done.Left}
	if c.output != "text" {
		out := list(c.app, nil, func(replayed) []string { return nil })
		if err := out.add(row); err != nil {
			return err
		}
		return out.close()
	}
	if row.Loaded+row.Left == 0 {
		c.say("nothing of %s is put aside", render.Escape(source))
		return nil
	}
	_, err = fmt.Fprintf(c.out, "loaded  %-22s %15s, %s left in the quarantine\n", render.Escape(row.Table), words.Counted(row.Loaded, "row"), words.Count(row.Left))
	return err
}

// badKey is what a row of the quarantine is known by.
type badKey struct {
	file string
	line int64
	time int64 // microseconds since 1970
}

// corrections are the texts of the file that --from names.
func (c *replayCommand) corrections() (map[badKey]string, error) {
	if c.from == "" {
		return nil, nil
	}
	f, err := os.Open(c.from)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	found := map[badKey]string{}
	rows := json.NewDecoder(f)
	for n := 1; ; n++ {
		var row badRow
		switch err := rows.Decode(&row); {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, &usageError{fmt.Errorf("%s: row %d: %w", c.from, n, err), "give it what petalake quarantine show -o json lists"}
		}
		found[badKey{row.File, row.Line, row.Time.UnixMicro()}] = row.Raw
	}
}
