package deploy

import (
	"maps"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/cfn"
)

// endings are the calls before a stack is removed that has a certain resource.
var endings = []struct {
	kind        Kind
	layer, of   string // of is the id of the resource, or its type
	object, why string
}{
	{StopDaemon, Compute, Interruptions, "petalake", "stopped first, so that it starts no clusters any more"},
	{EndClusters, Compute, Interruptions, "clusters of the fleet", "ended, with what runs on them: they use roles and security groups of the stack"},
	{StopReplications, Ingest, "AWS::DMS::ReplicationConfig", "replications", "stopped: one that runs cannot be removed"},
}

// NewEnd is the plan of taking an environment down, from the templates of its stacks by their names. What holds
// data stays: see EraseStep. With catalog, tables of the environment may be in the Glue Data Catalog.
func NewEnd(before map[string][]byte, rates Rates, catalog bool) (*Plan, error) {
	p, err := NewPlan(nil, before, rates)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		t, err := parse(name, before[name])
		if err != nil {
			return nil, err
		}
		for _, e := range endings {
			if strings.HasSuffix(name, "-"+e.layer) && slices.ContainsFunc(t.Resources, func(r *cfn.Resource) bool { return r.ID == e.of || r.Type == e.of }) {
				p.Add(Step{Kind: e.kind, Verb: Call, Stack: e.layer, Object: e.object, Why: e.why})
			}
		}
	}
	if catalog { // after the daemon is gone, which would show the tables again
		p.Add(Step{Kind: ClearCatalog, Verb: Call, Stack: Ingest, Object: "Glue Data Catalog", Why: "databases and tables of the environment are taken out of it; the tables stay in the lake"})
	}
	return p, nil
}

// Data stands in place of a layer in steps that delete data.
const Data = "data"

// EraseStep is the step that deletes something that holds data for good, by its type, and its name as Holding gives
// it; false for a type that holds none.
func EraseStep(typ, name string) (Step, bool) {
	for _, k := range keeping {
		if k.typ == typ {
			return Step{Kind: k.erase, Verb: Delete, Stack: Data, Object: name, Type: typ, Why: "deleted for good, with what it holds", Stateful: true}, true
		}
	}
	return Step{}, false
}
