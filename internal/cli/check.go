package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// checkRow is what was found in a table.
type checkRow struct {
	Table    string       `json:"table"`
	OK       bool         `json:"ok"`
	Version  int64        `json:"version"`
	Files    int64        `json:"files"`
	Bytes    int64        `json:"bytes"`
	Problems []problemRow `json:"problems"`
	Warnings []string     `json:"warnings"`
	Orphans  []string     `json:"orphans"` // data files that nothing names; harmless
	Seconds  float64      `json:"seconds"`
}

// problemRow is one thing that is wrong with a table.
type problemRow struct {
	Kind    string `json:"kind"`
	Version *int64 `json:"version"`
	File    string `json:"file"`
	Message string `json:"message"`
}

// damagedError says that a check found something, which was shown already.
type damagedError struct{ bad, of int }

func (e *damagedError) Error() string {
	return fmt.Sprintf("%d of %s not as they should be", e.bad, words.Counted(int64(e.of), "table"))
}

// checkCommand verifies tables from their files up.
type checkCommand struct {
	*app
	quick bool // the log, and that files are there: no rows are read
}

func (c *checkCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [TABLE...]",
		Short: "Check that tables are whole: log, files, statistics",
		Long: `Verify tables, by default all of them: that the log is whole, that checkpoints
say what the commits say, that every file is there with its size, and that its
rows are what its statistics promise. It changes nothing, and fails where
anything is wrong.`,
		Example:           "petalake check",
		ValidArgsFunction: c.completeTable(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				return c.run(cmd.Context(), rooms, args)
			})
		},
	}
	cmd.Flags().BoolVar(&c.quick, "quick", false, "do not read the rows: the log, and that files are there")
	return cmd
}

func (c *checkCommand) run(ctx context.Context, rooms *assembly.Assembly, tables []string) error {
	if len(tables) == 0 {
		names, err := rooms.Env.Names(ctx)
		if err != nil {
			return err
		}
		for _, n := range names {
			tables = append(tables, n.String())
		}
	}
	bad, out := 0, list[checkRow](c.app, nil, nil)
	for _, name := range tables {
		row, err := c.check(ctx, rooms, name)
		if err != nil {
			return fmt.Errorf("check %s: %w", name, err)
		}
		if !row.OK {
			bad++
		}
		if err := c.show(row, out); err != nil {
			return err
		}
	}
	if bad > 0 {
		return &damagedError{bad, len(tables)}
	}
	return nil
}

func (c *checkCommand) check(ctx context.Context, rooms *assembly.Assembly, name string) (checkRow, error) {
	start := c.now()
	table, err := rooms.Env.Existing(ctx, name)
	if err != nil {
		return checkRow{}, err
	}
	wait := c.progress("checking " + name)
	report, err := table.Check(ctx, delta.CheckOptions{Data: !c.quick})
	wait.end()
	row := checkRow{Table: name, OK: len(report.Problems) == 0, Version: report.Version, Files: report.Files,
		Bytes: report.Bytes, Problems: []problemRow{}, Warnings: append([]string{}, report.Warnings...), Orphans: append([]string{}, report.Orphans...),
		Seconds: c.now().Sub(start).Seconds()}
	for _, p := range report.Problems {
		one := problemRow{Kind: string(p.Kind), File: p.File, Message: p.Message}
		if p.Version >= 0 {
			one.Version = &p.Version
		}
		row.Problems = append(row.Problems, one)
	}
	return row, err
}

func (c *checkCommand) show(row checkRow, out rows[checkRow]) error {
	if c.output != "text" {
		if err := out.add(row); err != nil {
			return err
		}
		return out.flush()
	}
	verdict := "ok"
	if !row.OK {
		verdict = "damaged"
	}
	fmt.Fprintf(c.out, "%-7s %-22s version %d, %s, %s\n", verdict, render.Escape(row.Table), row.Version,
		words.Counted(row.Files, "file"), words.Bytes(row.Bytes))
	for _, p := range row.Problems {
		fmt.Fprintf(c.out, "        %s\n", render.Escape(p.String()))
	}
	for _, w := range row.Warnings {
		fmt.Fprintf(c.out, "        warning: %s\n", render.Escape(w))
	}
	if n := len(row.Orphans); n > 0 {
		fmt.Fprintf(c.out, "        %s that no version names: harmless\n", words.Counted(int64(n), "file"))
	}
	return nil
}

func (p problemRow) String() string {
	text := p.Kind + ":"
	if p.Version != nil {
		text += fmt.Sprintf(" version %d:", *p.Version)
	}
	if p.File != "" {
		text += " " + p.File + ":"
	}
	return text + " " + p.Message
}
