package spec

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// logRetentions are the days that CloudWatch Logs can keep what it has.
var logRetentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// problems reports what is wrong with the values, and between them and those of the environment.
func (a *AWS) problems(e *Environment, report func(pos Pos, key string, f *fault)) {
	if len(a.keys) == 0 {
		return // reported
	}
	fail := func(el *Element, key, path, hint, format string, args ...any) {
		report(el.At(key), path, faultf(hint, format, args...))
	}
	a.zones(fail)
	if f := badCIDR(a.CIDR); f != nil {
		report(a.At("cidr"), "aws.cidr", f)
	}
	if days := a.LogDays(); !slices.Contains(logRetentions, days) || Duration(days)*day != a.LogRetention {
		i, _ := slices.BinarySearch(logRetentions, days+1)
		next := Duration(logRetentions[min(i, len(logRetentions)-1)]) * day
		fail(&a.Element, "log_retention", "aws.log_retention", "write "+next.String(), "CloudWatch cannot keep logs for %s", a.LogRetention)
	}
	a.demands(fail)
	a.tags(fail)
	a.Daemon.problems(a, fail)
	a.EMR.problems(fail)
	e.besideAWS(fail)
}

type failure = func(el *Element, key, path, hint, format string, args ...any)

func (a *AWS) zones(fail failure) {
	const three = "write three zones, as in [eu-central-1a, eu-central-1b, eu-central-1c]"
	switch {
	case a.Region == "": // reported
	case !a.Has("zones") && len(a.Zones) == 0:
		fail(&a.Element, "region", "aws.zones", three, "the zones of %s are not known", a.Region)
	case len(a.Zones) != 3:
		fail(&a.Element, "zones", "aws.zones", three, "there are %d", len(a.Zones))
	}
	for i, z := range a.Zones {
		at := fmt.Sprintf("zones[%d]", i)
		if z[:len(z)-1] != a.Region && a.Region != "" {
			fail(&a.Element, at, "aws."+at, "choose zones of the region", "%s is not a zone of %s", z, a.Region)
		}
		if slices.Index(a.Zones, z) < i {
			fail(&a.Element, at, "aws."+at, "keep one", "%s is there twice", z)
		}
	}
}

func badCIDR(text string) *fault {
	const hint = "write a private network from /16 to /24, as in 10.40.0.0/16"
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil || !p.Addr().Is4():
		return faultf(hint, "%q is not a network", text)
	case !p.Addr().IsPrivate():
		return faultf(hint, "%s has public addresses", text)
	case p.Bits() < 16 || p.Bits() > 24:
		return faultf(hint, "%s is too %s", text, map[bool]string{true: "large: AWS takes no more than /16", false: "small for four parts of AWS"}[p.Bits() < 16])
	case p.Masked() != p:
		return faultf("write "+p.Masked().String(), "%s is an address in a network", text)
	}
	return nil
}

// demands checks that what the security profile demands is there.
func (a *AWS) demands(fail failure) {
	if a.Security == SecurityBaseline {
		return
	}
	if len(a.Alerts) == 0 {
		fail(&a.Element, "security", "aws.security", "write alerts: with an e-mail address", "%s wants somebody who is told of alarms", a.Security)
	}
	if slices.Contains(logRetentions, a.LogDays()) && a.LogDays() < 365 {
		fail(&a.Element, "log_retention", "aws.log_retention", "write 365d or more, or security: baseline", "security: %s keeps logs for a year", a.Security)
	}
	if a.Security == SecurityRegulated && a.NAT {
		fail(&a.Element, "nat", "aws.nat", "leave it out, or write security: strict", "security: regulated has no way to the internet")
	}
}

func (a *AWS) tags(fail failure) {
	for _, name := range inOrder(&a.Element, "tags", a.Tags) {
		key := "tags." + name
		switch {
		case len(name) > 128 || len(a.Tags[name]) > 256:
			fail(&a.Element, key, "aws."+key, "shorten it", "a tag has at most 128 characters, and its value 256")
		case strings.HasPrefix(strings.ToLower(name), "aws:") || strings.HasPrefix(name, "petalake:"):
			fail(&a.Element, key, "aws."+key, "choose another", "the name is reserved")
		}
	}
	if len(a.Tags) > 40 {
		fail(&a.Element, "tags", "aws.tags", "leave out some", "there are %d tags, AWS takes 50 with those of petalake", len(a.Tags))
	}
}

// fargateMemory is the least and the most memory, in GiB, of a container by its processors.
var fargateMemory = map[int][2]int{1: {2, 8}, 2: {4, 16}, 4: {8, 30}, 8: {16, 60}, 16: {32, 120}}

func (d *Daemon) problems(a *AWS, fail failure) {
	for _, key := range []string{"cpus", "memory"} {
		if d.Image == "" && d.Has(key) {
			fail(&d.Element, key, "aws.daemon."+key, "write an image, or choose an instance that has it", "it is for a container, and there is no image")
		}
	}
	gib := int(d.Disk >> 30)
	if gib < 20 || gib > 16384 {
		fail(&d.Element, "disk", "aws.daemon.disk", "write 20GiB to 16TiB", "%s is no size for the disk", d.Disk)
	}
	if d.Image == "" {
		return
	}
	if d.Has("instance") {
		fail(&d.Element, "instance", "aws.daemon.instance", "leave out one of them", "the image runs in a container, and on no instance")
	}
	if !a.NAT && !strings.Contains(d.Image, ".dkr.ecr."+a.Region+".") {
		fail(&d.Element, "image", "aws.daemon.image", "copy it to ECR in "+a.Region+", or write nat: true", "the network has no way to the image")
	}
	if gib > 200 {
		fail(&d.Element, "disk", "aws.daemon.disk", "write 200GiB or less, or choose an instance", "a container of Fargate has at most 200GiB")
	}
	bounds, ok := fargateMemory[d.CPUs]
	switch memory := int(d.Memory >> 30); {
	case !ok:
		fail(&d.Element, "cpus", "aws.daemon.cpus", "write 1, 2, 4, 8 or 16", "Fargate has no container with %d processors", d.CPUs)
	case memory < bounds[0] || memory > bounds[1]:
		fail(&d.Element, "memory", "aws.daemon.memory", fmt.Sprintf("write %dGiB to %dGiB", bounds[0], bounds[1]), "with %d processors Fargate has no container with %s", d.CPUs, d.Memory)
	}
}

func (m *EMR) problems(fail failure) {
	switch perCPU := float64(m.Memory) / 1e9 / float64(max(m.CPUs, 1)); {
	case perCPU < 2:
		fail(&m.Element, "memory", "aws.emr.memory", fmt.Sprintf("write %dGB or more", 2*m.CPUs), "with %d processors Spark cannot use them all: a processor has at least 2GB", m.CPUs)
	case perCPU > 8:
		fail(&m.Element, "memory", "aws.emr.memory", fmt.Sprintf("write %dGB or less, or more cpus", 8*m.CPUs), "with %d processors Spark cannot use it all: a processor has at most 8GB", m.CPUs)
	}
	if minutes := int(time.Duration(m.Idle) / time.Minute); minutes < 1 || minutes > 10080 {
		fail(&m.Element, "idle", "aws.emr.idle", "write 1m to 7 days (168h)", "EMR cannot wait for %s", m.Idle)
	}
}

// besideAWS checks what the environment says besides.
func (e *Environment) besideAWS(fail failure) {
	s := &e.S3
	for _, key := range []string{"endpoint", "access_key", "secret_key"} {
		if s.Has(key) {
			fail(&s.Element, key, "s3."+key, "leave it out", "the environment is in AWS, where roles open the bucket")
		}
	}
	if s.Has("region") && s.Region.plain() && string(s.Region) != e.AWS.Region {
		fail(&s.Element, "region", "s3.region", "leave it out", "the bucket is in the region of aws, %s", e.AWS.Region)
	}
	bucket, isS3 := strings.CutPrefix(string(e.Storage), "s3://")
	switch name, _, _ := strings.Cut(bucket, "/"); {
	case !e.Has("storage") || !e.Storage.plain():
	case !isS3:
		fail(&e.Element, "storage", "storage", "leave it out, or write s3://bucket/prefix", "in AWS the lake is in a bucket")
	case strings.ContainsAny(name, "._") || len(name) < 3 || len(name) > 63 || strings.ToLower(name) != name:
		fail(&e.Element, "storage", "storage", "write 3 to 63 small letters, digits and -", "AWS makes no bucket named %q", name)
	}
}
