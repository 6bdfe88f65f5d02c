package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/aws/audit"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/internal/cli/render"
)

// planText shows plans, and what comes of them, to people and programs.
type planText struct{ *app }

// show shows a plan, what it costs, and whether it is as safe as the environment demands.
func (t planText) show(p *rollout.Plan) error {
	e := p.Environment
	switch t.output {
	case "json":
		return t.object(newPlanRow(p))
	case "csv":
		return t.csv(p.Steps)
	}
	fmt.Fprintf(t.out, "%s %s in %s\ncompared with %s\n\n", t.style(t.out).Bold(render.Escape(p.Lakehouse.Name)), render.Escape(e.Name), e.AWS.Region, render.Escape(p.With))
	defer t.notes(p.Notes)
	if p.Empty() {
		fmt.Fprintln(t.out, "nothing to do")
		return nil
	}
	if err := t.steps(p.Steps); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "\n%s%s%s\n%s\n", counts(p.Steps), month(p.Month), pricesOf(p), verdict(e.AWS.Security, p.Security))
	for _, s := range p.Steps {
		if s.Stateful {
			fmt.Fprintf(t.out, "%s %s %s: it holds data, the new one is empty, and its stack refuses this\n", t.style(t.out).Bold("WARNING"), s.Verb, s.Object)
		}
	}
	return nil
}

// warn tells of what may be regretted of a fleet.
func (t planText) warn(p *rollout.Plan) {
	for _, w := range p.Warnings {
		t.say("%s", w)
	}
}

// newPlanRow is a plan, for programs.
func newPlanRow(p *rollout.Plan) planRow {
	n := audit.Count(p.Security)
	row := planRow{
		Lakehouse: p.Lakehouse.Name, Environment: p.Environment.Name, Region: p.Environment.AWS.Region, Steps: p.Steps, Month: p.Month,
		Security: securityRow{p.Environment.AWS.Security, n[audit.Pass], n[audit.Excepted], n[audit.Fail]},
		Against:  p.Against, Account: p.Account, Notes: []noteRow{},
	}
	if row.Steps == nil {
		row.Steps = []deploy.Step{}
	}
	for _, one := range p.Notes {
		row.Notes = append(row.Notes, noteRow{one.Stack, one.Text})
	}
	return row
}

func (t planText) notes(notes []rollout.Note) {
	for _, n := range notes {
		text := n.Text
		if n.Stack != "" {
			text = n.Stack + ": " + text
		}
		fmt.Fprintf(t.out, "%s %s\n", t.style(t.out).Bold("NOTE"), render.Escape(text))
	}
}

// pricesOf says which region's prices a plan has, where it is another's.
func pricesOf(p *rollout.Plan) string {
	if p.Month == nil || p.Prices.Region == p.Environment.AWS.Region {
		return ""
	}
	return ", at prices of " + p.Prices.Region
}

// steps shows what is done, with prices where there are any.
func (t planText) steps(steps []deploy.Step) error {
	columns, text := []render.Column{{Name: "do"}, {Name: "stack"}, {Name: "what"}, {Name: "$ a month", Right: true, Whole: true}, {Name: "why"}}, planLine.text
	if !slices.ContainsFunc(steps, func(s deploy.Step) bool { return s.Price != nil }) {
		columns, text = slices.Delete(columns, 3, 4), func(l planLine) []string { return slices.Delete(l.text(), 3, 4) }
	}
	out := list(t.app, columns, text)
	for _, line := range planLines(steps) {
		if err := out.add(line); err != nil {
			return err
		}
	}
	return out.close()
}

func (t planText) csv(steps []deploy.Step) error {
	out := list[planCSVRow](t.app, nil, nil)
	for _, s := range steps {
		row := planCSVRow{Verb: string(s.Verb), Stack: s.Stack, Object: s.Object, Type: s.Type, Stateful: s.Stateful, Why: s.Why}
		if s.Price != nil {
			row.Low, row.Likely, row.High = &s.Price.Low, &s.Price.Likely, &s.Price.High
		}
		if err := out.add(row); err != nil {
			return err
		}
	}
	return out.close()
}

// asking shows that AWS is asked, until it has answered.
func (t planText) asking() (done func()) {
	p := t.progress("asking CloudFormation")
	p.set(amount{label: "asking CloudFormation", part: -1})
	return p.end
}

// event shows what happens to a stack, a line each.
func (t planText) event(p rollout.Progress) {
	e := p.Event
	if e.Resource == "" {
		t.say("%s  %-10s  %s", t.now().Format(time.TimeOnly), p.Layer, render.Escape(p.Text))
		return
	}
	reason := ""
	if e.Reason != "" {
		reason = ": " + e.Reason
	}
	t.say("%s  %-10s  %-20s  %s%s", e.Time.Local().Format(time.TimeOnly), p.Layer, strings.ToLower(strings.ReplaceAll(e.Status, "_", " ")), render.Escape(e.Resource), render.Escape(reason))
}
