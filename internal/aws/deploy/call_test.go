package deploy

import (
	"slices"
	"strings"
	"testing"
)

const guarded = before + `access:
  roles:
    analyst: {members: "arn:aws:iam::123456789012:role/analyst", reads: [bronze.flights], except: [bronze.flights.origin]}
tables:
  bronze.flights:
    columns: [{name: origin, type: string}, {name: delay, type: int}]
`

// of are the objects of the steps of a kind.
func of(p *Plan, kind Kind) (objects []string) {
	for _, s := range p.Steps {
		if s.Kind == kind {
			objects = append(objects, s.Object)
		}
	}
	return objects
}

// What deploy asks of AWS beside the stacks is in the plan: when what it is for is new, and when it is for another thing.
func TestCalls(t *testing.T) {
	plain, _ := render(t, before)
	now, _ := render(t, guarded)
	moved, _ := render(t, strings.Replace(guarded, "aws:", "storage: s3://other/lake\n    aws:", 1))
	for _, c := range []struct {
		name   string
		stacks []*Stack
		before map[string][]byte
		want   []Kind
	}{
		{"without access", plain, nil, []Kind{CloseGroup, UploadProgram, UploadBundle}},
		{"with access", now, nil, []Kind{CloseGroup, UploadProgram, UploadBundle, RegisterLake}},
		{"access is new", now, templates(plain), []Kind{RegisterLake}},
		{"access was there", now, templates(now), nil},
		{"the lake is in another bucket", moved, templates(now), []Kind{RegisterLake}},
		{"access is gone", plain, templates(now), nil},
	} {
		p, err := NewPlan(c.stacks, c.before, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []Kind
		for _, s := range p.Steps {
			if s.Verb == Call {
				got = append(got, s.Kind)
				if s.Why == "" || s.Object == "" {
					t.Errorf("%s: %+v says nothing", c.name, s)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got the calls %q, want %q", c.name, got, c.want)
		}
	}
}

// The account has the last word on whether a call was made.
func TestDue(t *testing.T) {
	now, _ := render(t, guarded)
	compute := now[slices.IndexFunc(now, func(s *Stack) bool { return s.Layer == Compute })]
	p, err := NewPlan(now, templates(now), nil)
	if err != nil {
		t.Fatal(err)
	}
	p.SetDue(compute, RegisterLake, true)
	p.SetDue(compute, RegisterLake, true)
	if got := of(p, RegisterLake); len(p.Steps) != 1 || len(got) != 1 {
		t.Errorf("it was cut off: got %+v, want the one step", p.Steps)
	}
	p.SetDue(compute, RegisterLake, false)
	p.SetDue(compute, MakeCertificate, true)
	if !p.Empty() {
		t.Errorf("it was made, and there are no clusters: got %+v, want nothing to do", p.Steps)
	}
}

// Steps come in the order in which they can be done: what a stack needs before it, what needs the stack after it, a stack
// that goes after those that need it, and data at the end.
func TestOrder(t *testing.T) {
	seen := map[Kind]bool{}
	check := func(name string, p *Plan) {
		t.Helper()
		last := Step{Stack: Bootstrap, Kind: MakeStack}
		for _, s := range p.Steps {
			seen[s.Kind] = true
			a, b := turns[last.Kind], turns[s.Kind]
			i, j := slices.Index(Layers, last.Stack), slices.Index(Layers, s.Stack)
			switch {
			case a.phase != b.phase:
				if a.phase > b.phase {
					t.Errorf("%s: %s %s after %s %s", name, s.Kind, s.Object, last.Kind, last.Object)
				}
			case a.phase == making && i > j || a.phase == removing && i < j, a.phase != erasing && i == j && a.part > b.part:
				t.Errorf("%s: %s of %s after %s of %s", name, s.Kind, s.Stack, last.Kind, last.Stack)
			}
			last = s
		}
	}
	every(t, func(name string, stacks []*Stack) {
		p, err := NewPlan(stacks, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		p.Add(ClearStep(Compute, "a"), RemoveStep(Ingest, "b"), ProtectStep(Foundation, "c"))
		check(name, p)
		end, err := NewEnd(templates(stacks), nil, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keeping {
			s, ok := EraseStep(k.typ, "d")
			if !ok || !s.Kind.Erases() || !s.Stateful {
				t.Errorf("%s: got %+v, %t, want a step that deletes it", k.typ, s, ok)
			}
			end.Add(s)
		}
		check(name, end)
	})
	for _, k := range Kinds() {
		if !seen[k] {
			t.Errorf("no plan has a step of the kind %s", k)
		}
	}
}

// An end is shown with what is done before stacks go.
func TestEnd(t *testing.T) {
	stacks, _ := render(t, strings.Replace(before, "environments", "fleet: {size: small}\nsources:\n  crm: {kind: database, engine: postgres, host: crm.acme.internal, database: crm, tables: [public.contacts], network: 10.8.0.0/16, into: crm}\nenvironments", 1))
	p, err := NewEnd(templates(stacks), nil, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []Kind{StopDaemon, EndClusters, StopReplications, ClearCatalog} {
		if len(of(p, k)) != 1 {
			t.Errorf("%s: got %q, want one step", k, of(p, k))
		}
	}
	if p, err = NewEnd(nil, nil, false); err != nil || !p.Empty() {
		t.Errorf("nothing there: got %+v, %v", p, err)
	}
}
