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
	"github.com/petalake/petalake/internal/write"
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

func (a *app) sourcesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "sources [NAME]",
		Short: "List the sources: what is loaded, what waits, what fails",
		Long: `List the sources of lakehouse.yaml: how many of their files are loaded, how many
wait, and what failed in the last run of petalake up; of one source each file
that waits or fails. The exit code is 1 while something fails.`,
		Example:           "petalake sources",
		Args:              usage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: a.completeSource,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
				if len(args) == 1 {
					return a.source(c.Context(), rooms, args[0])
				}
				return a.sources(c.Context(), rooms)
			})
		},
	}
	c.AddCommand(a.reloadCommand())
	return c
}

// failing is what fails by the name of its source.
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

func (a *app) sources(ctx context.Context, rooms *assembly.Assembly) error {
	failing, err := failingSources(ctx, rooms)
	if err != nil {
		return err
	}
	now := a.now()
	out := list(a, []render.Column{{Name: "source"}, {Name: "table"}, {Name: "loaded", Right: true, Whole: true}, {Name: "waiting", Right: true, Whole: true}, {Name: "state"}, {Name: "table changed"}},
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
		a.say("no sources: write one under sources: in %s", lakefile)
	}
	if err := out.close(); err != nil || len(failed) == 0 {
		return err
	}
	a.say("\n%s sources %s shows what fails", a.name, failed[0])
	return &toldError{errors.New("source " + strings.Join(failed, ", ") + ": fails")}
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

// source lists the files of one source that are not loaded.
func (a *app) source(ctx context.Context, rooms *assembly.Assembly, name string) error {
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
	out := list(a, []render.Column{{Name: "file"}, {Name: "state"}, {Name: "size", Right: true, Whole: true}, {Name: "reason"}},
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
	a.say("%s loaded into %s, %s waiting", words.Counted(int64(state.Loaded), "file"), s.Table, strconv.Itoa(len(state.Waiting)))
	if p, ok := reasons[""]; ok {
		a.say("%s", p.Error)
	}
	if _, fails := failing[name]; fails {
		return &toldError{errors.New("source " + name + ": fails")}
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
	if near := spec.Nearest(name, names); near != "" {
		hint = "did you mean " + near + "?"
	} else if len(names) > 0 {
		hint = "the sources are " + strings.Join(names, ", ")
	}
	return nil, &usageError{fmt.Errorf("no source %q", name), hint}
}

func (a *app) reloadCommand() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "reload NAME",
		Short: "Load all files of a source again, in place of the rows of its table",
		Long: `Load all files of a source that are there now, in one commit that takes the place
of all rows of its table. It says first which rows would be lost with that: those
of files that are gone, and those that came from elsewhere. The version before
can be read with VERSION AS OF until the table is vacuumed.`,
		Example:           "petalake sources reload orders",
		Args:              exactly("NAME"),
		ValidArgsFunction: a.completeSource,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error { return a.reload(c.Context(), rooms, args[0], yes) })
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func (a *app) reload(ctx context.Context, rooms *assembly.Assembly, name string, yes bool) error {
	s, err := sourceOf(rooms, name)
	if err != nil {
		return err
	}
	plan, err := rooms.Writer.PlanReload(ctx, s)
	if err != nil {
		return err
	}
	a.say("%s of %s are there: their rows take the place of the %s of %s", words.Counted(int64(plan.Files), "file"), words.Bytes(plan.Bytes), words.Counted(plan.Rows, "row"), s.Table)
	for _, lost := range losses(plan) {
		a.say("lost: %s", render.Escape(lost))
	}
	if err := a.ask("Load all again?", "yes", yes); err != nil {
		return err
	}
	bar := a.progress("loading " + s.Table.String())
	done, err := rooms.Writer.Reload(ctx, s, func(e lake.Event) { bar.set(amountOf(e)) })
	bar.end()
	if err != nil {
		return err
	}
	return a.event(done, list[eventRow](a, nil, nil))
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

// completeSource completes names of sources.
func (a *app) completeSource(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	err := a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
		for _, s := range rooms.Env.Spec.Sources {
			names = append(names, s.Name)
		}
		return nil
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
