package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// usage of one process.
type figure struct {
	wall time.Duration
	cpu  time.Duration // of all cores
	peak int64         // bytes of memory
	out  string
}

// process runs a command to its end.
func process(dir, name string, args ...string) (figure, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SPARK_LOCAL_IP=127.0.0.1")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	begin := time.Now()
	err := cmd.Run()
	f := figure{wall: time.Since(begin), out: out.String()}
	if err != nil {
		return f, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, tail(errs.String()))
	}
	f.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	f.peak = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss * 1024
	return f, nil
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

// contender is one way to do the work.
type contender struct {
	name   string
	run    func() (figure, error)
	target float64 // peer's time / ours must reach it; 0: no target
	runs   int     // 0: as many as asked for
	apart  bool    // it works in another process than the one measured: its CPU and memory are not known
}

// race runs the contenders in turn, n times, and gives the median of each.
func race(n int, contenders []contender) ([]figure, error) {
	all := make([][]figure, len(contenders))
	for round := range n {
		for i, c := range contenders {
			if c.runs > 0 && round >= c.runs {
				continue
			}
			f, err := c.run()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			fmt.Fprintf(os.Stderr, "  %-32s %8.2f s %8.2f s of CPU %6d MB\n", c.name, f.wall.Seconds(), f.cpu.Seconds(), f.peak>>20)
			all[i] = append(all[i], f)
		}
	}
	medians := make([]figure, len(contenders))
	for i, figures := range all {
		slices.SortFunc(figures, func(a, b figure) int { return int(a.wall - b.wall) })
		medians[i] = figures[len(figures)/2]
	}
	return medians, nil
}

// report prints the figures as a table; the first contender is ours.
func report(title string, contenders []contender, figures []figure) {
	fmt.Printf("\n%s\n\n| | time | CPU time of the process | peak memory | theirs / ours | wanted |\n|---|---:|---:|---:|---:|---:|\n", title)
	for i, c := range contenders {
		ratio, wanted := "", ""
		if i > 0 {
			ratio = fmt.Sprintf("%.2f", figures[i].wall.Seconds()/figures[0].wall.Seconds())
		}
		if c.target > 0 {
			wanted = fmt.Sprintf(">= %.2f", c.target)
		}
		cpu, peak := fmt.Sprintf("%.2f s", figures[i].cpu.Seconds()), fmt.Sprintf("%d MB", figures[i].peak>>20)
		if c.apart {
			cpu, peak = "", ""
		}
		fmt.Printf("| %s | %.2f s | %s | %s | %s | %s |\n", c.name, figures[i].wall.Seconds(), cpu, peak, ratio, wanted)
	}
}
