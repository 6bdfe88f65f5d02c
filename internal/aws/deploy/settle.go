package deploy

import (
	"slices"
)

// Said is what CloudFormation says that an update does to a resource.
type Said struct {
	Object, Type string
	Verb         Verb   // "" where it does not say whether the resource is replaced
	Why          string // "" where it does not say
}

// Settle takes CloudFormation's word for the stack of a layer, which is there. It knows what no template
// tells: tags, values of parameters, what the services themselves replace. Where it does not say whether
// something is replaced, the templates do. What follows from a stack before, whose outputs will have other
// values, CloudFormation cannot know yet: there nothing of the templates is left out.
func (p *Plan) Settle(layer string, said []Said) {
	var own []Step
	at := len(p.Steps)
	for i, s := range p.Steps {
		if s.Stack == layer {
			at = min(at, i)
			own = append(own, s)
		}
	}
	rest := slices.DeleteFunc(p.Steps, func(s Step) bool { return s.Stack == layer })
	p.Steps = slices.Concat(rest[:min(at, len(rest))], p.settled(layer, own, said), rest[min(at, len(rest)):])
}

func (p *Plan) settled(layer string, own []Step, said []Said) (steps []Step) {
	find := func(s Step) int { return slices.IndexFunc(said, func(x Said) bool { return x.Object == s.Object }) }
	for _, s := range own {
		i := find(s)
		if s.Verb != Call && i < 0 && !p.follows[layer] {
			continue // such as values that are written in another way, and are the same
		}
		if i >= 0 && s.Verb != Call {
			s = s.heard(said[i], p.follows[layer])
			said = slices.Delete(slices.Clone(said), i, i+1)
		}
		steps = append(steps, s)
	}
	calls := slices.IndexFunc(steps, func(s Step) bool { return s.Verb == Call })
	if calls < 0 {
		calls = len(steps)
	}
	for _, x := range said {
		s := Step{Verb: Change, Stack: layer, Object: x.Object, Type: x.Type, Why: purposes[x.Type]}
		steps = slices.Insert(steps, calls, s.heard(x, false))
		calls++
	}
	return steps
}

// heard is a step with CloudFormation's word for it.
func (s Step) heard(x Said, more bool) Step {
	if x.Verb != "" && !(more && s.Verb == Replace) {
		s.Verb = x.Verb
	}
	if x.Why != "" && !more {
		s.Why = x.Why
	}
	s.Stateful = HoldsData(s.Type) && (s.Verb == Replace || s.Verb == Delete)
	return s
}
