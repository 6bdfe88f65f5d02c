package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/words"
)

// tableRow is a table in the list of tables.
type tableRow struct {
	Table    string     `json:"table"`
	Rows     *int64     `json:"rows"` // null where no statistics tell
	Files    int64      `json:"files"`
	Bytes    int64      `json:"bytes"`
	Version  int64      `json:"version"`
	Modified *time.Time `json:"modified"`
	Declared string     `json:"declared"` // "table", "model" or "" by lakehouse.yaml
	Error    string     `json:"error,omitempty"`
}

func tableRowOf(t lake.TableState) tableRow {
	row := tableRow{Table: t.Name.String(), Files: t.Files, Bytes: t.Bytes, Version: t.Version, Declared: t.Declared}
	if t.Err != nil {
		row.Error = t.Err.Error()
		return row
	}
	if t.Rows >= 0 {
		row.Rows = &t.Rows
	}
	row.Modified = &t.Modified
	return row
}

// tablesCommand lists the tables of the lake.
type tablesCommand struct{ *app }

func (c *tablesCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:     "tables",
		Short:   "List the tables of the lake",
		Example: "petalake tables",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error { return c.run(cmd.Context(), rooms) })
		},
	}
}

// tables lists the tables. One that cannot be opened is listed with the reason, and fails the
// command at its end.
func (c *tablesCommand) run(ctx context.Context, rooms *assembly.Assembly) error {
	now := c.now()
	out := list(c.app, []render.Column{{Name: "table"}, {Name: "rows", Right: true, Whole: true}, {Name: "files", Right: true, Whole: true},
		{Name: "size", Right: true, Whole: true}, {Name: "version", Right: true, Whole: true}, {Name: "changed"}},
		func(t tableRow) []string { return t.text(now) })
	n := 0
	for t, err := range rooms.Env.Tables(ctx) {
		if err != nil {
			return err
		}
		if err := out.add(tableRowOf(t)); err != nil {
			return err
		}
		n++
	}
	if n == 0 && c.output == "text" {
		c.say("no tables yet: `petalake up --once` loads the sources, `petalake load TABLE FILES` loads files")
		return nil
	}
	return out.close()
}

func (t tableRow) text(now time.Time) []string {
	if t.Error != "" {
		return []string{t.Table, "", "", "", "", "cannot be opened: " + t.Error}
	}
	return []string{t.Table, knownCount(t.Rows), words.Count(t.Files), words.Bytes(t.Bytes), words.Count(t.Version), words.Ago(*t.Modified, now)}
}

func knownCount(n *int64) string {
	if n == nil {
		return "?"
	}
	return words.Count(*n)
}
