package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// serverRow is a Spark Connect server of this machine.
type serverRow struct {
	State    string     `json:"state"` // running, starting, died, stopped
	Address  string     `json:"address,omitempty"`
	Token    string     `json:"token,omitempty"`
	Version  string     `json:"version,omitempty"`
	PID      int        `json:"pid,omitempty"`
	Started  *time.Time `json:"started,omitempty"`
	Memory   string     `json:"memory,omitempty"` // most for the heap
	Resident int64      `json:"resident,omitempty"`
	Log      string     `json:"log,omitempty"`
	Reason   string     `json:"reason,omitempty"` // why it died
}

func (a *app) sparkStartCommand() *cobra.Command {
	token := false
	c := &cobra.Command{
		Use:   "start",
		Short: "Start a Spark Connect server for the lake, on this machine",
		Long: `Start the Spark of this environment and wait until it is ready. Where there is
none it is installed first, into the cache folder of this user: Apache Spark
from PyPI, Delta Lake from Maven Central. The server outlives this command.`,
		Example: "petalake spark start",
		Args:    exactly(),
		RunE:    func(c *cobra.Command, _ []string) error { return a.sparkStart(c.Context(), token) },
	}
	c.Flags().BoolVar(&token, "token", false, "show the token that the server asks for")
	return c
}

func (a *app) sparkStart(ctx context.Context, token bool) error {
	return a.withLake(ctx, func(rooms *assembly.Assembly) error {
		if !rooms.Env.Environment.Spark.Managed() {
			return &usageError{errors.New("the Spark of this environment has an address: it is not petalake's to start"), "choose an environment without spark.address"}
		}
		start := a.now()
		s, began, err := local.Start(ctx, rooms.Links.Server(), a.starting())
		a.started()
		if err != nil {
			return err
		}
		row := rowOfServer(s, nil)
		if token {
			row.Token = s.Token
		}
		if a.output != "text" {
			return one(a, row)
		}
		if began {
			fmt.Fprintf(a.out, "Spark %s is ready after %s\n", s.Version, words.Duration(a.now().Sub(start)))
		} else {
			fmt.Fprintf(a.out, "Spark %s runs already, since %s\n", s.Version, words.Ago(s.Started, a.now()))
		}
		fmt.Fprintf(a.out, "address  sc://%s\n", s.Address)
		if token {
			fmt.Fprintf(a.out, "token    %s\n", s.Token)
		} else {
			a.say("%s", a.style(a.err).Dim("next: petalake sql --engine spark; --token shows the token for programs of your own"))
		}
		return nil
	})
}

func (a *app) sparkStopCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "stop",
		Short:   "Stop the Spark Connect server of the lake",
		Long:    "Stop the server that `petalake spark start` started, with all that runs on it.",
		Example: "petalake spark stop",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
				switch err := local.Stop(c.Context(), rooms.Links.Server().State); {
				case errors.Is(err, fs.ErrNotExist):
					a.say("no Spark runs")
				case err != nil:
					return err
				default:
					a.say("stopped")
				}
				return nil
			})
		},
	}
}

func (a *app) sparkStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Say whether a Spark Connect server runs for the lake",
		Long: `Say whether a server runs that petalake started: since when, where, how much
memory it holds. One that ended by itself is said to have died, and why.`,
		Example: "petalake spark status",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error { return a.sparkStatus(rooms) })
		},
	}
}

func (a *app) sparkStatus(rooms *assembly.Assembly) error {
	s, err := local.Running(rooms.Links.Server().State)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	row := rowOfServer(s, err)
	if a.output != "text" {
		return one(a, row)
	}
	switch row.State {
	case "stopped":
		fmt.Fprintln(a.out, "no Spark runs")
	case "died":
		fmt.Fprintf(a.out, "Spark %s died: %s\n", s.Version, render.Escape(row.Reason))
	default:
		fmt.Fprintf(a.out, "Spark %s, %s, since %s\naddress  sc://%s\nprocess  %d\nmemory   %s, of a heap of %s at most\nlog      %s\n",
			s.Version, row.State, words.Ago(s.Started, a.now()), s.Address, s.PID, words.Bytes(row.Resident), s.Memory, render.Escape(s.Log))
	}
	return nil
}

func rowOfServer(s local.Server, err error) serverRow {
	if s.PID == 0 {
		return serverRow{State: "stopped"}
	}
	row := serverRow{State: "starting", Address: s.Address, Version: s.Version, PID: s.PID, Started: &s.Started, Memory: s.Memory, Log: s.Log}
	var died *local.DiedError
	switch {
	case errors.As(err, &died):
		row.State, row.Reason = "died", died.Reason
	case s.Ready:
		row.State = "running"
	}
	if row.State != "died" {
		row.Resident = s.Resident()
	}
	return row
}

func (a *app) sparkLogsCommand() *cobra.Command {
	follow, lines := false, 100
	c := &cobra.Command{
		Use:     "logs",
		Short:   "Show what the Spark Connect server of the lake says",
		Long:    "Show the end of the log of the server that runs, or of the one that ran last.",
		Example: "petalake spark logs --lines 20",
		Args:    exactly(),
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withLake(c.Context(), func(rooms *assembly.Assembly) error {
				return a.sparkLogs(c.Context(), local.LogOf(rooms.Links.Server().State), lines, follow)
			})
		},
	}
	c.Flags().IntVarP(&lines, "lines", "n", 100, "how many lines of the end; 0 for all")
	c.Flags().BoolVar(&follow, "follow", false, "go on with what is written, until Ctrl-C")
	return c
}

// sparkLogs writes the last lines of a file, and what is appended to it.
func (a *app) sparkLogs(ctx context.Context, path string, lines int, follow bool) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		a.say("no Spark ran for this lake")
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lastLines(f, lines); err != nil {
		return err
	}
	for {
		if _, err := io.Copy(a.out, f); err != nil || !follow {
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

// starting shows how far the start of a Spark is; started takes that away.
func (a *app) starting() func(local.Step) {
	said := ""
	return func(s local.Step) {
		label := map[local.Stage]string{local.Installing: "installing " + s.What, local.Starting: "starting Spark"}[s.Stage]
		if s.Stage == local.Ready {
			a.started()
			return
		}
		if a.spark == nil {
			a.spark = a.progress(label)
		}
		if label != said && a.spark == nil {
			a.say("%s", a.style(a.err).Dim(label))
		}
		said = label
		to := amount{label: label, part: -1}
		if s.Bytes > 0 {
			to.part, to.bytes = float64(s.Done)/float64(s.Bytes), s.Done
		}
		a.spark.set(to)
	}
}

func (a *app) started() {
	a.spark.end()
	a.spark = nil
}
