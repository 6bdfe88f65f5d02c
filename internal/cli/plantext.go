package cli

import (
	"fmt"
	"math"
	"strings"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/words"
)

// planLine is a step of a plan as people see it, or several that do the same to things of one type.
type planLine struct {
	deploy.Step
	objects []string
}

// planLines puts steps together that do the same, in one stack, to things of one type.
func planLines(steps []deploy.Step) (all []planLine) {
	at := map[[4]string]int{}
	for _, s := range steps {
		key := [4]string{string(s.Verb), s.Stack, s.Type, s.Why}
		i, ok := at[key]
		if !ok || s.Stateful || s.Verb == deploy.Call {
			at[key] = len(all)
			all = append(all, planLine{Step: s, objects: []string{s.Object}})
			continue
		}
		line := &all[i]
		line.objects = append(line.objects, s.Object)
		if line.Price != nil && s.Price != nil {
			sum := line.Price.Add(*s.Price)
			line.Price = &sum
		}
	}
	return all
}

func (l planLine) text() []string {
	what := strings.Join(l.objects, ", ")
	if len(l.objects) > 4 {
		what = fmt.Sprintf("%s and %d more", strings.Join(l.objects[:3], ", "), len(l.objects)-3)
	}
	do := string(l.Verb)
	if l.Stateful {
		do += " !"
	}
	return []string{do, l.Stack, what, dollars(l.Price), l.Why}
}

// dollars is a price: one figure where use does not matter, else low, likely and high.
func dollars(p *price.Range) string {
	switch {
	case p == nil:
		return ""
	case p.Low == p.High:
		return dollar(p.Low)
	}
	return dollar(p.Low) + " - " + dollar(p.Likely) + " - " + dollar(p.High)
}

func dollar(usd float64) string {
	if math.Abs(usd) >= 100 || usd == 0 {
		return words.Count(int64(math.Round(usd)))
	}
	return fmt.Sprintf("%.2f", usd)
}

// month says what all of it costs.
func month(p *price.Range) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("; all of it costs $%s a month with nothing used, likely $%s, at most $%s", dollar(p.Low), dollar(p.Likely), dollar(p.High))
}

// counts says how many steps do what.
func counts(steps []deploy.Step) string {
	n := map[deploy.Verb]int{}
	for _, s := range steps {
		n[s.Verb]++
	}
	var parts []string
	for _, v := range []deploy.Verb{deploy.Create, deploy.Change, deploy.Replace, deploy.Delete, deploy.Leave, deploy.Call} {
		if n[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n[v], v))
		}
	}
	return strings.Join(parts, ", ")
}
