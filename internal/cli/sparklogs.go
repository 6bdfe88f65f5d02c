package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/assembly"
)

// sparkLogsCommand shows the log of the Spark of the lake on this machine.
type sparkLogsCommand struct {
	*app
	lines  int
	follow bool
}

func (c *sparkLogsCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "logs",
		Short:   "Show what the Spark Connect server of the lake says",
		Long:    "Show the end of the log of the server that runs, or of the one that ran last.",
		Example: "petalake spark logs --lines 20",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				return c.run(cmd.Context(), local.LogOf(rooms.Links.Server().State))
			})
		},
	}
	cmd.Flags().IntVarP(&c.lines, "lines", "n", 100, "how many lines of the end; 0 for all")
	cmd.Flags().BoolVar(&c.follow, "follow", false, "go on with what is written, until Ctrl-C")
	return cmd
}

// sparkLogs writes the last lines of a file, and what is appended to it.
func (c *sparkLogsCommand) run(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		c.say("no Spark ran for this lake")
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lastLines(f, c.lines); err != nil {
		return err
	}
	for {
		if _, err := io.Copy(c.out, f); err != nil || !c.follow {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// lastLines moves to where the last n lines of a file begin.
func lastLines(f *os.File, n int) error {
	if n <= 0 {
		return nil
	}
	starts := make([]int64, 0, n+1)
	r := bufio.NewReaderSize(f, 1<<16)
	for at := int64(0); ; {
		line, err := r.ReadSlice('\n')
		if len(line) > 0 && (at == 0 || len(starts) == 0 || starts[len(starts)-1] != at) {
			if starts = append(starts, at); len(starts) > n {
				starts = starts[1:]
			}
		}
		for at += int64(len(line)); errors.Is(err, bufio.ErrBufferFull); at += int64(len(line)) {
			line, err = r.ReadSlice('\n')
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if len(starts) == 0 {
		starts = append(starts, 0)
	}
	_, err := f.Seek(starts[0], io.SeekStart)
	return err
}
