package rollout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/petalake/petalake/internal/aws/audit"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

// Against is what a plan compares with.
type Against string

// What a plan compares with.
const (
	AgainstAccount   Against = "account"
	AgainstTemplates Against = "templates"
	AgainstNothing   Against = "nothing"
)

// Plan holds the steps by which an environment in AWS is changed, with their price, their security and the problems found.
type Plan struct {
	*deploy.Plan
	Lakehouse   *spec.Lakehouse
	Environment *spec.Environment
	Stacks      []*deploy.Stack // as they should be; none where all of them go
	Prices      *price.List
	Security    []audit.Result // of the controls of the environment's profile

	Against  Against
	With     string // what the plan compares with, for people
	Account  string // where that is an account
	Warnings []fleet.Warning
	Notes    []Note
	// Refused is what AWS would refuse: quotas that are exceeded, permissions that are missing; nil for nothing.
	Refused error

	rollout *Rollout
	program *Program
	arns    map[string]string // of what is deleted for good, by name
}

// Rollout is the environment in its account; nil where the plan was not made against one.
func (p *Plan) Rollout() *Rollout { return p.rollout }

// Note is something to know of a plan besides.
type Note struct {
	Stack string // its layer, or ""
	Text  string
}

// Options say how a plan is made. The zero value compares with the account, where there are credentials that work.
type Options struct {
	Offline   bool
	Templates map[string][]byte // of the last deployment, by the names of their stacks: AWS is not asked then
	From      string            // where Templates are from, for people
	// Asking is called before CloudFormation is asked, and what it returns afterwards; nil for nobody who watches.
	Asking func() (done func())
	// Tell hears of what is going on in AWS already, which a deployment waits for; nil for nobody.
	Tell func(Progress)
}

// Planned is the plan of an environment for reading: against the account where there are credentials, else against
// templates, or nothing. The program that is deployed is the one meant.
func Planned(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, o Options) (*Plan, error) {
	p, err := newPlan(l, e)
	if err != nil {
		return nil, err
	}
	without := "--offline"
	if o.Templates == nil && !o.Offline {
		var r *Rollout
		if r, without, err = Find(ctx, l, e, p.Stacks); err != nil {
			return nil, err
		}
		if r != nil {
			return p, p.compare(ctx, r, o)
		}
	}
	p.Against, p.With = AgainstNothing, "nothing: "+without
	if o.Templates != nil {
		p.Against, p.With = AgainstTemplates, "the templates in "+o.From
	}
	p.Plan, err = deploy.NewPlan(p.Stacks, o.Templates, p.Prices.USD)
	return p, err
}

// Deployment is the plan against the account that Run then makes true, with the executable that the daemon is to run;
// "" is the one that runs now. It waits for what is going on in AWS already.
func Deployment(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, binary string, o Options) (*Plan, error) {
	r, err := Connect(ctx, l, e)
	if err != nil {
		return nil, err
	}
	p, err := newPlan(l, e)
	if err != nil {
		return nil, err
	}
	if binary == "" {
		if binary, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	if p.program, err = Pack(l, e, binary); err != nil {
		return nil, err
	}
	if err := r.await(ctx, o.Tell); err != nil {
		return nil, err
	}
	return p, p.compare(ctx, r, o)
}

// newPlan is a plan without steps: what the environment is, what it costs, how safe it is, and whether its fleet can be
// served.
func newPlan(l *spec.Lakehouse, e *spec.Environment) (*Plan, error) {
	p := &Plan{Lakehouse: l, Environment: e}
	var err error
	if p.Stacks, err = deploy.Render(l, e); err != nil {
		return nil, err
	}
	if p.Prices, err = price.Beside(filepath.Dir(l.File), e.AWS.Region); err != nil {
		return nil, err
	}
	if l.Has("fleet") && l.Fleet.Mode != spec.FleetServerless {
		if _, p.Warnings, err = fleet.Of(&l.Fleet, e, p.Prices); err != nil {
			return nil, err
		}
	}
	p.Security, err = audit.Stacks(p.Stacks, e.AWS.Security, nil)
	return p, err
}

// await waits until nothing changes the stacks any more: what was cut off goes on in AWS.
func (r *Rollout) await(ctx context.Context, tell func(Progress)) error {
	for _, layer := range deploy.Layers {
		err := r.driver.Await(ctx, r.name(layer), func(e StackEvent) {
			if tell != nil {
				tell(Progress{Layer: layer, Event: e})
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// compare makes the plan against what is in the account, and has CloudFormation say what it would do. Without a
// program the one that is deployed is meant.
func (p *Plan) compare(ctx context.Context, r *Rollout, o Options) error {
	p.rollout = r
	states, err := r.states(ctx)
	if err != nil {
		return err
	}
	before, err := r.templates(ctx, states)
	if err != nil {
		return err
	}
	if p.Plan, err = deploy.NewPlan(p.Stacks, before, p.Prices.USD); err != nil {
		return err
	}
	p.Against, p.Account, p.With = AgainstAccount, r.Account, "what is in account "+r.Account
	if len(before) == 0 {
		p.With += ": nothing"
	}
	if o.Asking != nil {
		defer o.Asking()()
	}
	previews, err := r.previews(ctx, states, p.program)
	if err != nil {
		return err
	}
	if err := p.checkAccount(ctx); err != nil {
		return err
	}
	for _, one := range previews {
		if one.Asked {
			p.ApplyReported(one.Layer, one.Reported)
		}
		if one.Note != "" {
			p.Notes = append(p.Notes, Note{one.Layer, one.Note})
		}
	}
	r.addRemains(p, states)
	return r.due(ctx, p, states, p.program)
}

// checkAccount asks for quotas and permissions.
func (p *Plan) checkAccount(ctx context.Context) error {
	problems, notes, err := p.rollout.Quotas(ctx, deploy.Demands(p.Lakehouse, p.Environment, p.Stacks))
	if err != nil {
		return err
	}
	note, err := p.rollout.Permissions(ctx)
	var denied *DeniedError
	if err != nil && !errors.As(err, &denied) {
		return err
	}
	p.Refused = err
	if len(problems) > 0 {
		p.Refused = errors.Join(problems, err)
	}
	if note != "" {
		notes = append(notes, note)
	}
	for _, text := range notes {
		p.Notes = append(p.Notes, Note{Text: text})
	}
	return nil
}

// makes says whether the stack of a layer is made or changed.
func (p *Plan) makes(layer string) bool {
	return slices.ContainsFunc(p.Steps, func(s deploy.Step) bool { return s.Kind == deploy.MakeStack && s.Stack == layer })
}

// wants says whether there should be a stack of a layer.
func (p *Plan) wants(layer string) bool {
	return slices.ContainsFunc(p.Stacks, func(s *deploy.Stack) bool { return s.Layer == layer })
}

// Problems are an error where the plan should not be run: it costs more than the budget, or AWS would refuse it.
func (p *Plan) Problems() error {
	return errors.Join(deploy.OverBudget(p.Environment, p.Plan), p.Refused)
}

// Agreed is an error where the plan may not be run with what somebody agrees to: Problems, and that what holds data
// would be replaced or removed.
func (p *Plan) Agreed(c Consent) error {
	refused := p.Refused
	if c.Unchecked {
		refused = nil
	}
	return errors.Join(deploy.OverBudget(p.Environment, p.Plan), p.losing(c.Replace), refused)
}

// losing is a *LosingError where the plan takes what is kept out of reach.
func (p *Plan) losing(allowed bool) error {
	out := &LosingError{}
	for _, s := range p.Steps {
		if s.Stateful && !allowed {
			out.Stack = s.Stack
			out.Changes = append(out.Changes, StackChange{Resource: s.Object, Type: s.Type})
		}
	}
	if len(out.Changes) == 0 {
		return nil
	}
	return out
}

// Removal is the plan of taking an environment down. What holds data stays, with what it costs, unless data says that
// it is deleted for good, which is an error where nobody may do that yet.
func Removal(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, data bool) (*Plan, error) {
	r, err := Connect(ctx, l, e)
	if err != nil {
		return nil, err
	}
	return r.removal(ctx, data)
}

func (r *Rollout) removal(ctx context.Context, data bool) (*Plan, error) {
	p := &Plan{Lakehouse: r.lakehouse, Environment: r.environment, Against: AgainstAccount, Account: r.Account, rollout: r, arns: map[string]string{}}
	states, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	before, err := r.templates(ctx, states)
	if err != nil {
		return nil, err
	}
	if p.Prices, err = price.Beside(filepath.Dir(r.lakehouse.File), r.environment.AWS.Region); err != nil {
		return nil, err
	}
	catalog := len(states) > 0 && r.environment.AWS.Catalog == spec.CatalogGlue
	if !catalog { // it may have been of use before
		owned, err := r.catalog().Owned(ctx)
		if err != nil && len(states) > 0 {
			p.Notes = append(p.Notes, Note{Text: "whether tables are in the Glue Data Catalog could not be asked: " + err.Error()})
		}
		catalog = len(owned) > 0
	}
	if p.Plan, err = deploy.NewEnd(before, p.Prices.USD, catalog); err != nil {
		return nil, err
	}
	r.addRemains(p, states)
	if !data {
		return p, nil
	}
	held, err := r.Held(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.Locked(ctx, held); err != nil {
		return nil, err
	}
	for _, one := range held {
		step, ok := deploy.EraseStep(one.Type, one.Name)
		if !ok {
			return nil, fmt.Errorf("%s: it is not known how to delete a %s: %w", one.Name, one.Type, errors.ErrUnsupported)
		}
		p.arns[one.Name] = one.ARN
		p.Add(step)
	}
	return p, nil
}
