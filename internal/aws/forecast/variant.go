package forecast

import (
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/spec"
)

// Variant is a fleet that differs from the one that is described.
type Variant struct {
	Name   string
	Keys   string // that make lakehouse.yaml describe it
	Policy *fleet.Policy
}

// Variants are the fleet as it is described, and what else it could be: without Spot, without a way to on
// demand, of fewer instance types or of more, half and twice as large. What cannot be served is left out.
func Variants(f spec.Fleet, build func(*spec.Fleet) (*fleet.Policy, error)) ([]Variant, error) {
	described, err := build(&f)
	if err != nil {
		return nil, err
	}
	all := []Variant{{"as described", "", described}}
	add := func(name, keys string, change func(*spec.Fleet)) {
		g := f
		change(&g)
		if p, err := build(&g); err == nil {
			all = append(all, Variant{name, keys, p})
		}
	}
	if f.Spot > 0 {
		add("all on demand", "spot: 0%", func(g *spec.Fleet) { g.Spot, g.OnDemand = 0, g.Max })
		add("Spot alone", fmt.Sprintf("max_on_demand: %d", f.Core), func(g *spec.Fleet) { g.OnDemand = g.Core })
	}
	if len(f.Types) > 0 {
		add("more types", "without types", func(g *spec.Fleet) { g.Types = nil })
	} else if len(described.Task) > 3 {
		var few []string
		for _, t := range described.Task[:3] {
			few = append(few, t.Name)
		}
		add("three types", fmt.Sprintf("types: [%s, %s, %s]", few[0], few[1], few[2]), func(g *spec.Fleet) { g.Types = few })
	}
	for _, by := range []struct {
		name string
		most int
	}{{"half as large", f.Max / 2}, {"twice as large", 2 * f.Max}} {
		add(by.name, fmt.Sprintf("max: %d", by.most), func(g *spec.Fleet) { resize(g, by.most) })
	}
	return all, nil
}

// resize sets max, and keeps the other limits within it.
func resize(f *spec.Fleet, most int) {
	if f.OnDemand == f.Max {
		f.OnDemand = most
	}
	f.Max = most
	f.Min, f.OnDemand = min(f.Min, most), min(f.OnDemand, most)
	f.Core = max(4, min(f.Core, f.Min, f.OnDemand)/4*4)
}

// All rehearses the variants in the same world, and returns their results in the same order.
func All(s Scenario, variants []Variant) []*Result {
	out := make([]*Result, len(variants))
	var wg sync.WaitGroup
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, v := range variants {
		wg.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			one := s
			one.Name, one.Policy, one.Work = v.Name, v.Policy, slices.Clone(s.Work)
			out[i] = Rehearse(one)
		})
	}
	wg.Wait()
	return out
}
