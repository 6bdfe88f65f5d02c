// Package audit holds the controls of published standards against the templates of a lakehouse, and
// shows the evidence.
//
// A Control is one demand, with the standards that make it: AWS Foundational Security Best Practices
// (FSBP), the CIS AWS Foundations Benchmark 7.0 (CIS), and the proactive controls of AWS Control Tower
// (CT). It looks at every resource of some types and says of each whether it meets the demand, and by
// which property. A Profile is a set of controls; a resource that does not meet one fails it, unless an
// Exception says why that is so.
//
// What is judged are templates: what they say AWS makes. What is done to the account by hand is not
// seen here.
package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/spec"
)

// Template is one of those that are judged, in JSON.
type Template struct {
	Layer string // where it belongs, for the evidence
	Data  []byte
}

// Verdict is what became of a control.
type Verdict string

// The verdicts.
const (
	Pass     Verdict = "pass"     // every resource meets it
	Excepted Verdict = "excepted" // those that do not have a reason
	Fail     Verdict = "fail"
	Nothing  Verdict = "nothing" // there is no such resource, and none is demanded
)

// Result is a control with what was found.
type Result struct {
	ID        string     `json:"control"`
	Title     string     `json:"title"`
	Standards []string   `json:"standards"`
	Verdict   Verdict    `json:"verdict"`
	Evidence  []Evidence `json:"evidence"`
}

// Evidence is what a control found at a resource.
type Evidence struct {
	Layer    string `json:"stack"`
	Resource string `json:"resource"`
	Meets    bool   `json:"meets"`
	Says     string `json:"says"`             // the property, and its value
	Reason   string `json:"reason,omitempty"` // of the exception, where it does not meet it
}

// Profiles are the sets of controls, each with all of those before it.
var Profiles = []string{"baseline", "strict", "regulated"}

// ProfileError says that there is no such profile.
type ProfileError struct{ Profile string }

func (e *ProfileError) Error() string {
	return fmt.Sprintf("no profile %q: want one of %s", e.Profile, strings.Join(Profiles, ", "))
}

// Lakehouse holds the controls of a profile against what a lakehouse is in an environment, with exceptions besides
// those of petalake itself.
func Lakehouse(l *spec.Lakehouse, e *spec.Environment, profile string, more []Exception) ([]Result, error) {
	stacks, err := deploy.Render(l, e)
	if err != nil {
		return nil, err
	}
	return Stacks(stacks, profile, more)
}

// Stacks is Lakehouse for stacks that are there already.
func Stacks(stacks []*deploy.Stack, profile string, more []Exception) ([]Result, error) {
	var templates []Template
	for _, s := range stacks {
		templates = append(templates, Template{Layer: s.Layer, Data: s.Template})
	}
	return Judge(templates, profile, append(slices.Clone(more), Own()...))
}

// Judge holds the controls of a profile against templates.
func Judge(templates []Template, profile string, exceptions []Exception) ([]Result, error) {
	rank := slices.Index(Profiles, profile)
	if rank < 0 {
		return nil, &ProfileError{profile}
	}
	parsed := make([]*cfn.Template, len(templates))
	for i, t := range templates {
		var err error
		if parsed[i], err = cfn.Parse(t.Data); err != nil {
			return nil, fmt.Errorf("stack %s: %w", t.Layer, err)
		}
	}
	var results []Result
	for _, c := range controls {
		if slices.Index(Profiles, c.from) > rank {
			continue
		}
		r := Result{ID: c.id, Title: c.title, Standards: c.standards, Evidence: []Evidence{}}
		for i, t := range parsed {
			for _, one := range t.Resources {
				if slices.Contains(c.types, one.Type) {
					says, ok := c.look(t, one)
					r.Evidence = append(r.Evidence, Evidence{Layer: templates[i].Layer, Resource: one.ID, Meets: ok, Says: says})
				}
			}
		}
		r.judge(c, exceptions)
		results = append(results, r)
	}
	return results, nil
}

// judge decides from the evidence.
func (r *Result) judge(c control, exceptions []Exception) {
	r.Verdict = Pass
	if len(r.Evidence) == 0 {
		r.Verdict = Nothing
		if c.demanded {
			r.Verdict = Fail
		}
	}
	for i := range r.Evidence {
		e := &r.Evidence[i]
		if e.Meets {
			continue
		}
		if e.Reason = reason(exceptions, r.ID, e.Resource); e.Reason == "" {
			r.Verdict = Fail
		} else if r.Verdict == Pass {
			r.Verdict = Excepted
		}
	}
}

// Count says how many results have each verdict.
func Count(results []Result) map[Verdict]int {
	n := map[Verdict]int{}
	for _, r := range results {
		n[r.Verdict]++
	}
	return n
}
