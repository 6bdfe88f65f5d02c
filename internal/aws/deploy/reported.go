package deploy

import (
	"slices"
)

// Reported is what CloudFormation reports that an update does to a resource.
type Reported struct {
	Object, Type string
	Verb         Verb   // "" where it does not say whether the resource is replaced
	Why          string // "" where it does not say
}

// ApplyReported replaces the steps of the stack of a layer, which exists, by what CloudFormation reports. CloudFormation knows what
// no template says: tags, values of parameters, what the services themselves replace. Where the report does not say
// whether a resource is replaced, the templates do. Changes that follow from another stack, whose outputs will have
// other values, are not in the report yet: of a layer that has such changes no step of the templates is left out.
func (p *Plan) ApplyReported(layer string, reported []Reported) {
	var steps []Step
	for _, s := range p.Steps {
		if s.Kind != MakeStack || s.Stack != layer {
			steps = append(steps, s)
			continue
		}
		i := slices.IndexFunc(reported, func(x Reported) bool { return x.Object == s.Object })
		if i < 0 && !p.follows[layer] {
			continue // such as values that are written in another way, and are the same
		}
		if i >= 0 {
			s = s.withReported(reported[i], p.follows[layer])
			reported = slices.Delete(slices.Clone(reported), i, i+1)
		}
		steps = append(steps, s)
	}
	for _, x := range reported {
		s := Step{Kind: MakeStack, Verb: Change, Stack: layer, Object: x.Object, Type: x.Type, Why: purposes[x.Type]}
		steps = append(steps, s.withReported(x, false))
	}
	p.Steps = steps
	p.sort()
}

// withReported is the step as CloudFormation reports it.
func (s Step) withReported(x Reported, more bool) Step {
	if x.Verb != "" && !(more && s.Verb == Replace) {
		s.Verb = x.Verb
	}
	if x.Why != "" && !more {
		s.Why = x.Why
	}
	s.Stateful = HoldsData(s.Type) && (s.Verb == Replace || s.Verb == Delete)
	return s
}
