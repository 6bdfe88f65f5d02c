package forecast_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"

	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/forecast"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

const day = 24 * time.Hour

func policy(t *testing.T, text string) (*fleet.Policy, *price.List) {
	t.Helper()
	l, err := spec.Parse("lakehouse.yaml", []byte("lakehouse: a\nfleet: "+text+"\n"), fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	list, _ := price.Of(price.Home)
	p, _, err := fleet.New(&l.Fleet, price.Home, []string{"a", "b", "c"}, list)
	if err != nil {
		t.Fatal(err)
	}
	return p, list
}

// TestStoredPetabyte: at most a petabyte that is there costs what AWS lists for one in S3 Standard, with half
// as much again for versions and the fee for watching its objects.
func TestStoredPetabyte(t *testing.T) {
	p, list := policy(t, "{}")
	line := forecast.Lines(forecast.Usage{Stored: 1 << 50, Rate: 11e6}, p, list)[0]
	want := list.Objects(1.5*(1<<20)) + 1.5*(1<<50)/(128<<20)*list.Must(price.ObjectWatchMonth)
	if math.Abs(line.USD.High-want) > 1 {
		t.Errorf("at most $%.0f, want $%.0f", line.USD.High, want)
	}
	if archived := float64(1<<20)*0.004 + float64(1<<23)*2.5e-6; math.Abs(line.USD.Low-archived) > 1 {
		t.Errorf("at the least $%.0f, want $%.0f: all of it archived", line.USD.Low, archived)
	}
}

// TestStreams: a stream on demand, by the prices of the list.
func TestStreams(t *testing.T) {
	p, list := policy(t, "{}")
	for _, line := range forecast.Lines(forecast.Usage{Daily: 100 << 30, Stream: 100 << 30, Keep: day, Rate: 11e6}, p, list) {
		if want := 0.04*730 + 100*30.4*0.12; line.What == "streams" && math.Abs(line.USD.Likely-want) > 0.01 {
			t.Errorf("100 GiB a day cost $%.2f, want $%.2f", line.USD.Likely, want)
		}
	}
}

// TestOrder promises that the least is the least, and that more of anything is never cheaper.
func TestOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, text := range []string{"{}", "{size: 2xlarge, max_on_demand: 1024}", "{spot: 0%}", "{spot: 40%, workload: compute}", "serverless"} {
		var p *fleet.Policy
		list, _ := price.Of(price.Home)
		if text != "serverless" {
			p, list = policy(t, text)
		}
		for range 300 {
			u := forecast.Usage{Daily: r.Float64() * 1e13, Keep: time.Duration(r.IntN(1000)) * day, Stored: r.Float64() * 1e15, Tables: r.IntN(100), Scanned: r.Float64() * 1e14, OnSpark: r.IntN(2) == 0, Rate: 11e6}
			u.Stream = u.Daily * r.Float64()
			u.Jobs = []forecast.Job{{Name: "j", Bytes: r.Float64() * 1e15, Runs: 30}}
			before := forecast.Sum(forecast.Lines(u, p, list))
			for _, line := range forecast.Lines(u, p, list) {
				if x := line.USD; x.Low < 0 || x.Low > x.Likely*1.0001 || x.Likely > x.High*1.0001 {
					t.Errorf("%s: %s costs %+v", text, line.What, x)
				}
			}
			more := u
			switch r.IntN(4) {
			case 0:
				more.Daily *= 2
			case 1:
				more.Stored *= 2
			case 2:
				more.Scanned *= 2
			default:
				more.Jobs = append(more.Jobs, u.Jobs[0])
			}
			if after := forecast.Sum(forecast.Lines(more, p, list)); after.Low < before.Low || after.Likely < before.Likely || after.High < before.High {
				t.Errorf("%s: %+v costs %+v, and %+v only %+v", text, u, before, more, after)
			}
		}
	}
}

// TestRehearsed holds the estimate of a job against months of it on the simulated cloud.
func TestRehearsed(t *testing.T) {
	for _, text := range []string{"{size: xlarge}", "{size: 2xlarge}", "{size: xlarge, spot: 0%}", "{size: large, workload: compute}"} {
		p, list := policy(t, text)
		const weeks = 8
		bytes := 1.2e15 * float64(p.Max) / 4096
		w := forecast.Work{Name: "nightly", Bytes: bytes, Rate: 11e6, Steps: 12, Shuffle: 0.5}
		for d := range 7 {
			w.Due = append(w.Due, time.Duration(d)*day+time.Hour)
		}
		var low, high, sum float64
		for seed := range uint64(weeks) {
			r := forecast.Rehearse(forecast.Scenario{Policy: p, Work: []forecast.Work{w}, Start: time.Unix(0, 0).UTC(), Span: 7 * day, Seed: seed, Model: forecast.Usual})
			sum += r.USD
			if low == 0 || r.USD < low {
				low = r.USD
			}
			high = max(high, r.USD)
		}
		got := forecast.Lines(forecast.Usage{Rate: 11e6, Jobs: []forecast.Job{{Name: "nightly", Bytes: bytes, Runs: 7}}}, p, list)[2].USD
		mean := sum / weeks
		t.Logf("%s: $%.0f in a rehearsed week ($%.0f to $%.0f), estimated %.0f, %.0f, %.0f", text, mean, low, high, got.Low, got.Likely, got.High)
		if math.Abs(got.Likely/mean-1) > 0.25 || low < got.Low*0.95 || high > got.High {
			t.Errorf("%s: $%.0f in a rehearsed week ($%.0f to $%.0f), estimated %.0f, %.0f, %.0f", text, mean, low, high, got.Low, got.Likely, got.High)
		}
	}
}
