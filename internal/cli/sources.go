package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/daemon"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// loadedRow is a source in the list of sources.
type loadedRow struct {
	Source  string           `json:"source"`
	Kind    string           `json:"kind"`
	Table   string           `json:"table"`
	Loaded  int              `json:"files_loaded"`
	Waiting int              `json:"files_waiting"` // not loaded yet, failing ones among them
	Gone    int              `json:"files_gone"`    // loaded once, and not there any more as they were
	State   string           `json:"state"`         // current, waiting, failing
	Since   *time.Time       `json:"failing_since"`
	Failing []daemon.Problem `json:"problems,omitempty"`
	Changed *time.Time       `json:"table_changed"`
}

// sourcesCommand lists the sources, or the files of one that are not loaded.
type sourcesCommand struct{ *app }

func (c *sourcesCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sources [NAME]",
		Short: "List the sources: what is loaded, what waits, what fails",
		Long: `List the sources of lakehouse.yaml: how many of their files are loaded, how many
wait, and what failed in the last run of petalake up; of one source each file
that waits or fails. The exit code is 1 while something fails.`,
		Example:           "petalake sources",
		Args:              usage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: c.completeSource,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				if len(args) == 1 {
					return c.files(cmd.Context(), rooms, args[0])
				}
				return c.run(cmd.Context(), rooms)
			})
		},
	}
	cmd.AddCommand((&reloadCommand{app: c.app}).command())
	return cmd
}

// failingSources are what fails by the name of its source.
func failingSources(ctx context.Context, rooms *assembly.Assembly) (map[string]daemon.Failure, error) {
	all, err := daemon.Failures(ctx, rooms.Env)
	found := map[string]daemon.Failure{}
	for _, f := range all {
		if f.Kind == lake.SourceEvent {
			found[f.Name] = f
		}
	}
	return found, err
}

func (c *sourcesCommand) run(ctx context.Context, rooms *assembly.Assembly) error {
	failing, err := failingSources(ctx, rooms)
	if err != nil {
		return err
	}
	now := c.now()
	out := list(c.app, []render.Column{{Name: "source"}, {Name: "table"}, {Name: "loaded", Right: true, Whole: true}, {Name: "waiting", Right: true, Whole: true}, {Name: "state"}, {Name: "table changed"}},
		func(r loadedRow) []string {
			changed := ""
			if r.Changed != nil {
				changed = words.Ago(*r.Changed, now)
			}
			state := r.State
			if r.Since != nil {
				state = fmt.Sprintf("failing: %s, since %s", words.Counted(int64(len(r.Failing)), "problem"), words.Ago(*r.Since, now))
			}
			return []string{r.Source, r.Table, words.Count(int64(r.Loaded)), words.Count(int64(r.Waiting)), state, changed}
		})
	var failed []string
	for _, s := range rooms.Env.Spec.Sources {
		state, err := rooms.Writer.SourceState(ctx, s)
		if err != nil {
			return fmt.Errorf("source %s: %w", s.Name, err)
		}
		row := loadedRow{Source: s.Name, Kind: string(s.Kind), Table: s.Table.String(), Loaded: state.Loaded, Waiting: len(state.Waiting), Gone: len(state.Gone), State: "current"}
		if !state.Last.IsZero() {
			row.Changed = &state.Last
		}
		if row.Waiting > 0 {
			row.State = "waiting"
		}
		if f, ok := failing[s.Name]; ok {
			failed = append(failed, s.Name)
			row.State, row.Since, row.Failing = "failing", &f.Since, f.Problems
		}
		if err := out.add(row); err != nil {
			return err
		}
	}
	if len(rooms.Env.Spec.Sources) == 0 {
		c.say("no sources: write one under sources: in %s", lakefile)
	}
	if err := out.close(); err != nil || len(failed) == 0 {
		return err
	}
	c.say("\n%s sources %s shows what fails", c.name, failed[0])
	return &shownError{errors.New("source " + strings.Join(failed, ", ") + ": fails")}
}

// sourceFile is a raw file of one source.
type sourceFile struct {
	File   string     `json:"file"`
	State  string     `json:"state"` // waiting, failing
	Bytes  int64      `json:"bytes"`
	Time   *time.Time `json:"changed"`
	Reason string     `json:"reason,omitempty"`
	Hint   string     `json:"hint,omitempty"`
}

// files lists the files of one source that are not loaded.
func (c *sourcesCommand) files(ctx context.Context, rooms *assembly.Assembly, name string) error {
	s, err := sourceOf(rooms, name)
	if err != nil {
		return err
	}
	state, err := rooms.Writer.SourceState(ctx, s)
	if err != nil {
		return err
	}
	failing, err := failingSources(ctx, rooms)
	if err != nil {
		return err
	}
	out := list(c.app, []render.Column{{Name: "file"}, {Name: "state"}, {Name: "size", Right: true, Whole: true}, {Name: "reason"}},
		func(f sourceFile) []string { return []string{f.File, f.State, words.Bytes(f.Bytes), f.Reason} })
	reasons := map[string]daemon.Problem{}
	for _, p := range failing[name].Problems {
		reasons[p.File] = p
	}
	for _, f := range state.Waiting {
		changed := time.Unix(0, f.Time).UTC()
		row := sourceFile{File: f.Path, State: "waiting", Bytes: f.Size, Time: &changed}
		if p, ok := reasons[f.Path]; ok {
			row.State, row.Reason, row.Hint = "failing", p.Error, p.Hint
		}
		if err := out.add(row); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	c.say("%s loaded into %s, %s waiting", words.Counted(int64(state.Loaded), "file"), s.Table, strconv.Itoa(len(state.Waiting)))
	if p, ok := reasons[""]; ok {
		c.say("%s", p.Error)
	}
	if _, fails := failing[name]; fails {
		return &shownError{errors.New("source " + name + ": fails")}
	}
	return nil
}

func sourceOf(rooms *assembly.Assembly, name string) (*spec.Source, error) {
	if s := rooms.Env.Spec.Source(name); s != nil {
		return s, nil
	}
	var names []string
	for _, s := range rooms.Env.Spec.Sources {
		names = append(names, s.Name)
	}
	hint := lakefile + " names no source"
	if near := words.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	} else if len(names) > 0 {
		hint = "the sources are " + strings.Join(names, ", ")
	}
	return nil, &usageError{fmt.Errorf("no source %q", name), hint}
}
