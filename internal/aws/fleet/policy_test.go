package fleet

import (
	"errors"
	"strings"
	"testing"

	"github.com/petalake/petalake/spec"
)

// TestChoice promises that a fleet is diverse, of what the workload needs, and Graviton's where that will do.
func TestChoice(t *testing.T) {
	for _, size := range []string{"small", "medium", "large", "xlarge", "2xlarge", "4xlarge"} {
		for _, workload := range []string{"memory", "compute", "balanced"} {
			for _, graviton := range []string{"prefer", "only", "never"} {
				text := "{size: " + size + ", workload: " + workload + ", graviton: " + graviton + "}"
				p, warnings, err := parse(t, text, "a", "b", "c")
				if err != nil {
					t.Errorf("%s: %v", text, err)
					continue
				}
				families, arm := map[string]int{}, 0
				for _, typ := range p.Task {
					family, _, _ := strings.Cut(typ.Name, ".")
					families[family]++
					if perUnit := typ.Memory / float64(typ.Units); perUnit < gibOf[workload]*0.9 || perUnit > gibOf[workload]*1.1 {
						t.Errorf("%s: %s has %g GiB a processor", text, typ.Name, perUnit)
					}
					if typ.Spot <= typ.Fixed || typ.Spot > typ.OnDemand || typ.Units*8 > p.Max {
						t.Errorf("%s: %+v", text, typ)
					}
					if strings.Contains(family, "g") {
						arm++
					}
				}
				if graviton == "never" && arm > 0 || graviton == "only" && arm < len(p.Task) {
					t.Errorf("%s: %d of %d types are Graviton's", text, arm, len(p.Task))
				}
				if small := graviton == "only" && (size == "small"); !small && (len(p.Task) < 10 || len(families) < 4 || len(warnings) > 0) {
					t.Errorf("%s: %d types of %d families: %v", text, len(p.Task), len(families), warnings)
				}
				if core := p.CoreOf[0].Units; p.Core%core != 0 {
					t.Errorf("%s: core nodes of %d do not make up %d", text, core, p.Core)
				}
				for _, typ := range p.CoreOf {
					if typ.Units != p.CoreOf[0].Units {
						t.Errorf("%s: core nodes of different sizes: %v", text, p.CoreOf)
					}
				}
			}
		}
	}
}

// TestBadFleets promises that what cannot be served is found, with its line and a remedy.
func TestBadFleets(t *testing.T) {
	for text, want := range map[string]string{
		"{types: [r7g.2xlarg]}":                   `lakehouse.yaml:2:17: fleet.types[0]: no instance type r7g.2xlarg: did you mean "r7g.2xlarge"?`,
		"{types: [r7g.2xlarge, m9g.xlarge]}":      `lakehouse.yaml:2:30: fleet.types[1]: EMR does not take m9g.xlarge`,
		"{types: [r7g.2xlarge], graviton: never}": `fleet.types[0]: r7g.2xlarge is not for a node`,
		"{budget: {hour: 1}, size: large}":        `lakehouse.yaml:2:24: fleet.budget.hour: the budget is $1, and an hour of the smallest cluster (64 processors, core 64) costs up to $6`,
		"{budget: {month: 3}, size: large}":       `lakehouse.yaml:2:25: fleet.budget.month: the budget is $3`,
		"{max: 20, types: [r7g.16xlarge]}":        `fleet.types: a machine has up to 64 processors, and besides core nodes there is room for 12: raise max to 72 or more`,
	} {
		_, _, err := parse(t, text, "a", "b", "c")
		var errs spec.Errors
		if !errors.As(err, &errs) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", text, err, want)
		}
	}
	if _, _, err := parse(t, "{}"); err == nil || !strings.Contains(err.Error(), "no zone is known that could serve the fleet") {
		t.Errorf("without zones: %v", err)
	}
}

func TestWarnings(t *testing.T) {
	for text, want := range map[string]string{
		"{release: emr-7.14.0}":               "lakehouse.yaml:2:18: fleet.release: emr-7.14.0 is old: it has Spark 3.5 and no sessions of Spark Connect; AWS supports it until 2028-09; the current one is emr-spark-8.1.0",
		"{release: emr-6.15.0}":               "petalake does not know emr-6.15.0",
		"{types: [r7g.2xlarge, r6g.2xlarge]}": "2 instance types to choose from",
		"{max_on_demand: 16}":                 "when Spot is gone, only 0 of 240 processors can be replaced",
	} {
		_, warnings, err := parse(t, text, "a", "b", "c")
		if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0].String(), want) {
			t.Errorf("%s: %v, %v; want %s", text, warnings, err, want)
		}
	}
	if _, warnings, _ := parse(t, "{}", "a", "b"); len(warnings) != 1 || !strings.Contains(warnings[0].String(), "2 zones to choose from") {
		t.Errorf("two zones: %v", warnings)
	}
}

// TestThrift promises that a budget an hour leaves out the dearest types, and not the diversity.
func TestThrift(t *testing.T) {
	rich, poor := policy(t, "{size: large}"), policy(t, "{size: large, budget: {hour: 20}}")
	if len(poor.Task) != leastTypes || dearest(poor.Task, spotOf) >= dearest(rich.Task, spotOf) {
		t.Errorf("%d types up to $%.4f a processor, without a budget %d up to $%.4f", len(poor.Task), dearest(poor.Task, spotOf), len(rich.Task), dearest(rich.Task, spotOf))
	}
}
