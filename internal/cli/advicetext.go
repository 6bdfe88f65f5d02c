package cli

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/petalake/petalake/engine/spark/eventlog"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// span is a number of seconds as a length of time.
func span(seconds float64) time.Duration {
	return time.Duration(math.Round(seconds*1000)) * time.Millisecond
}

// money is a cost to the hundredth, or to four digits where it is small; "" where it is not known.
func money(cost *float64) string {
	switch {
	case cost == nil:
		return ""
	case *cost > 0 && *cost < 0.0001:
		return "<0.0001"
	case *cost < 1:
		return fmt.Sprintf("%.4f", *cost)
	}
	return fmt.Sprintf("%.2f", *cost)
}

// percent is a share for people.
func percent(share float64) string {
	if share > 0 && share < 0.01 {
		return "<1 %"
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// meter draws a share as a small bar.
func meter(share float64) string {
	const cells = 10
	full := int(min(max(share, 0), 1)*cells + 0.5)
	return strings.Repeat("█", full) + strings.Repeat("░", cells-full)
}

// nameWidth is how much of the name of a stage or query a table shows.
const nameWidth = 40

// mostFindings is how many a person is shown.
const mostFindings = 12

// showAdvice writes the report of one application for people.
func (a *app) showAdvice(r *eventlog.Report, top int) error {
	var b strings.Builder
	a.adviceHead(&b, r)
	if len(r.Findings) == 0 {
		b.WriteString("\nnothing to change was found\n")
	}
	for i, f := range r.Findings[:min(mostFindings, len(r.Findings))] {
		a.finding(&b, i+1, f, r)
	}
	if more := len(r.Findings) - mostFindings; more > 0 {
		fmt.Fprintf(&b, "\nand %s more, which -o json has\n", words.Counted(int64(more), "finding"))
	}
	if _, err := a.out.Write([]byte(b.String())); err != nil {
		return err
	}
	if err := a.stageTable(r, top); err != nil {
		return err
	}
	if err := a.queryTable(r, top); err != nil {
		return err
	}
	a.readingNotes(r)
	return nil
}

func (a *app) adviceHead(b *strings.Builder, r *eventlog.Report) {
	style := a.style(a.out)
	name := r.Application
	if name == "" {
		name = "application without a name"
	}
	fmt.Fprintf(b, "%s  %s  Spark %s\n", style.Bold(render.Escape(name)), render.Escape(r.ID), render.Escape(r.Spark))
	state := "ran"
	if !r.Ended {
		state = "no end in the log, heard of"
	}
	fmt.Fprintf(b, "%s for %s: %s in %s", state, words.Duration(span(r.Seconds)), words.Counted(r.Tasks, "task"), words.Counted(int64(len(r.Stages)+r.Reading.Summarized), "stage"))
	if r.FailedJobs > 0 {
		fmt.Fprintf(b, ", %d of %s failed", r.FailedJobs, words.Counted(int64(r.Jobs), "job"))
	}
	fmt.Fprintf(b, "; read %s, shuffled %s, wrote %s\n", words.Bytes(r.Input), words.Bytes(r.ShuffleWrite), words.Bytes(r.Output))
	if r.CoreSeconds > 0 {
		used := min(1, r.BusySeconds/r.CoreSeconds)
		fmt.Fprintf(b, "cores  %s  %s busy of %s held by %s", meter(used), percent(used), words.Duration(span(r.CoreSeconds)), words.Counted(int64(r.Executors), "executor"))
		if r.Cost != nil {
			fmt.Fprintf(b, "; cost %s, of it idle %s", money(r.Cost), money(r.IdleCost))
		}
		b.WriteByte('\n')
	}
}

// finding writes one finding: where, what, what is at stake, what to set.
func (a *app) finding(b *strings.Builder, n int, f eventlog.Finding, r *eventlog.Report) {
	style := a.style(a.out)
	fmt.Fprintf(b, "\n%d. %s %s%s\n", n, style.Bold(fmt.Sprintf("%-6s", f.Severity)), style.Bold(f.Rule), render.Escape(where(f, r)))
	line := func(label, text string) {
		for i, part := range wrap(text, style.Width-13) {
			if i > 0 {
				label = ""
			}
			fmt.Fprintf(b, "   %s %s\n", style.Dim(fmt.Sprintf("%-8s", label)), render.Escape(part))
		}
	}
	for _, part := range wrap(f.What, style.Width-4) {
		fmt.Fprintf(b, "   %s\n", render.Escape(part))
	}
	if s := f.Stake; s != nil {
		text := fmt.Sprintf("up to %s of the run (%s)", words.Duration(span(s.Seconds)), percent(s.Share))
		if s.Seconds == 0 {
			text = fmt.Sprintf("up to %s of core time (%s)", words.Duration(span(s.CoreSeconds)), percent(s.Share))
		}
		if s.Cost != nil {
			text += ", cost " + money(s.Cost)
		}
		line("at stake", text)
	}
	label := "set"
	for _, s := range f.Settings {
		text := s.Key + "=" + s.Value
		if s.Now != "" {
			text += "   (now " + s.Now + ")"
		}
		line(label, text)
		label = ""
	}
	if f.Advice != "" {
		line("do", f.Advice)
	}
}

// where says what a finding is about: ", stage 4 of query 0 (orders with their customers)".
func where(f eventlog.Finding, r *eventlog.Report) string {
	var parts []string
	name := ""
	if f.Stage != nil {
		text := fmt.Sprintf("stage %d", *f.Stage)
		if f.Attempt != nil && *f.Attempt > 0 {
			text += fmt.Sprintf(", attempt %d", *f.Attempt+1)
		}
		parts = append(parts, text)
		for _, s := range r.Stages {
			if s.Stage == *f.Stage && name == "" {
				if name = s.Description; name == "" {
					name = s.Name
				}
			}
		}
	}
	if f.Query != nil {
		parts = append(parts, fmt.Sprintf("query %d", *f.Query))
		for _, q := range r.Queries {
			if q.Query == *f.Query && q.Description != "" {
				name = q.Description
			}
		}
	}
	if len(parts) == 0 {
		return ""
	}
	text := ": " + strings.Join(parts, " of ")
	if name != "" {
		text += " (" + render.Cut(strings.ReplaceAll(name, "\n", " "), 60) + ")"
	}
	return text
}

// wrap breaks a text into lines of a width; there is no limit where it is small or none.
func wrap(text string, width int) []string {
	if width < 30 {
		return []string{text}
	}
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && render.Width(line)+1+render.Width(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

func (a *app) stageTable(r *eventlog.Report, top int) error {
	if len(r.Stages) == 0 || top <= 0 {
		return nil
	}
	fmt.Fprintln(a.out)
	columns := []render.Column{{Name: "stage", Right: true, Whole: true}, {Name: "what"}, {Name: "of all", Right: true, Whole: true}, {Name: "", Whole: true}, {Name: "took", Right: true, Whole: true},
		{Name: "tasks", Right: true, Whole: true}, {Name: "median", Right: true, Whole: true}, {Name: "longest", Right: true, Whole: true}}
	if r.Cost != nil {
		columns = append(columns, render.Column{Name: "cost", Right: true, Whole: true})
	}
	columns = append(columns, render.Column{Name: "read", Right: true, Whole: true}, render.Column{Name: "spilled", Right: true, Whole: true})
	out := list(a, columns, func(s eventlog.StageCost) []string {
		id := fmt.Sprint(s.Stage)
		if s.Attempt > 0 {
			id += fmt.Sprintf(".%d", s.Attempt)
		}
		name := s.Description
		if name == "" {
			name = s.Name
		}
		cells := []string{id, render.Cut(name, nameWidth), percent(s.Share), meter(s.Share), words.Duration(span(s.Seconds)), words.Count(s.Tasks), words.Duration(span(s.Median)), words.Duration(span(s.Longest))}
		if r.Cost != nil {
			cells = append(cells, money(s.Cost))
		}
		return append(cells, words.Bytes(s.Input+s.ShuffleRead), words.Bytes(s.SpilledDisk))
	})
	for _, s := range r.Stages[:min(top, len(r.Stages))] {
		if err := out.add(s); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	if more := len(r.Stages) - top; more > 0 {
		fmt.Fprintf(a.out, "and %s more\n", words.Counted(int64(more), "stage"))
	}
	return nil
}

func (a *app) queryTable(r *eventlog.Report, top int) error {
	queries := slices.DeleteFunc(slices.Clone(r.Queries), func(q eventlog.QueryCost) bool { return q.Stages == 0 })
	if len(queries) < 2 || top <= 0 {
		return nil
	}
	fmt.Fprintln(a.out)
	columns := []render.Column{{Name: "query", Right: true, Whole: true}, {Name: "what"}, {Name: "of all", Right: true, Whole: true}, {Name: "", Whole: true},
		{Name: "took", Right: true, Whole: true}, {Name: "stages", Right: true, Whole: true}}
	if r.Cost != nil {
		columns = append(columns, render.Column{Name: "cost", Right: true, Whole: true})
	}
	out := list(a, columns, func(q eventlog.QueryCost) []string {
		took := "not ended"
		if q.Seconds != nil {
			took = words.Duration(span(*q.Seconds))
		}
		cells := []string{fmt.Sprint(q.Query), render.Cut(q.Description, nameWidth), percent(q.Share), meter(q.Share), took, fmt.Sprint(q.Stages)}
		if r.Cost != nil {
			cells = append(cells, money(q.Cost))
		}
		return cells
	})
	for _, q := range queries[:min(top, len(queries))] {
		if err := out.add(q); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	switch more := len(queries) - top; {
	case more == 1:
		fmt.Fprintln(a.out, "and 1 query more")
	case more > 1:
		fmt.Fprintf(a.out, "and %s queries more\n", words.Count(int64(more)))
	}
	return nil
}

// readingNotes says what of the log could not be read.
func (a *app) readingNotes(r *eventlog.Report) {
	n := r.Reading
	if n.Skipped > 0 {
		a.say("%s could not be read and counted for nothing, the first: %s", words.Counted(n.Skipped, "line"), render.Escape(n.Examples[0]))
	}
	if n.Cut > 0 {
		a.say("%s too long to be read to the end", words.Counted(n.Cut, "line"))
	}
	if n.Truncated {
		a.say("the log ends in the middle of a line: the application still runs, or its driver died")
	}
	if len(n.Missing) > 0 {
		a.say("parts of the log are missing (%s): totals are too small", strings.Trim(fmt.Sprint(n.Missing), "[]"))
	}
	if n.Summarized > 0 {
		a.say("%s in the totals alone: there were too many", words.Counted(int64(n.Summarized), "stage"))
	}
}
