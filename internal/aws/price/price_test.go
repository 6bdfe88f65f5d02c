package price_test

import (
	"math"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/aws/price"
)

// TestAnchors holds the table against figures that others published or computed.
func TestAnchors(t *testing.T) {
	l, near := price.Of(price.Home)
	if near || l.Region != "us-east-1" {
		t.Fatalf("Of(%s): region %s, near %v", price.Home, l.Region, near)
	}
	if _, near := price.Of("eu-central-1"); !near {
		t.Error("Of(eu-central-1) claims to have the prices of eu-central-1")
	}
	m5, _ := l.Instance("m5.xlarge")
	r5, _ := l.Instance("r5.4xlarge")
	large, _ := l.Instance("m5.24xlarge")
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"a petabyte in S3 Standard, a month", l.Objects(1 << 20), 22_583},
		{"EMR on m5.xlarge (aws-emr-best-practices)", l.Uplift(m5), 0.048},
		{"EMR on r5.4xlarge (aws-emr-best-practices)", l.Uplift(r5), 0.252},
		{"EMR on m5.24xlarge, capped", l.Uplift(large), 0.27},
		{"m5.xlarge, an hour", m5.OnDemand, 0.192},
	} {
		if math.Abs(c.got-c.want) > 0.001*c.want {
			t.Errorf("%s: $%.4f, want $%.4f", c.what, c.got, c.want)
		}
	}
}

func TestInstances(t *testing.T) {
	l, _ := price.Of(price.Home)
	all := l.Instances()
	if len(all) != 937 {
		t.Errorf("%d types, want 937", len(all))
	}
	i, ok := l.Instance("m7g.4xlarge")
	if !ok || i.VCPU != 16 || i.Memory != 64 || !i.EMR || !i.Graviton() || i.Family() != "m7g" || i.Generation() != 7 || i.Band != price.Band10 {
		t.Errorf("m7g.4xlarge: %+v", i)
	}
	for name, want := range map[string]bool{"c7gn.large": true, "i8g.xlarge": true, "r6gd.xlarge": true, "m7i.large": false, "c6id.large": false} {
		if i, ok := l.Instance(name); !ok || i.Graviton() != want {
			t.Errorf("%s: Graviton %v, want %v", name, i.Graviton(), want)
		}
	}
	for _, i := range all {
		if spot := i.Spot(); spot <= 0 || spot > i.OnDemand {
			t.Errorf("%s: $%g on Spot, $%g on demand", i.Type, spot, i.OnDemand)
		}
		if low, high := i.Band.Bounds(); low < 0 || high <= low || high > 1 {
			t.Errorf("%s: between %g and %g are reclaimed in a month", i.Type, low, high)
		}
	}
}

// TestRates promises that every rate says what is counted, where it is from and of when.
func TestRates(t *testing.T) {
	l, _ := price.Of(price.Home)
	for _, name := range price.Names {
		r, ok := l.Rate(name)
		if !ok || r.USD <= 0 || r.Unit == "" || r.Source.Text == "" || len(r.Source.Date) != len("2026-07-20") {
			t.Errorf("rate %s: %+v", name, r)
		}
	}
	if usd, ok := l.USD("m7g.xlarge"); !ok || usd != 0.1632 {
		t.Errorf("USD(m7g.xlarge): %g, %v", usd, ok)
	}
	if _, ok := l.USD("m7g.huge"); ok {
		t.Error("USD knows m7g.huge")
	}
}

// TestRoundTrip promises that what is written is read again, all of it.
func TestRoundTrip(t *testing.T) {
	l, _ := price.Of(price.Home)
	var first, second strings.Builder
	if _, err := l.WriteTo(&first); err != nil {
		t.Fatal(err)
	}
	again, err := price.Parse(strings.NewReader(first.String()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.WriteTo(&second); err != nil || first.String() != second.String() {
		t.Errorf("a list that is written, read and written again differs (%v)", err)
	}
	a, _ := l.Instance("r7g.2xlarge")
	if b, _ := again.Instance("r7g.2xlarge"); a != b {
		t.Errorf("r7g.2xlarge: %+v, want %+v", b, a)
	}
}

func TestRange(t *testing.T) {
	got := price.Always(2).Times(10).Add(price.Range{Low: 1, Likely: 2, High: 3})
	if want := (price.Range{Low: 21, Likely: 22, High: 23}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestBadLists(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "no region",
		"region x":                       "no rate s3.gb.month",
		"price 1":                        "line 1: want region",
		"region x\ntype m7g.large 2":     "line 2: type: 3 words",
		"rate s3.put .1 nobody a b":      "name of a source",
		"type a.b 2 4 0 emr 1 <5%":       "above 0",
		"type a.b 2 4 NaN emr 1 <5%":     "no amount",
		"type a.b 2 4 1 emr 1 1%":        "no band",
		"type a.b 2 4 1 emr 100 <5%":     "below 100",
		"type a.b two 4 1 emr 10 <5%":    "invalid syntax",
		"type a.b 2 4 -1 emr 10 <5%":     "no amount",
		"source aws 2026-01-01":          "source: 3 words",
		"# remarks\n\nregion x\nsource ": "line 4",
	} {
		if _, err := price.Parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	l, _ := price.Of(price.Home)
	var text strings.Builder
	_, _ = l.WriteTo(&text)
	f.Add(text.String()[:6000])
	f.Add("type a.b 2 4 1 emr 10 <5%")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := price.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		var b strings.Builder
		_, _ = l.WriteTo(&b)
		if _, err := price.Parse(strings.NewReader(b.String())); err != nil {
			t.Errorf("what was written of a list is not read: %v", err)
		}
	})
}
