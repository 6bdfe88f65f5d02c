package fleet

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// policy is that of a lakehouse.yaml with a fleet.
func policy(t *testing.T, fleet string) *Policy {
	t.Helper()
	p, _, err := parse(t, fleet, "a", "b", "c")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parse(t *testing.T, fleet string, zones ...string) (*Policy, []Warning, error) {
	t.Helper()
	l, err := spec.Parse("lakehouse.yaml", []byte("lakehouse: a\nfleet: "+fleet+"\n"), fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	list, _ := price.Of(price.Home)
	return New(&l.Fleet, "us-east-1", zones, list)
}

// running is a cluster with work for all of the fleet.
func running(onDemand, spot, wantOnDemand, wantSpot int) *Cluster {
	return &Cluster{ID: "j-1", Zone: "a", State: Running, OnDemand: onDemand, Spot: spot, WantOnDemand: wantOnDemand, WantSpot: wantSpot, TargetOnDemand: wantOnDemand, TargetSpot: wantSpot, Work: 1 << 20}
}

var job = []Job{{ID: "etl", Cluster: "j-1", Step: 3, Steps: 9}}

// story lets a policy decide again and again, and notes what it does.
type story struct {
	p *Policy
	w World
	m Memory
}

// at decides at so many minutes, and returns the one action there is, or none.
func (s *story) at(t *testing.T, minutes int) Action {
	t.Helper()
	s.w.Now = noon.Add(time.Duration(minutes) * time.Minute)
	before, _ := json.Marshal(s.m)
	actions, next := Decide(s.p, s.w, s.m)
	if after, _ := json.Marshal(s.m); string(before) != string(after) {
		t.Errorf("Decide changed the memory it was given")
	}
	again, same := Decide(s.p, s.w, s.m)
	if diff := cmp.Diff(actions, again) + cmp.Diff(next, same, cmp.AllowUnexported(Memory{})); diff != "" {
		t.Errorf("Decide answers twice in two ways: %s", diff)
	}
	// Memory outlives the process.
	text, _ := json.Marshal(next)
	s.m = Memory{}
	if err := json.Unmarshal(text, &s.m); err != nil {
		t.Fatal(err)
	}
	s.w.Notices = nil
	for _, a := range actions {
		if a.Do == Resize && s.w.Cluster != nil {
			s.w.Cluster.WantOnDemand, s.w.Cluster.WantSpot = a.OnDemand, a.Spot
			s.w.Cluster.TargetOnDemand, s.w.Cluster.TargetSpot = a.OnDemand, a.Spot
		}
	}
	switch len(actions) {
	case 0:
		return Action{}
	case 1:
		return actions[0]
	}
	t.Errorf("at %d minutes: %d actions: %v", minutes, len(actions), actions)
	return Action{}
}

func (s *story) want(t *testing.T, minutes int, do Verb, onDemand, spot int, reason string) {
	t.Helper()
	a := s.at(t, minutes)
	if a.Do != do || a.OnDemand != onDemand || a.Spot != spot || !strings.Contains(a.Reason, reason) {
		t.Errorf("at %d minutes: %s %d on demand, %d Spot: %q; want %s %d, %d: %q", minutes, a.Do, a.OnDemand, a.Spot, a.Reason, do, onDemand, spot, reason)
	}
}

// TestSpotThatDoesNotCome: it is waited for, then taken on demand, then tried again, a quarter at a time.
func TestSpotThatDoesNotCome(t *testing.T) {
	s := story{p: policy(t, "{max: 256, core: 16, min: 16, types: [r7g.xlarge, r6g.xlarge, r8g.xlarge], patience: 10m, cooldown: 20m}")}
	s.w = World{Jobs: job, Cluster: running(0, 0, 0, 0)}
	s.want(t, 0, Resize, 0, 237, "there is work") // 256 - 16, and 3 that a machine may be too much
	s.want(t, 5, "", 0, 0, "")
	s.w.Cluster.Spot = 100
	s.want(t, 8, "", 0, 0, "") // something came: the wait begins again
	s.want(t, 17, "", 0, 0, "")
	s.want(t, 18, Resize, 137, 97, "137 units of Spot did not come within 10m: 137 on demand in their place, Spot again after 20m")
	s.w.Cluster.OnDemand = 140
	s.want(t, 30, "", 0, 0, "")
	s.want(t, 38, Resize, 103, 97, "Spot is tried again, for 34 units") // first what is on demand goes
	s.w.Cluster.OnDemand = 104
	s.want(t, 42, Resize, 103, 131, "work")
	s.w.Cluster.Spot = 132
	s.want(t, 45, "", 0, 0, "")
	s.want(t, 48, Resize, 78, 133, "Spot is tried again, for 25 units")
}

// TestScaledDown: what managed scaling does not ask for is not missing.
func TestScaledDown(t *testing.T) {
	s := story{p: policy(t, "{max: 256, core: 16, min: 16, types: [r7g.xlarge, r6g.xlarge, r8g.xlarge], patience: 10m}")}
	s.w = World{Jobs: job, Cluster: running(0, 40, 0, 237)}
	s.w.Cluster.TargetSpot = 40
	s.want(t, 0, "", 0, 0, "")
	s.want(t, 30, "", 0, 0, "")
	s.w.Cluster.TargetSpot = 100
	s.want(t, 31, "", 0, 0, "")
	s.want(t, 40, Resize, 60, 174, "60 units of Spot did not come within 10m")
}

// TestStorm: where much of Spot is reclaimed at once, nobody waits.
func TestStorm(t *testing.T) {
	s := story{p: policy(t, "{max: 256, core: 16, types: [r7g.xlarge, r6g.xlarge, r8g.xlarge]}")}
	s.w = World{Jobs: job, Cluster: running(0, 200, 0, 237)}
	s.w.Notices = []Notice{{Kind: Reclaim, Type: "r7g.xlarge", Zone: "a", Units: 20}}
	s.want(t, 0, "", 0, 0, "")
	s.w.Cluster.Spot = 150
	s.w.Notices = []Notice{{Kind: Reclaim, Type: "r6g.xlarge", Zone: "a", Units: 60}}
	s.want(t, 4, Resize, 80, 154, "80 units of Spot were reclaimed within 10m")
}

// TestNothingOnDemand: what does not come on demand either is tried as Spot.
func TestNothingOnDemand(t *testing.T) {
	s := story{p: policy(t, "{max: 256, core: 16, types: [r7g.xlarge, r6g.xlarge, r8g.xlarge]}")}
	s.w = World{Jobs: job, Cluster: running(0, 0, 0, 237)}
	s.at(t, 0)
	s.want(t, 10, Resize, 237, 0, "did not come")
	s.want(t, 19, "", 0, 0, "")
	s.want(t, 20, Resize, 0, 237, "did not come on demand either")
}

// TestLimitOnDemand: Spot is replaced as far as max_on_demand goes, core nodes included.
func TestLimitOnDemand(t *testing.T) {
	s := story{p: policy(t, "{max: 256, core: 16, max_on_demand: 64, types: [r7g.xlarge, r6g.xlarge, r8g.xlarge]}")}
	s.w = World{Jobs: job, Cluster: running(0, 0, 0, 237)}
	s.at(t, 0)
	a := s.at(t, 10)
	if a.OnDemand+3+16 > 64 || a.OnDemand < 40 {
		t.Errorf("%d on demand besides 16 core and up to 3 too many: want close to 64, and not more", a.OnDemand)
	}
}

func TestLostCluster(t *testing.T) {
	s := story{p: policy(t, "{}")}
	s.w = World{Jobs: job, Cluster: &Cluster{ID: "j-1", Zone: "a", State: Lost}}
	a := s.at(t, 0)
	if a.Do != Launch || a.Zone != "b" {
		t.Errorf("%+v: want a launch in the next zone", a)
	}
	s.w.Cluster = &Cluster{ID: "j-2", Zone: "b", State: Starting}
	a = s.at(t, 1)
	if a.Do != Submit || a.Step != 3 || a.Reason != "cluster j-1 is lost: it goes on behind step 3 of 9" {
		t.Errorf("%+v: want the job to go on", a)
	}
	s.w.Cluster.State = Lost
	a = s.at(t, 30)
	if a.Do != Launch || a.Spot != 0 || !strings.Contains(a.Reason, "on demand, as 2 clusters were lost in 2h") {
		t.Errorf("%+v: want a launch without Spot", a)
	}
}

func TestZoneWithMostPools(t *testing.T) {
	s := story{p: policy(t, "{}")}
	s.w = World{Jobs: []Job{{ID: "etl", Units: 100}}, Notices: []Notice{
		{Kind: NoSpot, Type: s.p.Task[0].Name, Zone: "a"}, {Kind: AtRisk, Type: s.p.Task[1].Name, Zone: "b"}, {Kind: NoSpot, Type: s.p.Task[2].Name, Zone: "b"},
	}}
	if a := s.at(t, 0); a.Zone != "c" {
		t.Errorf("launch in zone %s: %s; want c", a.Zone, a.Reason)
	}
	s.m.Left[pool("", "c")] = noon.Add(time.Hour)
	if a := s.at(t, 1); a.Zone != "a" || len(a.Types) != len(s.p.Task)-1 {
		t.Errorf("launch in zone %s with %d types; want a, without the one that it does not have", a.Zone, len(a.Types))
	}
	s.m = Memory{}
	if a := s.at(t, 60); a.Zone != "a" || len(a.Types) != len(s.p.Task) {
		t.Errorf("launch in zone %s with %d types; want a with all", a.Zone, len(a.Types))
	}
}

func TestIdle(t *testing.T) {
	s := story{p: policy(t, "{idle: 10m}")}
	c := running(0, 0, 0, 0)
	c.Work, c.IdleSince = 0, noon
	s.w = World{Cluster: c}
	s.want(t, 9, "", 0, 0, "")
	s.want(t, 10, End, 0, 0, "no work for 10m")
	s.p = policy(t, "{mode: persistent, idle: 10m, min: 32, core: 16}")
	s.want(t, 20, Resize, 0, 16, "there is no work")
}

func TestBudgets(t *testing.T) {
	s := story{p: policy(t, "{size: large, budget: {hour: 20, month: 1000}}")}
	s.w = World{Jobs: job, Cluster: running(0, 0, 0, 0)}
	a := s.at(t, 0)
	worst := s.p.base() + float64(a.Spot+units(s.p.Task)-1)*dearest(s.p.Task, spotOf)
	if a.Do != Resize || worst > 20 || worst < 18 {
		t.Errorf("%+v costs up to $%.2f: want close to $20, and not more", a, worst)
	}
	s.w.Cluster.RateUSD, s.w.MonthUSD = 18, 999
	s.want(t, 1, End, 0, 0, "the budget of the month, $1000, is spent: $999.00")
	s.w.Cluster = nil
	s.want(t, 2, Wait, 0, 0, "does not pay for another hour: $999.00 are spent")
	s.want(t, 3, "", 0, 0, "") // it is said once
	s.w.MonthUSD = 0
	if a := s.at(t, 4); a.Do != Launch {
		t.Errorf("%+v: want a launch in the next month", a)
	}
}

// TestRising: where prices rise, what runs is cut to fit the budget again.
func TestRising(t *testing.T) {
	s := story{p: policy(t, "{size: large, budget: {hour: 20}}")}
	s.w = World{Jobs: job, Cluster: running(0, 0, 0, 0), Prices: map[string]float64{}}
	spot := s.at(t, 0).Spot
	s.w.Cluster.Spot = spot
	for _, by := range []struct {
		level float64
		cut   bool
	}{{1.01, false}, {1.3, true}} {
		for _, typ := range s.p.Task {
			s.w.Prices[typ.Name] = (typ.Spot - typ.Fixed) * by.level
		}
		if a := s.at(t, 1); (a.Do == Resize && a.Spot < spot) != by.cut {
			t.Errorf("prices are %g of what they were: %+v; want a cut: %v", by.level, a, by.cut)
		}
	}
}
