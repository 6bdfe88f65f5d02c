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
	var steps []Step
	for _, s := range p.Steps {
		if s.Kind != MakeStack || s.Stack != layer {
			steps = append(steps, s)
			continue
		}
		i := slices.IndexFunc(said, func(x Said) bool { return x.Object == s.Object })
		if i < 0 && !p.follows[layer] {
			continue // such as values that are written in another way, and are the same
		}
		if i >= 0 {
			s = s.heard(said[i], p.follows[layer])
			said = slices.Delete(slices.Clone(said), i, i+1)
		}
		steps = append(steps, s)
	}
	for _, x := range said {
		s := Step{Kind: MakeStack, Verb: Change, Stack: layer, Object: x.Object, Type: x.Type, Why: purposes[x.Type]}
		steps = append(steps, s.heard(x, false))
	}
	p.Steps = steps
	p.sort()
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
