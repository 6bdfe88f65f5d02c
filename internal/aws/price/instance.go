package price

import (
	"fmt"
	"strings"
)

// Instance is a type of EC2 instance in a region.
type Instance struct {
	Type     string
	VCPU     int     // 0 where it is not known
	Memory   float64 // GiB
	OnDemand float64 // USD an hour
	EMR      bool    // whether EMR takes it
	Saving   float64 // mean of Spot against on demand, 0 to 1; 0 where it is not known
	Band     Band
}

// Spot is the mean price of an hour as Spot.
func (i Instance) Spot() float64 { return i.OnDemand * (1 - i.Saving) }

// Family is the part of the type before the point: m7g of m7g.xlarge.
func (i Instance) Family() string {
	family, _, _ := strings.Cut(i.Type, ".")
	return family
}

// Graviton says whether its processors are Arm's, made by AWS: those with a g behind the number.
func (i Instance) Graviton() bool {
	rest := strings.TrimLeft(strings.TrimLeft(i.Type, letters), "0123456789")
	return strings.HasPrefix(rest, "g")
}

const letters = "abcdefghijklmnopqrstuvwxyz"

// Generation is the number in the family: 7 of m7g.
func (i Instance) Generation() (n int) {
	for _, c := range strings.TrimLeft(i.Family(), letters) {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// Band is how many of 100 Spot instances of a type were reclaimed in a month, as the Spot Advisor of
// AWS says it.
type Band int

// The bands; the zero value is one that nobody knows.
const (
	BandUnknown Band = iota
	Band5            // less than 5 in 100
	Band10
	Band15
	Band20
	BandMore // more than 20 in 100
)

var bandNames = []string{"?", "<5%", "5-10%", "10-15%", "15-20%", ">20%"}

func (b Band) String() string { return bandNames[b] }

// Bounds are the shares of a month between which the band lies. Its open end, and what is not known,
// are taken to end at 40 in 100: that is twice its beginning.
func (b Band) Bounds() (low, high float64) {
	switch b {
	case BandUnknown:
		return 0.05, 0.40
	case BandMore:
		return 0.20, 0.40
	}
	return 0.05 * float64(b-1), 0.05 * float64(b)
}

func parseBand(text string) (Band, error) {
	for b, name := range bandNames {
		if name == text {
			return Band(b), nil
		}
	}
	return 0, fmt.Errorf("no band of interruption %q", text)
}
