package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/petalake/petalake/internal/aws/audit"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/aws/rollout"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/spec"
)

// planned is a plan, and what it was made from.
type planned struct {
	*deploy.Plan
	lakehouse   *spec.Lakehouse
	environment *spec.Environment
	stacks      []*deploy.Stack
	list        *price.List

	against, with string // what it compares with, for programs and for people
	account       string // where that is an account
	notes         []noteRow
	refused       error // what AWS would refuse: quotas that are exceeded, permissions that are missing
}

// compareAccount makes a plan against what is in the account, and has CloudFormation say what it would do.
// Without a program the one that is deployed is meant.
func (a *app) compareAccount(ctx context.Context, p *planned, r *rollout.Rollout, program *rollout.Program) error {
	before, err := r.Deployed(ctx)
	if err != nil {
		return err
	}
	if p.Plan, err = deploy.NewPlan(p.stacks, before, p.list.USD); err != nil {
		return err
	}
	p.against, p.account, p.with = "account", r.Account, "what is in account "+r.Account
	if len(before) == 0 {
		p.with += ": nothing"
	}
	asking := a.progress("asking CloudFormation")
	asking.set(amount{label: "asking CloudFormation", part: -1})
	previews, err := r.Preview(ctx, program)
	if err == nil {
		err = a.askAccount(ctx, p, r)
	}
	asking.end()
	if err != nil {
		return err
	}
	for _, one := range previews {
		if one.Asked {
			p.Settle(one.Layer, one.Said)
		}
		if one.Note != "" {
			p.notes = append(p.notes, noteRow{one.Layer, one.Note})
		}
	}
	return nil
}

// askAccount asks for quotas and permissions.
func (a *app) askAccount(ctx context.Context, p *planned, r *rollout.Rollout) error {
	problems, notes, err := r.Quotas(ctx, deploy.Demands(p.lakehouse, p.environment, p.stacks))
	if err != nil {
		return err
	}
	note, err := r.Permissions(ctx)
	var denied *rollout.DeniedError
	if err != nil && !errors.As(err, &denied) {
		return err
	}
	p.refused = err
	if len(problems) > 0 {
		p.refused = errors.Join(problems, err)
	}
	if note != "" {
		notes = append(notes, note)
	}
	for _, text := range notes {
		p.notes = append(p.notes, noteRow{Note: text})
	}
	return nil
}

// showPlan shows a plan, what it costs, and whether it is as safe as the environment demands.
func (a *app) showPlan(p *planned) error {
	e := p.environment
	results, err := judged(p.stacks, e.AWS.Security, audit.Own())
	if err != nil {
		return err
	}
	if a.output == "json" {
		n := audit.Count(results)
		row := planRow{
			p.lakehouse.Name, e.Name, e.AWS.Region, p.Steps, p.Month, securityRow{e.AWS.Security, n[audit.Pass], n[audit.Excepted], n[audit.Fail]},
			p.against, p.account, p.notes,
		}
		if row.Steps == nil {
			row.Steps = []deploy.Step{}
		}
		if row.Notes == nil {
			row.Notes = []noteRow{}
		}
		return a.object(row)
	}
	if a.output == "csv" {
		return a.planCSV(p.Plan)
	}
	fmt.Fprintf(a.out, "%s %s in %s\ncompared with %s\n\n", a.style(a.out).Bold(render.Escape(p.lakehouse.Name)), render.Escape(e.Name), e.AWS.Region, render.Escape(p.with))
	defer a.showNotes(p.notes)
	if p.Empty() {
		fmt.Fprintln(a.out, "nothing to do")
		return nil
	}
	if err := a.steps(p.Steps); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\n%s%s\n%s\n", counts(p.Steps), month(p.Month)+pricesOf(p.list, e, p.Plan), verdict(e.AWS.Security, results))
	for _, s := range p.Steps {
		if s.Stateful {
			fmt.Fprintf(a.out, "%s %s %s: it holds data, the new one is empty, and its stack refuses this\n", a.style(a.out).Bold("WARNING"), s.Verb, s.Object)
		}
	}
	return nil
}

func (a *app) showNotes(notes []noteRow) {
	for _, n := range notes {
		text := n.Note
		if n.Stack != "" {
			text = n.Stack + ": " + text
		}
		fmt.Fprintf(a.out, "%s %s\n", a.style(a.out).Bold("NOTE"), render.Escape(text))
	}
}
