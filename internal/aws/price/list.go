package price

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

//go:embed us-east-1.txt
var embedded string

// Home is the region whose prices petalake brings along.
const Home = "us-east-1"

// List is the prices of a region. It is not changed once it is made.
type List struct {
	Region    string
	sources   map[string]Source
	rates     map[string]Rate
	instances map[string]Instance
	inOrder   []Instance // by name
}

// Of is the list that petalake brings along. It is near where the region is another than Home: prices
// are then those of Home.
func Of(region string) (l *List, near bool) {
	l, err := Parse(strings.NewReader(embedded))
	if err != nil {
		panic("price: " + err.Error()) // a test reads the same text
	}
	return l, region != l.Region
}

// Rate is what a unit of something costs; false where that is not known.
func (l *List) Rate(name string) (Rate, bool) {
	r, ok := l.rates[name]
	return r, ok
}

// USD is what a unit of something costs, or an hour of an instance on demand.
func (l *List) USD(name string) (float64, bool) {
	if i, ok := l.instances[name]; ok {
		return i.OnDemand, true
	}
	r, ok := l.rates[name]
	return r.USD, ok
}

// Must is the rate of one of Names, which every list has.
func (l *List) Must(name string) float64 {
	r, ok := l.rates[name]
	if !ok {
		panic("price: no rate " + name)
	}
	return r.USD
}

// Instance is a type of EC2 instance; false where its price is not known.
func (l *List) Instance(name string) (Instance, bool) {
	i, ok := l.instances[name]
	return i, ok
}

// Instances are all types, by name. They are not to be changed.
func (l *List) Instances() []Instance { return l.inOrder }

// Sources are where the prices are from, by name: "ondemand" for those of instances, "spot" for what is
// known of Spot, and those of the rates.
func (l *List) Sources() []Source {
	all := make([]Source, 0, len(l.sources))
	for _, name := range slices.Sorted(maps.Keys(l.sources)) {
		all = append(all, l.sources[name])
	}
	return all
}

// Uplift is what EMR takes for an hour of an instance, besides its price, on demand or Spot.
func (l *List) Uplift(i Instance) float64 {
	return min(l.Must(UpliftShare)*i.OnDemand, l.Must(UpliftMost))
}

// Objects is what a number of GB in S3 cost a month, in the tiers of S3 Standard.
func (l *List) Objects(gb float64) float64 {
	const tier1, tier2 = 50 * 1024, 500 * 1024 // GB
	return l.Must(ObjectGBMonth)*min(gb, tier1) +
		l.Must(ObjectTier2GBMonth)*max(0, min(gb, tier2)-tier1) +
		l.Must(ObjectTier3GBMonth)*max(0, gb-tier2)
}

// Parse reads a list: lines of
//
//	region NAME
//	source NAME DATE TEXT
//	rate NAME USD SOURCE UNIT
//	type NAME VCPU GIB USD emr|- SAVING BAND
//
// with # before remarks. A list has all rates of Names.
func Parse(r io.Reader) (*List, error) {
	l := &List{sources: map[string]Source{}, rates: map[string]Rate{}, instances: map[string]Instance{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := l.line(strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if l.Region == "" {
		return nil, fmt.Errorf("no region in the list of prices")
	}
	for _, name := range Names {
		if _, ok := l.rates[name]; !ok {
			return nil, fmt.Errorf("no rate %s in the list of prices", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.instances)) {
		l.inOrder = append(l.inOrder, l.instances[name])
	}
	return l, nil
}

func (l *List) line(w []string) error {
	least := map[string]int{"region": 2, "source": 4, "rate": 5, "type": 8}[w[0]]
	switch {
	case least == 0:
		return fmt.Errorf("want region, source, rate or type, not %q", w[0])
	case len(w) < least:
		return fmt.Errorf("%s: %d words, want %d", w[0], len(w), least)
	}
	switch w[0] {
	case "region":
		l.Region = w[1]
	case "source":
		l.sources[w[1]] = Source{Name: w[1], Date: w[2], Text: strings.Join(w[3:], " ")}
	case "rate":
		usd, err := amount(w[2])
		source, ok := l.sources[w[3]]
		if err != nil || !ok {
			return fmt.Errorf("rate %s: want a price and the name of a source", w[1])
		}
		l.rates[w[1]] = Rate{Name: w[1], USD: usd, Source: source, Unit: strings.Join(w[4:], " ")}
	case "type":
		return l.instance(w)
	}
	return nil
}

func (l *List) instance(w []string) error {
	i := Instance{Type: w[1], EMR: w[5] == "emr"}
	var errs [5]error
	i.VCPU, errs[0] = strconv.Atoi(w[2])
	i.Memory, errs[1] = amount(w[3])
	i.OnDemand, errs[2] = amount(w[4])
	saving, err := amount(w[6])
	i.Saving, errs[3] = saving/100, err
	i.Band, errs[4] = parseBand(w[7])
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("type %s: %w", w[1], err)
		}
	}
	if i.VCPU < 0 || i.OnDemand <= 0 || i.Saving >= 1 {
		return fmt.Errorf("type %s: want a price above 0 and a saving below 100", w[1])
	}
	l.instances[i.Type] = i
	return nil
}

// amount is a number that is not negative.
func amount(text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err == nil && !(n >= 0 && n < 1e9) {
		err = fmt.Errorf("%q is no amount", text)
	}
	return n, err
}

// WriteTo implements io.WriterTo: it writes what Parse reads.
func (l *List) WriteTo(to io.Writer) (int64, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# Prices of AWS, as petalake reads them.\nregion %s\n", l.Region)
	for _, s := range l.Sources() {
		fmt.Fprintf(&b, "source %s %s %s\n", s.Name, s.Date, s.Text)
	}
	b.WriteString("# rate NAME USD SOURCE UNIT\n")
	for _, name := range Names {
		r := l.rates[name]
		fmt.Fprintf(&b, "rate %s %s %s %s\n", name, number(r.USD), r.Source.Name, r.Unit)
	}
	b.WriteString("# type NAME VCPU GIB USD-AN-HOUR EMR SPOT-SAVING-% INTERRUPTED-IN-A-MONTH\n")
	for _, i := range l.Instances() {
		emr := "-"
		if i.EMR {
			emr = "emr"
		}
		fmt.Fprintf(&b, "type %s %d %s %s %s %s %s\n", i.Type, i.VCPU, number(i.Memory), number(i.OnDemand), emr, number(100*i.Saving), i.Band)
	}
	n, err := io.WriteString(to, b.String())
	return int64(n), err
}

// number writes an amount without an exponent, in nine digits at most.
func number(n float64) string {
	text := strconv.FormatFloat(n, 'f', 9, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
