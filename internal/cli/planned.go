package cli

import (
	"fmt"

	"github.com/petalake/petalake/internal/aws/audit"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/internal/cli/render"
)

// showPlan shows a plan, what it costs, and whether it is as safe as the environment demands.
func (a *app) showPlan(p *rollout.Plan) error {
	e := p.Environment
	switch a.output {
	case "json":
		return a.object(newPlanRow(p))
	case "csv":
		return a.planCSV(p.Steps)
	}
	fmt.Fprintf(a.out, "%s %s in %s\ncompared with %s\n\n", a.style(a.out).Bold(render.Escape(p.Lakehouse.Name)), render.Escape(e.Name), e.AWS.Region, render.Escape(p.With))
	defer a.showNotes(p.Notes)
	if p.Empty() {
		fmt.Fprintln(a.out, "nothing to do")
		return nil
	}
	if err := a.steps(p.Steps); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\n%s%s%s\n%s\n", counts(p.Steps), month(p.Month), pricesOf(p), verdict(e.AWS.Security, p.Security))
	for _, s := range p.Steps {
		if s.Stateful {
			fmt.Fprintf(a.out, "%s %s %s: it holds data, the new one is empty, and its stack refuses this\n", a.style(a.out).Bold("WARNING"), s.Verb, s.Object)
		}
	}
	return nil
}

// warn tells of what may be regretted of a fleet.
func (a *app) warn(p *rollout.Plan) {
	for _, w := range p.Warnings {
		a.say("%s", w)
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

func (a *app) showNotes(notes []rollout.Note) {
	for _, n := range notes {
		text := n.Text
		if n.Stack != "" {
			text = n.Stack + ": " + text
		}
		fmt.Fprintf(a.out, "%s %s\n", a.style(a.out).Bold("NOTE"), render.Escape(text))
	}
}

// pricesOf says which region's prices a plan has, where it is another's.
func pricesOf(p *rollout.Plan) string {
	if p.Month == nil || p.Prices.Region == p.Environment.AWS.Region {
		return ""
	}
	return ", at prices of " + p.Prices.Region
}
