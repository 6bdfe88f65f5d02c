package datafile

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

const (
	// GregorianDay is 1582-10-15, in days since 1970: from it on the calendars are the same.
	GregorianDay = -141427
	// JulianMarch is how many days there are from 0000-03-01 in the Julian calendar until 1970.
	JulianMarch = 719470
	// Micros1900 is 1900-01-01 in microseconds since 1970: from it on a time is the same in both calendars, in every zone.
	Micros1900 = -2_208_988_800_000_000

	microsOfDay = 86_400_000_000
)

// rebaseDay is the day with the name that days has in the hybrid calendar.
func rebaseDay(days int64) int64 {
	if days >= GregorianDay {
		return days
	}
	year := floorDiv(4*(days+JulianMarch)+3, 1461) // that begins in March
	return days - (floorDiv(year, 100) - floorDiv(year, 400) - 2)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// HybridZone says what a time before 1900 becomes that was kept in the hybrid calendar, by its name in one time zone. Java had its
// rules then: before 1900 a zone has the standard offset that it has today, where it had the mean time of its place until
// clocks were set alike. All numbers are microseconds.
type HybridZone struct {
	Offset int64 // east of Greenwich, by the old rules
	// Steps are ordered: from a moment of the hybrid calendar on this is added to a time. Before 1582-10-15 the difference of the
	// calendars is added to that of the first step, which has no beginning.
	Steps []HybridStep
}

// HybridStep is one step of a HybridZone.
type HybridStep struct{ From, Add int64 }

// rebase returns the moment of the same name.
func (z *HybridZone) rebase(micros int64) int64 {
	if micros >= Micros1900 {
		return micros
	}
	i := len(z.Steps) - 1
	for i > 0 && micros < z.Steps[i].From {
		i--
	}
	day := floorDiv(micros+z.Offset, microsOfDay)
	return micros + z.Steps[i].Add + (rebaseDay(day)-day)*microsOfDay
}

// hybridZones has a line for each set of zones that are alike: the offset, what is added, and then pairs of a moment and what is
// added from it on, all in seconds. It is what Spark 4.1 does, which knows the zones as they were in 2020; TestHybridZones holds it
// against the table in Spark.
//
//go:embed hybridzones.txt
var hybridZones string

var parseHybridZones = sync.OnceValues(func() (map[string]*HybridZone, error) {
	out := map[string]*HybridZone{}
	for line := range strings.Lines(hybridZones) {
		rule, names, _ := strings.Cut(line, ":")
		var n []int64
		for _, text := range strings.Fields(rule) {
			seconds, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, err
			}
			n = append(n, seconds*1e6)
		}
		if len(n) < 2 || len(n)%2 != 0 {
			return nil, fmt.Errorf("hybridzones.txt: %q", line)
		}
		z := &HybridZone{Offset: n[0], Steps: []HybridStep{{math.MinInt64, n[1]}}}
		for i := 2; i < len(n); i += 2 {
			z.Steps = append(z.Steps, HybridStep{n[i], n[i+1]})
		}
		for _, name := range strings.Fields(names) {
			out[name] = z
		}
	}
	return out, nil
})

// hybridZone finds a zone by the name that Java has for it. Without a name it is UTC: Spark takes the zone of who reads, and that
// is the zone of every session here.
func hybridZone(name string) (*HybridZone, error) {
	zones, err := parseHybridZones()
	if err != nil {
		return nil, err
	}
	if name == "" || name == "Z" {
		name = "UTC"
	}
	if z, ok := zones[name]; ok {
		return z, nil
	}
	return nil, nil
}
