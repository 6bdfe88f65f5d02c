package fleet

import (
	"fmt"
	"strings"

	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// Warning is something about a fleet that works, and may be regretted.
type Warning struct {
	Pos     spec.Pos
	Message string
}

func (w Warning) String() string { return fmt.Sprintf("%s: %s", w.Pos, w.Message) }

// releases are those of EMR that petalake knows, with what there is to say of them.
var releases = map[string]string{
	"emr-spark-8.1.0": "",
	"emr-spark-8.0.0": "it has Spark 4.0, and AWS supports it until 2027-05-20",
	"emr-7.14.0":      "it has Spark 3.5 and no sessions of Spark Connect; AWS supports it until 2028-09",
}

// current is the release of the long-term kind.
const current = "emr-spark-8.1.0 (Spark 4.1, supported until 2029-09-07)"

// check finds what no zone can serve, and limits that only prices contradict.
func (p *Policy) check(f *spec.Fleet, list *price.List) ([]Warning, error) {
	var errs spec.Errors
	fail := func(key, hint, format string, args ...any) {
		errs = append(errs, spec.Problem{Pos: at(f, key), Path: "fleet." + key, Message: "fleet." + key + ": " + fmt.Sprintf(format, args...), Hint: hint})
	}
	p.named(f, list, fail)
	switch {
	case len(p.Zones) == 0:
		fail("size", "write three zones under aws", "no zone is known that could serve the fleet")
	case len(p.Task) == 0 && p.Max > p.Core:
		fail("types", "choose from "+strings.Join(names(newChooser(f, list).task(p.Max)), ", "), "no zone can serve the fleet: EMR takes none of the types")
	case len(p.CoreOf) == 0 || len(p.Primary) == 0:
		fail("core", "write a multiple of 4", "no zone can serve %d units of core nodes", p.Core)
	default:
		p.money(f, fail)
		if w := units(p.Task); w > p.Max-p.Core && p.Max > p.Core {
			fail("types", fmt.Sprintf("raise max to %d or more, or choose smaller types", p.Core+w), "a machine has up to %d processors, and besides core nodes there is room for %d", w, p.Max-p.Core)
		}
	}
	if len(errs) > 0 {
		return nil, errs
	}
	return p.unwise(f), nil
}

// at is where a key of a fleet stands, or one of its budget.
func at(f *spec.Fleet, key string) spec.Pos {
	if inner, ok := strings.CutPrefix(key, "budget."); ok && f.Has("budget") {
		return f.Budget.At(inner)
	}
	return f.At(key)
}

// named reports types of lakehouse.yaml that cannot be had.
func (p *Policy) named(f *spec.Fleet, list *price.List, fail func(key, hint, format string, args ...any)) {
	var all []string
	for _, i := range list.Instances() {
		if i.EMR {
			all = append(all, i.Type)
		}
	}
	for k, name := range f.Types {
		hint := "leave it out"
		if near := words.Nearest(name, all); near != "" && near != name {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		key := fmt.Sprintf("types[%d]", k)
		i, known := list.Instance(name)
		c := chooser{f: f, list: list}
		switch {
		case !known:
			fail(key, hint, "no instance type %s", name)
		case !i.EMR:
			fail(key, hint, "EMR does not take %s", name)
		case !c.usable(i):
			fail(key, "leave it out", "%s is not for a node: nodes have 4 processors or more, of the fifth generation or later, of the architecture that graviton: %s allows", name, f.Graviton)
		}
	}
}

// money reports budgets that do not pay for the smallest cluster.
func (p *Policy) money(f *spec.Fleet, fail func(key, hint, format string, args ...any)) {
	smallest := p.smallest()
	for _, b := range []struct {
		key string
		usd float64
	}{{"hour", p.HourUSD}, {"month", p.MonthUSD}} {
		if b.usd == 0 || b.usd >= smallest {
			continue
		}
		fail("budget."+b.key, fmt.Sprintf("write %s: %.0f or more, or lower min and core", b.key, smallest+1),
			"the budget is $%.0f, and an hour of the smallest cluster (%d processors, core %d) costs up to $%.2f", b.usd, p.Min, p.Core, smallest)
	}
}

// smallest is what an hour of the smallest cluster costs at most.
func (p *Policy) smallest() float64 {
	usd := p.base()
	if n := p.Min - p.Core; n > 0 {
		usd += float64(n+units(p.Task)-1) * dearest(p.Task, onDemandOf)
	}
	return usd
}

// unwise are the warnings.
func (p *Policy) unwise(f *spec.Fleet) (all []Warning) {
	warn := func(key, format string, args ...any) {
		all = append(all, Warning{f.At(key), "fleet." + key + ": " + fmt.Sprintf(format, args...)})
	}
	said, known := releases[p.Release]
	switch {
	case !known:
		warn("release", "petalake does not know %s; it is made for %s", p.Release, current)
	case said != "":
		warn("release", "%s is old: %s; the current one is %s", p.Release, said, current)
	}
	if n := len(p.Task); n < leastTypes && p.Max > p.Core {
		warn("types", "%d instance types to choose from: Spot is there more often with %d or more", n, leastTypes)
	}
	if n := len(p.Zones); n < leastZones {
		warn("size", "%d zones to choose from: one that has nothing is made up for with %d or more", n, leastZones)
	}
	if p.SpotShare > 0 && p.OnDemand < p.Max/4 {
		warn("max_on_demand", "when Spot is gone, only %d of %d processors can be replaced", p.OnDemand-p.Core, p.Max-p.Core)
	}
	return all
}

func names(all []price.Instance) (out []string) {
	for _, i := range all {
		out = append(out, i.Type)
	}
	return out
}
