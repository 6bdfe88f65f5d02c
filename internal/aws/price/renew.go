package price

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Spot is what Renew asks for besides offers: the data of the Spot Advisor of AWS.
const Spot = "spot-advisor-data.json"

// Renewal is what a list became.
type Renewal struct {
	Changes []Change
	Kept    []string // rates that no offer told: they are as they were, of their old date
	New     int      // instance types that were not known
	Gone    int      // and those that are not offered any more
}

// Change is a price that is another than it was.
type Change struct {
	Name   string  `json:"name"` // of a rate, or an instance type
	Before float64 `json:"before"`
	After  float64 `json:"after"`
}

// Unlikely says that a price became ten times what it was, or a tenth.
func (c Change) Unlikely() bool {
	return c.Before > 0 && (c.After >= 10*c.Before || c.After*10 <= c.Before)
}

// leastRegion is how many instance types a region has at least.
const leastRegion = 50

// Renew makes a list anew from the offer files of the AWS Price List for a region (in CSV, by the code of the
// offer: AmazonEC2) and the data of the Spot Advisor (Spot), as open finds them. An offer that open says is not
// there (fs.ErrNotExist) leaves its rates as they were; that of EC2 must be there. Today is the date of what has none
// of its own: 2026-11-27.
func Renew(old *List, region, today string, open func(name string) (io.ReadCloser, error)) (*List, *Renewal, error) {
	n := &renewing{
		old: old, today: today, found: map[string]float64{}, dates: map[string]string{},
		l: &List{Region: region, sources: map[string]Source{}, rates: map[string]Rate{}, instances: map[string]Instance{}},
	}
	offers := map[string]bool{offerEC2: true, offerEMR: true}
	for _, r := range rates {
		offers[r.offer] = true
	}
	for _, offer := range slices.Sorted(maps.Keys(offers)) {
		if err := n.offer(offer, open); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", offer, err)
		}
	}
	if len(n.l.instances) < leastRegion {
		return nil, nil, fmt.Errorf("%s: it has %d instance types, fewer than any region: it is cut off, or that of another region", offerEC2, len(n.l.instances))
	}
	if err := n.spot(open); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", Spot, err)
	}
	n.assemble()
	return n.l, n.compare(), nil
}

// renewing is a list that is being made.
type renewing struct {
	old, l *List
	found  map[string]float64
	dates  map[string]string // of the offers, by their codes
	emr    map[string]bool
	kept   []string

	today   string
	renewed bool // what is known of Spot
}

func (n *renewing) offer(name string, open func(string) (io.ReadCloser, error)) error {
	body, err := open(name)
	if isMissing(err) && name != offerEC2 {
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	published, err := readOffer(body, func(i item) { n.item(name, i) })
	if err != nil {
		return err
	}
	n.dates[name] = published
	return nil
}

func (n *renewing) item(offer string, i item) {
	if offer == offerEMR {
		if name, ok := strings.CutPrefix(i.usage, "BoxUsage:"); ok {
			if n.emr == nil {
				n.emr = map[string]bool{}
			}
			n.emr[name] = true
		}
		return
	}
	if offer == offerEC2 && i.instance != "" && i.usd > 0 {
		before, known := n.old.Instance(i.instance)
		one := Instance{Type: i.instance, VCPU: i.vcpu, Memory: i.memory, OnDemand: i.usd}
		if known {
			one.EMR, one.Saving, one.Band = before.EMR, before.Saving, before.Band
		}
		n.l.instances[i.instance] = one
		return
	}
	for _, r := range rates {
		if r.offer == offer && r.usage == i.usage && r.from == i.from {
			if r.per > 0 && i.unit != "" && !strings.HasPrefix(i.unit, "GiBps") {
				continue
			}
			n.found[r.rate] = i.usd / max(r.per, 1)
		}
	}
}

// advisor is the data of the Spot Advisor.
type advisor struct {
	Ranges []struct {
		Index int    `json:"index"`
		Label string `json:"label"`
	} `json:"ranges"`
	Types map[string]struct {
		EMR   bool    `json:"emr"`
		Cores int     `json:"cores"`
		RAM   float64 `json:"ram_gb"`
	} `json:"instance_types"`
	Advice map[string]map[string]map[string]struct {
		Saving float64 `json:"s"`
		Range  int     `json:"r"`
	} `json:"spot_advisor"`
}

// spot takes savings and bands. Without the data they stay as they were.
func (n *renewing) spot(open func(string) (io.ReadCloser, error)) error {
	body, err := open(Spot)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	var a advisor
	if err := json.NewDecoder(body).Decode(&a); err != nil {
		return err
	}
	bands := map[int]Band{}
	for _, r := range a.Ranges {
		if bands[r.Index], err = parseBand(r.Label); err != nil {
			return err
		}
	}
	here := a.Advice[n.l.Region]["Linux"]
	if len(here) == 0 {
		return fmt.Errorf("it says nothing of Linux in %s", n.l.Region)
	}
	for name, i := range n.l.instances {
		i.Saving, i.Band = 0, BandUnknown
		if s, ok := here[name]; ok && s.Saving >= 0 && s.Saving < 100 {
			i.Saving, i.Band = s.Saving/100, bands[s.Range]
		}
		i.EMR = a.Types[name].EMR
		n.l.instances[name] = i
	}
	n.renewed = true
	return nil
}

// assemble makes the new list of what was found, and of the old one.
func (n *renewing) assemble() {
	l, old := n.l, n.old
	latest := ""
	for _, date := range n.dates {
		latest = max(latest, date)
	}
	offers := Source{Name: "offers", Date: latest, Text: "AWS Price List, offer files of " + l.Region}
	l.sources["offers"] = offers
	l.sources["ondemand"] = Source{Name: "ondemand", Date: n.dates[offerEC2], Text: "AWS Price List, offer file AmazonEC2 of " + l.Region}
	if n.renewed {
		l.sources["spot"] = Source{Name: "spot", Date: n.today, Text: "AWS Spot Advisor: EMR, Spot savings, bands of interruption"}
	} else if s, ok := old.sources["spot"]; ok {
		l.sources["spot"] = s
	}
	for _, name := range Names {
		r := old.rates[name]
		if usd, ok := n.found[name]; ok {
			r.USD, r.Source = usd, offers
		} else {
			n.kept = append(n.kept, name)
			l.sources[r.Source.Name] = r.Source
		}
		l.rates[name] = r
	}
	for name, i := range l.instances {
		if n.emr != nil {
			i.EMR = n.emr[name]
		}
		l.instances[name] = i
	}
	for _, name := range slices.Sorted(maps.Keys(l.instances)) {
		l.inOrder = append(l.inOrder, l.instances[name])
	}
}

func (n *renewing) compare() *Renewal {
	out := &Renewal{Kept: n.kept}
	for _, name := range Names {
		if before, after := n.old.rates[name].USD, n.l.rates[name].USD; number(before) != number(after) {
			out.Changes = append(out.Changes, Change{name, before, after})
		}
	}
	for _, i := range n.l.inOrder {
		before, known := n.old.instances[i.Type]
		switch {
		case !known:
			out.New++
		case number(before.OnDemand) != number(i.OnDemand):
			out.Changes = append(out.Changes, Change{i.Type, before.OnDemand, i.OnDemand})
		}
	}
	for name := range n.old.instances {
		if _, ok := n.l.instances[name]; !ok {
			out.Gone++
		}
	}
	return out
}

func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
