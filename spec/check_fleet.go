package spec

import (
	"fmt"
	"time"
)

// fleet checks what the fleet says, and sets what follows from it.
func (c *checker) fleet() {
	f := &c.Fleet
	f.complete()
	if !c.Has("fleet") {
		return
	}
	fail := func(el *Element, key, path, hint, format string, args ...any) {
		c.fail(el.At(key), "fleet."+path, hint, format, args...)
	}
	if f.Mode == FleetServerless {
		f.serverless(fail)
	}
	f.bounds(fail)
	f.spans(fail)
	for i, name := range f.Types {
		for _, before := range f.Types[:i] {
			if at := fmt.Sprintf("types[%d]", i); before == name {
				fail(&f.Element, at, at, "keep one", "%s is there twice", name)
				break
			}
		}
	}
}

// serverless reports what is for machines that one chooses oneself.
func (f *Fleet) serverless(fail failure) {
	for _, key := range []string{"core", "spot", "max_on_demand", "patience", "cooldown", "types", "quota"} {
		if f.Has(key) {
			fail(&f.Element, key, key, "leave it out, or write mode: transient", "EMR Serverless chooses its machines itself")
		}
	}
}

// bounds reports limits that contradict each other, with the one that is to give way.
func (f *Fleet) bounds(fail failure) {
	if f.Has("size") && f.Has("max") {
		fail(&f.Element, "max", "max", "leave one of them out", "size: %s says %d processors already", f.Size, fleetSizes[f.Size])
	}
	if f.Max == 0 {
		return // reported
	}
	for _, b := range []struct {
		key         string
		value, most int
		limit       string
	}{
		{"min", f.Min, f.Max, "max"},
		{"max_on_demand", f.OnDemand, f.Max, "max"},
		{"core", f.Core, min(f.Min, f.OnDemand), map[bool]string{true: "min", false: "max_on_demand"}[f.Min <= f.OnDemand]},
	} {
		if b.value <= b.most {
			continue
		}
		key := b.key
		if !f.Has(key) {
			key = b.limit
		}
		fail(&f.Element, key, key, fmt.Sprintf("write %s: %d or less, or raise %s", b.key, b.most, b.limit), "%s is %d, and %s is %d", b.key, b.value, b.limit, b.most)
	}
	if f.Core%4 != 0 && f.Has("core") {
		fail(&f.Element, "core", "core", fmt.Sprintf("write %d", (f.Core+3)/4*4), "core nodes have 4 processors or a multiple")
	}
	q := &f.Quota
	for _, b := range []struct {
		key   string
		quota int
		need  int
		from  string
		code  string
	}{
		{"on_demand", q.OnDemand, f.OnDemand, "max_on_demand", "L-1216C47A"},
		{"spot", q.Spot, f.MostSpot(), "max", "L-34B43A08"},
	} {
		if b.quota == 0 || b.need <= b.quota || f.Mode == FleetServerless {
			continue
		}
		el, key, path := &f.Element, b.from, b.from
		if !f.Has(b.from) {
			el, key, path = &q.Element, b.key, "quota."+b.key
		}
		fail(el, key, path, fmt.Sprintf("write %s: %d or less, or ask AWS for more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code %s --desired-value %d",
			b.from, b.quota, b.code, b.need), "the fleet may need %d processors, and the quota quota.%s of the account is %d", b.need, b.key, b.quota)
	}
}

// spans reports times and sizes that EMR does not take.
func (f *Fleet) spans(fail failure) {
	for _, s := range []struct {
		key         string
		value       Duration
		least, most time.Duration
	}{
		{"patience", f.Patience, 5 * time.Minute, 24 * time.Hour},
		{"cooldown", f.Cooldown, time.Minute, 24 * time.Hour},
		{"idle", f.Idle, time.Minute, 7 * 24 * time.Hour},
	} {
		if v := time.Duration(s.value); v < s.least || v > s.most {
			fail(&f.Element, s.key, s.key, fmt.Sprintf("write %s to %s", Duration(s.least), Duration(s.most)), "%s is out of range", s.value)
		}
	}
	if gib := f.Disk >> 30; gib < 2 || gib > 512 {
		fail(&f.Element, "disk", "disk", "write 2GiB to 512GiB", "%s is no disk for a processor", f.Disk)
	}
}
