package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/job"
)

func (a *app) jobCommand() *cobra.Command {
	return commandGroup("job", "Run jobs, and see what they did", "petalake job list", a.jobRunCommand(), a.jobListCommand(), a.jobShowCommand(), a.jobLogsCommand(), a.jobCancelCommand(), a.jobAttendCommand())
}

func (a *app) jobRunCommand() *cobra.Command {
	detach := false
	c := &cobra.Command{
		Use:   "run NAME [ARGUMENT...]",
		Short: "Run a job now",
		Long: `Run a job now and wait for its end; what it says goes to standard error. Ctrl-C
cancels it. Arguments take the place of those in lakehouse.yaml. A run that was
broken off goes on where it was, rather than a new one beginning.`,
		Example:           "petalake job run daily",
		Args:              usage(cobra.MinimumNArgs(1)),
		ValidArgsFunction: a.completeJob,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
				return a.jobRun(c.Context(), rooms, args[0], args[1:], detach)
			})
		},
	}
	c.Flags().BoolVarP(&detach, "detach", "d", false, "do not wait: print the run, which goes on by itself")
	return c
}

// jobRow is a run of a job.
type jobRow struct {
	Run     string     `json:"run"`
	Job     string     `json:"job"`
	State   string     `json:"state"`
	Attempt int        `json:"attempt"`
	Why     string     `json:"why"`
	Created time.Time  `json:"created"`
	Started *time.Time `json:"started"`
	Ended   *time.Time `json:"ended"`
	Seconds *float64   `json:"seconds"`
	Exit    int        `json:"exit"`
	Error   string     `json:"error"`
}

func jobRowOf(r job.Run, now time.Time) jobRow {
	row := jobRow{Run: r.ID(), Job: r.Job, State: string(r.State), Attempt: r.Attempt, Why: r.Why, Created: r.Created.UTC(), Exit: r.Outcome.Exit, Error: r.Outcome.Error}
	if r.State == job.Succeeded {
		row.Error = ""
	}
	known := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		t = t.UTC()
		return &t
	}
	row.Started, row.Ended = known(r.Begun), known(r.Ended)
	if row.Started != nil {
		end := now
		if row.Ended != nil {
			end = *row.Ended
		}
		took := end.Sub(*row.Started).Seconds()
		row.Seconds = &took
	}
	return row
}

func (r jobRow) took() string {
	if r.Seconds == nil {
		return ""
	}
	return words.Duration(time.Duration(*r.Seconds * float64(time.Second)))
}

// jobRun makes a run, or takes up one that was broken off, and waits for its end.
func (a *app) jobRun(ctx context.Context, rooms *assembly.Assembly, name string, args []string, detach bool) error {
	if len(args) == 0 {
		args = nil
	}
	run, err := rooms.Runs.CreateJob(ctx, name, args, "by hand")
	if active := (*job.ActiveError)(nil); errors.As(err, &active) {
		orphan, lookErr := rooms.Runs.Orphan(ctx, active.Run)
		if lookErr != nil {
			return lookErr
		}
		if !orphan {
			return err
		}
		run, err = active.Run, nil
		a.say("run %s was broken off, and goes on", run.ID())
	}
	if err != nil {
		return err
	}
	if detach {
		if err := a.attend(run); err != nil {
			return err
		}
		return a.showRun(run)
	}
	ended, err := a.driveJob(ctx, rooms, run)
	if ended.State.Ended() {
		if err := errors.Join(a.showRun(ended), err); err != nil {
			return err
		}
	}
	return err
}

// driveJob drives a run while what it says is shown. Ctrl-C cancels the run.
func (a *app) driveJob(ctx context.Context, rooms *assembly.Assembly, run job.Run) (job.Run, error) {
	following, stop := context.WithCancel(ctx)
	defer stop()
	var follow sync.WaitGroup
	if !a.quiet {
		follow.Go(func() { _, _ = rooms.Runs.FollowJob(following, run, a.logWriter(a.err)) }) // the drive tells how it ended
	}
	ended, err := rooms.Runs.DriveJob(ctx, run, nil)
	if ctx.Err() != nil && !ended.State.Ended() {
		a.say("cancelling %s", run.ID())
		final, leave := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer leave()
		if ended, err = rooms.Runs.CancelJob(final, ended); err == nil {
			err = errInterrupted
		}
	}
	if err == nil || ended.State.Ended() {
		follow.Wait()
	}
	stop()
	follow.Wait()
	return ended, err
}

// showRun shows one run: a line, or a row.
func (a *app) showRun(run job.Run) error {
	row := jobRowOf(run, a.now())
	if a.output != "text" {
		return one(a, row)
	}
	line := fmt.Sprintf("%s %s", row.Run, row.State)
	if took := row.took(); took != "" {
		line += ", " + took
	}
	if row.Attempt > 1 {
		line += fmt.Sprintf(", attempt %d", row.Attempt)
	}
	_, err := fmt.Fprintln(a.out, render.Escape(line))
	return err
}

// attend starts a petalake that looks after a run, and goes on when this one ends.
func (a *app) attend(run job.Run) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path, err := a.find()
	if err != nil {
		return err
	}
	args := []string{"--file", path, "--quiet", "job", "attend", run.ID()}
	if a.environment != "" {
		args = append(args, "--env", a.environment)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = a.dir
	detached(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

func (a *app) jobAttendCommand() *cobra.Command {
	return &cobra.Command{
		Use: "attend RUN", Hidden: true, Args: exactly("RUN"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
				run, err := rooms.Runs.JobRun(c.Context(), args[0])
				if err != nil {
					return err
				}
				_, err = rooms.Runs.DriveJob(c.Context(), run, nil)
				return err
			})
		},
	}
}

func (a *app) jobCancelCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel RUN",
		Short: "End a run, or the last one of a job",
		Long: `Ask for the end of a run, as in daily/12, or of the last run of a job. Whoever
looks after it ends it within seconds.`,
		Example:           "petalake job cancel daily",
		Args:              exactly("RUN"),
		ValidArgsFunction: a.completeJob,
		RunE: func(c *cobra.Command, args []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
				run, err := rooms.Runs.JobRun(c.Context(), args[0])
				if err != nil {
					return err
				}
				if run, err = rooms.Runs.CancelJob(c.Context(), run); err != nil {
					return err
				}
				if !run.State.Ended() { // whoever looks after it hears of it soon
					wait, done := context.WithTimeout(c.Context(), 30*time.Second)
					defer done()
					if now, err := rooms.Runs.FollowJob(wait, run, io.Discard); err == nil || now.State.Ended() {
						run = now
					}
				}
				return a.showRun(run)
			})
		},
	}
}
