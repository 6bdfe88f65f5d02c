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

// adviceText writes the report of one application for people.
type adviceText struct {
	*app
	report *eventlog.Report
	top    int // stages and queries that are listed
}

func (t *adviceText) write() error {
	var b strings.Builder
	t.head(&b)
	if len(t.report.Findings) == 0 {
		b.WriteString("\nnothing to change was found\n")
	}
	for i, f := range t.report.Findings[:min(mostFindings, len(t.report.Findings))] {
		t.finding(&b, i+1, f)
	}
	if more := len(t.report.Findings) - mostFindings; more > 0 {
		fmt.Fprintf(&b, "\nand %s more, which -o json has\n", words.Counted(int64(more), "finding"))
	}
	if _, err := t.out.Write([]byte(b.String())); err != nil {
		return err
	}
	if err := t.stages(); err != nil {
		return err
	}
	if err := t.queries(); err != nil {
		return err
	}
	t.notes()
	return nil
}

func (t *adviceText) head(b *strings.Builder) {
	style := t.style(t.out)
	name := t.report.Application
	if name == "" {
		name = "application without a name"
	}
	fmt.Fprintf(b, "%s  %s  Spark %s\n", style.Bold(render.Escape(name)), render.Escape(t.report.ID), render.Escape(t.report.Spark))
	state := "ran"
	if !t.report.Ended {
		state = "no end in the log, heard of"
	}
	fmt.Fprintf(b, "%s for %s: %s in %s", state, words.Duration(span(t.report.Seconds)), words.Counted(t.report.Tasks, "task"), words.Counted(int64(len(t.report.Stages)+t.report.Reading.Summarized), "stage"))
	if t.report.FailedJobs > 0 {
		fmt.Fprintf(b, ", %d of %s failed", t.report.FailedJobs, words.Counted(int64(t.report.Jobs), "job"))
	}
	fmt.Fprintf(b, "; read %s, shuffled %s, wrote %s\n", words.Bytes(t.report.Input), words.Bytes(t.report.ShuffleWrite), words.Bytes(t.report.Output))
	if t.report.CoreSeconds > 0 {
		used := min(1, t.report.BusySeconds/t.report.CoreSeconds)
		fmt.Fprintf(b, "cores  %s  %s busy of %s held by %s", meter(used), percent(used), words.Duration(span(t.report.CoreSeconds)), words.Counted(int64(t.report.Executors), "executor"))
		if t.report.Cost != nil {
			fmt.Fprintf(b, "; cost %s, of it idle %s", money(t.report.Cost), money(t.report.IdleCost))
		}
		b.WriteByte('\n')
	}
}

// finding writes one finding: where, what, what is at stake, what to set.
func (t *adviceText) finding(b *strings.Builder, n int, f eventlog.Finding) {
	style := t.style(t.out)
	fmt.Fprintf(b, "\n%d. %s %s%s\n", n, style.Bold(fmt.Sprintf("%-6s", f.Severity)), style.Bold(f.Rule), render.Escape(where(f, t.report)))
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

func (t *adviceText) stages() error {
	if len(t.report.Stages) == 0 || t.top <= 0 {
		return nil
	}
	fmt.Fprintln(t.out)
	columns := []render.Column{{Name: "stage", Right: true, Whole: true}, {Name: "what"}, {Name: "of all", Right: true, Whole: true}, {Name: "", Whole: true}, {Name: "took", Right: true, Whole: true},
		{Name: "tasks", Right: true, Whole: true}, {Name: "median", Right: true, Whole: true}, {Name: "longest", Right: true, Whole: true}}
	if t.report.Cost != nil {
		columns = append(columns, render.Column{Name: "cost", Right: true, Whole: true})
	}
	columns = append(columns, render.Column{Name: "read", Right: true, Whole: true}, render.Column{Name: "spilled", Right: true, Whole: true})
	out := list(t.app, columns, func(s eventlog.StageCost) []string {
		id := fmt.Sprint(s.Stage)
		if s.Attempt > 0 {
			id += fmt.Sprintf(".%d", s.Attempt)
		}
		name := s.Description
		if name == "" {
			name = s.Name
		}
		cells := []string{id, render.Cut(name, nameWidth), percent(s.Share), meter(s.Share), words.Duration(span(s.Seconds)), words.Count(s.Tasks), words.Duration(span(s.Median)), words.Duration(span(s.Longest))}
		if t.report.Cost != nil {
			cells = append(cells, money(s.Cost))
		}
		return append(cells, words.Bytes(s.Input+s.ShuffleRead), words.Bytes(s.SpilledDisk))
	})
	for _, s := range t.report.Stages[:min(t.top, len(t.report.Stages))] {
		if err := out.add(s); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	if more := len(t.report.Stages) - t.top; more > 0 {
		fmt.Fprintf(t.out, "and %s more\n", words.Counted(int64(more), "stage"))
	}
	return nil
}

func (t *adviceText) queries() error {
	queries := slices.DeleteFunc(slices.Clone(t.report.Queries), func(q eventlog.QueryCost) bool { return q.Stages == 0 })
	if len(queries) < 2 || t.top <= 0 {
		return nil
	}
	fmt.Fprintln(t.out)
	columns := []render.Column{{Name: "query", Right: true, Whole: true}, {Name: "what"}, {Name: "of all", Right: true, Whole: true}, {Name: "", Whole: true},
		{Name: "took", Right: true, Whole: true}, {Name: "stages", Right: true, Whole: true}}
	if t.report.Cost != nil {
		columns = append(columns, render.Column{Name: "cost", Right: true, Whole: true})
	}
	out := list(t.app, columns, func(q eventlog.QueryCost) []string {
		took := "not ended"
		if q.Seconds != nil {
			took = words.Duration(span(*q.Seconds))
		}
		cells := []string{fmt.Sprint(q.Query), render.Cut(q.Description, nameWidth), percent(q.Share), meter(q.Share), took, fmt.Sprint(q.Stages)}
		if t.report.Cost != nil {
			cells = append(cells, money(q.Cost))
		}
		return cells
	})
	for _, q := range queries[:min(t.top, len(queries))] {
		if err := out.add(q); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	switch more := len(queries) - t.top; {
	case more == 1:
		fmt.Fprintln(t.out, "and 1 query more")
	case more > 1:
		fmt.Fprintf(t.out, "and %s queries more\n", words.Count(int64(more)))
	}
	return nil
}

// readingNotes says what of the log could not be read.
func (t *adviceText) notes() {
	n := t.report.Reading
	if n.Skipped > 0 {
		t.say("%s could not be read and counted for nothing, the first: %s", words.Counted(n.Skipped, "line"), render.Escape(n.Examples[0]))
	}
	if n.Cut > 0 {
		t.say("%s too long to be read to the end", words.Counted(n.Cut, "line"))
	}
	if n.Truncated {
		t.say("the log ends in the middle of a line: the application still runs, or its driver died")
	}
	if len(n.Missing) > 0 {
		t.say("parts of the log are missing (%s): totals are too small", strings.Trim(fmt.Sprint(n.Missing), "[]"))
	}
	if n.Summarized > 0 {
		t.say("%s in the totals alone: there were too many", words.Counted(int64(n.Summarized), "stage"))
	}
}
