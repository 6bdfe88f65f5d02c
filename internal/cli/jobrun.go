package cli

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/job"
)

// jobRunCommand runs a job.
type jobRunCommand struct {
	*app
	detach bool
}

func (c *jobRunCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run NAME [ARGUMENT...]",
		Short: "Run a job now",
		Long: `Run a job now and wait for its end; what it says goes to standard error. Ctrl-C
cancels it. Arguments take the place of those in lakehouse.yaml. A run that was
broken off goes on where it was, rather than a new one beginning.`,
		Example:           "petalake job run daily",
		Args:              usage(cobra.MinimumNArgs(1)),
		ValidArgsFunction: c.completeJob,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				return c.run(cmd.Context(), rooms, args[0], args[1:])
			})
		},
	}
	cmd.Flags().BoolVarP(&c.detach, "detach", "d", false, "do not wait: print the run, which goes on by itself")
	return cmd
}

// jobRun makes a run, or takes up one that was broken off, and waits for its end.
func (c *jobRunCommand) run(ctx context.Context, rooms *assembly.Assembly, name string, args []string) error {
	if len(args) == 0 {
		args = nil
	}
	run, brokenOff, err := rooms.Runs.BeginJob(ctx, name, args, "by hand")
	if err != nil {
		return err
	}
	if brokenOff {
		c.say("run %s was broken off, and goes on", run.ID())
	}
	if c.detach {
		if err := c.attend(run); err != nil {
			return err
		}
		return c.showRun(run)
	}
	ended, err := c.drive(ctx, rooms, run)
	if ended.State.Ended() {
		if err := errors.Join(c.showRun(ended), err); err != nil {
			return err
		}
	}
	return err
}

// driveJob drives a run while what it says is shown. Ctrl-C cancels the run.
func (c *jobRunCommand) drive(ctx context.Context, rooms *assembly.Assembly, run job.Run) (job.Run, error) {
	following, stop := context.WithCancel(ctx)
	defer stop()
	var follow sync.WaitGroup
	if !c.quiet {
		follow.Go(func() { _, _ = rooms.Runs.FollowJob(following, run, logWriter(c.err)) }) // the drive tells how it ended
	}
	ended, err := rooms.Runs.DriveJob(ctx, run, nil)
	if ctx.Err() != nil && !ended.State.Ended() {
		c.say("cancelling %s", run.ID())
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

// attend starts a petalake that looks after a run, and goes on when this one ends.
func (c *jobRunCommand) attend(run job.Run) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path, err := c.find()
	if err != nil {
		return err
	}
	args := []string{"--file", path, "--quiet", "job", "attend", run.ID()}
	if c.environment != "" {
		args = append(args, "--env", c.environment)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = c.dir
	detached(cmd)
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}
