package emr_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/emr"
	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// world is a region, a lake, and who keeps the fleet of the lake there.
type world struct {
	*region
	lake  store.Store
	runs  *emr.Clusters
	keeps *emr.Fleet
	log   []string
}

func newWorld(t *testing.T, fleetText string) *world {
	t.Helper()
	l, err := spec.Parse("lakehouse.yaml", []byte("lakehouse: shop\nfleet: "+fleetText+"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := price.Of("us-east-1")
	p, _, err := fleet.New(&l.Fleet, "us-east-1", []string{"us-east-1a", "us-east-1b", "us-east-1c"}, list)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{region: &region{t: t, now: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), policy: p, spot: 1 << 20, onDemand: 1 << 20, takes: 3}, lake: store.NewMem()}
	w.open(w.serve())
	return w
}

// open begins to keep the fleet, as a process that starts does.
func (w *world) open(endpoint string) {
	cfg := servers.AWS(w.t, endpoint)
	w.runs = emr.NewClusters(cfg, options(w.lake))
	at := fleet.Place{Name: "shop-prod-spark", Subnets: []string{"subnet-a", "subnet-b", "subnet-c"}, ServiceRole: "r", InstanceProfile: "p", PrimaryGroup: "g", CoreGroup: "g", ServiceGroup: "g", LogURI: "s3://l/"}
	w.keeps = emr.NewFleet(w.runs, w.policy, at, awsx.OpenQueue(cfg, endpoint+"/queue", "us-east-1"))
	w.keeps.Now = w.time
}

// locked does something to the region while it answers nobody.
func (w *world) locked(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *world) time() (now time.Time) {
	w.locked(func() { now = w.now })
	return now
}

// pass lets time pass, and keeps the fleet every half minute. Errors are what AWS said: they must pass, too.
func (w *world) pass(d time.Duration) {
	for end := w.time().Add(d); w.time().Before(end); w.locked(func() { w.now = w.now.Add(30 * time.Second) }) {
		actions, err := w.keeps.Keep(w.t.Context())
		for _, a := range actions {
			w.log = append(w.log, fmt.Sprintf("%s %s", a.Do, a.Reason))
		}
		if err != nil {
			w.log = append(w.log, "error "+err.Error())
		}
	}
}

// said asks for a line of the log, and forgets what came before.
func (w *world) said(what string) {
	w.t.Helper()
	i := slices.IndexFunc(w.log, func(line string) bool { return strings.Contains(line, what) })
	if i < 0 {
		w.t.Errorf("nothing says %q in:\n%s", what, strings.Join(w.log, "\n"))
		return
	}
	w.log = w.log[i+1:]
}

func (w *world) poll(handle string, want job.Phase) {
	w.t.Helper()
	if got, err := w.runs.Poll(w.t.Context(), handle); err != nil || got.Phase != want {
		w.t.Errorf("poll: got %+v, %v, want %s", got, err, want)
	}
}

func (w *world) state() (s fleet.Record) {
	body, err := w.lake.Get(w.t.Context(), fleet.RecordKey, 0, -1)
	if err != nil {
		w.t.Fatal(err)
	}
	defer body.Close()
	if err := json.NewDecoder(body).Decode(&s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

const small = "{max: 64, core: 8, min: 16, types: [r7g.xlarge, r6g.xlarge, r8g.xlarge], patience: 5m, idle: 10m, cooldown: 20m}"

// TestFleet promises the life of a fleet: a cluster for what is due, Spot that does not come replaced and
// tried again, a lost cluster replaced in another zone, an end when nothing is left to do.
func TestFleet(t *testing.T) {
	w := newWorld(t, small)
	w.pass(time.Minute)
	if len(w.clusters) != 0 {
		t.Fatal("a cluster was made for nothing")
	}
	handle, err := w.runs.Submit(t.Context(), attempt)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.runs.Submit(t.Context(), attempt); err != nil || again != handle {
		t.Fatalf("submitted again: %q, %v, want %q", again, err, handle)
	}
	w.poll(handle, job.Active)
	w.locked(func() { w.spot = 20 })
	w.pass(4 * time.Minute)
	w.said("launch night/7 is due")
	w.said("submit it is due")
	w.said("resize there is work")
	if s := w.state(); s.Cluster != "j-1" || s.Zone != "us-east-1a" || s.Jobs != 1 || s.Spot != 20 || s.RateUSD <= 0 {
		t.Errorf("state: %+v", s)
	}
	w.pass(5 * time.Minute)
	w.said("units of Spot did not come within 5m")
	w.pass(time.Minute)
	if s := w.state(); s.OnDemand == 0 || s.OnDemand+s.Spot+8 > 64 {
		t.Errorf("%d on demand, %d Spot: want what is missing, within 64", s.OnDemand, s.Spot)
	}
	w.locked(func() { w.spot = 1 << 20 })
	w.pass(time.Hour)
	w.said("Spot is tried again")
	w.pass(2 * time.Hour)
	if s := w.state(); s.OnDemand != 0 || s.Spot < 48 {
		t.Errorf("%d on demand, %d Spot: want all of it back on Spot", s.OnDemand, s.Spot)
	}
	w.locked(func() { w.end(w.clusters[0], "TERMINATED_WITH_ERRORS") })
	w.poll(handle, job.Gone)
	w.pass(time.Minute)
	second := attempt
	second.ID, second.Done = "night-7-2", 3
	if handle, err = w.runs.Submit(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	w.pass(5 * time.Minute)
	w.said("launch night/7 is due; zone us-east-1b")
	w.said("it goes on behind step 3")
	w.poll(handle, job.Active)
	w.locked(func() { w.clusters[1].steps[0].state = "COMPLETED" })
	w.poll(handle, job.Over)
	w.pass(12 * time.Minute)
	w.said("end no work for 10m")
	if n := len(w.alive()); n != 0 {
		t.Errorf("%d clusters are left", n)
	}
	s := w.state()
	if s.Cluster != "" || s.RateUSD != 0 || s.USD <= 0 || len(s.Log) == 0 {
		t.Errorf("state: %+v", s)
	}
	for _, c := range w.clusters {
		if len(c.steps) != 1 || c.steps[0].role != "arn:aws:iam::123456789012:role/job" {
			t.Errorf("cluster %s had the steps %v, want one, as the role of the job", c.id, c.steps)
		}
	}
}

// TestScaledByLoad promises that what managed scaling asks for is left to it.
func TestScaledByLoad(t *testing.T) {
	w := newWorld(t, small)
	if _, err := w.runs.Submit(t.Context(), attempt); err != nil {
		t.Fatal(err)
	}
	w.locked(func() { w.load = 32 })
	w.pass(30 * time.Minute)
	if s := w.state(); s.Spot != 24 || s.TargetSpot != 24 || s.WantSpot < 48 {
		t.Errorf("%d of %d Spot, limit %d: want 24 of 24, and all as the limit", s.Spot, s.TargetSpot, s.WantSpot)
	}
	if text := strings.Join(w.log, "\n"); strings.Contains(text, "did not come") || strings.Count(text, "resize") != 1 {
		t.Errorf("log:\n%s", text)
	}
}

// TestReclaim promises that interruptions of machines of the cluster are heard, and no others.
func TestReclaim(t *testing.T) {
	w := newWorld(t, small)
	if _, err := w.runs.Submit(t.Context(), attempt); err != nil {
		t.Fatal(err)
	}
	w.pass(10 * time.Minute)
	w.log = nil
	warning := func(id string) string {
		return fmt.Sprintf(`{"source":"aws.ec2","detail-type":"EC2 Spot Instance Interruption Warning","detail":{"instance-id":%q,"instance-action":"terminate"}}`, id)
	}
	w.locked(func() { w.queue = []string{warning("i-of-somebody-else"), "not JSON"} })
	for have := 0; have < 48; have += 4 {
		w.locked(func() { w.queue = append(w.queue, warning(fmt.Sprintf("i-j-1-TASK-SPOT-%d", have))) })
	}
	w.locked(func() { w.spot = 4 })
	w.pass(2 * time.Minute)
	w.said("units of Spot were reclaimed within 10m")
	if left := w.state().Memory.Left; len(left) != 1 {
		t.Errorf("left alone: %v, want the type that was reclaimed", left)
	}
	if len(w.queue) != 0 {
		t.Errorf("%d messages are left", len(w.queue))
	}
}

// TestCancelled promises that a cancelled attempt is not placed, and that one that is placed is cancelled.
func TestCancelled(t *testing.T) {
	w := newWorld(t, small)
	early, err := w.runs.Submit(t.Context(), attempt)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.runs.Cancel(t.Context(), early); err != nil {
		t.Fatal(err)
	}
	w.poll(early, job.Over)
	w.pass(5 * time.Minute)
	if len(w.clusters) != 0 {
		t.Error("a cluster was made for what was cancelled")
	}
	late := attempt
	late.ID = "night-8-1"
	handle, err := w.runs.Submit(t.Context(), late)
	if err != nil {
		t.Fatal(err)
	}
	w.pass(5 * time.Minute)
	if err := w.runs.Cancel(t.Context(), handle); err != nil {
		t.Fatal(err)
	}
	w.poll(handle, job.Over)
	if s := w.clusters[0].steps[0].state; s != "CANCELLED" {
		t.Errorf("step: %s", s)
	}
}

// TestFleetSweep mistreats each call in turn, and restarts who keeps the fleet in the middle: there is never
// more than one cluster, an attempt is one step, the attempt ends, and nothing is left that costs.
func TestFleetSweep(t *testing.T) {
	for i, how := range []string{"throttled", "cut", "lost", "no capacity"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			// The first dozen calls make the cluster and place the attempt; later ones are the same looks again
			// and again, of which one in a hundred is as good as all. With -short each way has other calls.
			dense, sparse := sweep.Of(5, 1, 1), sweep.Of(400, 101, 1)
			hurt := 1
			if testing.Short() {
				hurt += i
			}
			for {
				calls := fleetHurt(t, how, hurt)
				if t.Failed() || hurt > calls {
					return
				}
				if hurt += dense; hurt > 13 {
					hurt += sparse - 1
				}
			}
		})
	}
}

// fleetHurt mistreats one call, and returns how many there were.
func fleetHurt(t *testing.T, how string, hurt int) (calls int) {
	w := newWorld(t, small)
	w.how, w.hurt, w.spot = how, hurt, 20
	endpoint := w.serve()
	w.open(endpoint)
	handle, err := w.runs.Submit(t.Context(), attempt)
	if err != nil {
		t.Fatal(err)
	}
	most := 0
	for range 60 {
		w.pass(30 * time.Second)
		again := false
		w.locked(func() { most, again = max(most, len(w.alive())), w.calls%7 == 0 })
		if again {
			w.open(endpoint)
		}
	}
	steps := 0
	w.locked(func() {
		for _, c := range w.clusters {
			steps += len(c.steps)
			for _, s := range c.steps {
				s.state = "COMPLETED"
			}
		}
	})
	if most != 1 || steps != 1 {
		t.Errorf("%s at call %d: %d clusters at once and %d steps, want one and one\n%s", how, hurt, most, steps, strings.Join(w.log, "\n"))
	}
	if got, err := w.runs.Poll(context.Background(), handle); err == nil && got.Phase != job.Over {
		t.Errorf("%s at call %d: %+v", how, hurt, got)
	}
	w.pass(15 * time.Minute)
	left := 0
	w.locked(func() { left, calls = len(w.alive()), w.calls })
	if left != 0 {
		t.Errorf("%s at call %d: %d clusters are left\n%s", how, hurt, left, strings.Join(w.log, "\n"))
	}
	return calls
}

// TestFleetOnMoto promises that the requests for a cluster and its end are ones that a server of EMR takes.
func TestFleetOnMoto(t *testing.T) {
	w := newWorld(t, small)
	w.open(servers.Moto(t).Endpoint)
	if err := w.keeps.Act(t.Context(), fleet.Action{Do: fleet.Launch, Zone: "us-east-1b", Spot: 8, Types: []string{"r7g.xlarge", "r6g.xlarge"}}); err != nil {
		t.Fatal(err)
	}
	s := w.state()
	if s.Cluster == "" || s.Starting != "" || s.WantSpot != 8 {
		t.Fatalf("state: %+v, want a cluster", s)
	}
	if err := w.keeps.Act(t.Context(), fleet.Action{Do: fleet.End, Cluster: s.Cluster}); err != nil {
		t.Error(err)
	}
}
