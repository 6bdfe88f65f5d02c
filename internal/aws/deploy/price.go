package deploy

import (
	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/internal/aws/price"
)

// Rates tell what a unit of something costs in US dollars, in the region of the environment; false where
// that is not known. Names are those of package price, and those of EC2 instance types, which are paid by
// the hour.
type Rates func(name string) (usd float64, ok bool)

const metricsOfBucket = 16 // that S3 makes of the requests to one

// use is an amount of something in a month: at the least, likely, at most.
type use struct{ low, likely, high float64 }

func always(n float64) use { return use{n, n, n} }

// Assumed is the use of what is paid by use, as long as nobody has measured it.
var Assumed = struct{ Objects, Logs, Stream, NAT use }{
	Objects: use{0, 1_000, 10_000}, // GB kept
	Logs:    use{0, 10, 100},       // GB written, to each group
	Stream:  use{0, 300, 3_000},    // GB, in each stream
	NAT:     use{0, 100, 1_000},    // GB
}

// counted is how much of what is used.
type counted struct {
	rate string
	use  use
}

// plus is both prices together; nil is none that is known.
func plus(p, q *price.Range) *price.Range {
	switch {
	case p == nil:
		return q
	case q == nil:
		return p
	}
	sum := p.Add(*q)
	return &sum
}

func minus(p *price.Range) *price.Range {
	n := p.Times(-1)
	return &n
}

// cost is what all of a template costs; nil where no price in it is known.
func cost(t *cfn.Template, rates Rates) (sum *price.Range) {
	for _, r := range t.Resources {
		sum = plus(sum, priceOf(t, r.ID, rates))
	}
	return sum
}

// priceOf is what a resource costs; nil where it is not there, costs nothing, or a rate is not known.
func priceOf(t *cfn.Template, id string, rates Rates) *price.Range {
	if t == nil || rates == nil || t.Resource(id) == nil {
		return nil
	}
	var sum *price.Range
	for _, c := range uses(t, t.Resource(id)) {
		rate, ok := rates(c.rate)
		if !ok {
			return nil
		}
		sum = plus(sum, &price.Range{Low: rate * c.use.low, Likely: rate * c.use.likely, High: rate * c.use.high})
	}
	return sum
}

// uses lists what is paid for of a resource.
func uses(t *cfn.Template, r *cfn.Resource) []counted {
	p := r.Properties
	switch r.Type {
	case "AWS::EC2::VPCEndpoint":
		return []counted{{price.EndpointHour, always(price.Month * float64(len(cfn.Each(cfn.At(p, "SubnetIds")))))}}
	case "AWS::EC2::NatGateway":
		return []counted{{price.NATHour, always(3 * price.Month)}, {price.NATGB, Assumed.NAT}}
	case "AWS::KMS::Key":
		return []counted{{price.KeyMonth, always(1)}}
	case "AWS::SecretsManager::Secret":
		return []counted{{price.SecretMonth, always(1)}}
	case "AWS::CloudWatch::Alarm":
		return []counted{{price.AlarmMonth, always(1)}}
	case "AWS::CloudWatch::Dashboard":
		return []counted{{price.DashboardMonth, always(1)}}
	case "AWS::Logs::MetricFilter":
		return []counted{{price.MetricMonth, always(1)}}
	case "AWS::Logs::LogGroup":
		return []counted{{price.LogGB, Assumed.Logs}}
	case "AWS::S3::Bucket":
		if r.ID == "DataBucket" {
			return []counted{{price.ObjectGBMonth, Assumed.Objects}, {price.MetricMonth, always(metricsOfBucket)}}
		}
	case "AWS::EC2::LaunchTemplate":
		return []counted{{price.DiskGBMonth, always(cfn.Number(cfn.At(p, "LaunchTemplateData", "BlockDeviceMappings", "Ebs", "VolumeSize")))}}
	case "AWS::AutoScaling::AutoScalingGroup":
		return machines(t, p)
	case "AWS::ECS::TaskDefinition":
		cpus, memory := cfn.Number(cfn.At(p, "Cpu"))/1024, cfn.Number(cfn.At(p, "Memory"))/1024
		return []counted{{price.FargateCPUHour, always(price.Month * cpus)}, {price.FargateGBHour, always(price.Month * memory)}}
	}
	return usesOfWork(r, p)
}

// machines counts the machines of a group, of the type of its launch template.
func machines(t *cfn.Template, p cfn.Map) []counted {
	for _, r := range t.Resources {
		if r.Type == "AWS::EC2::LaunchTemplate" {
			instance, _ := cfn.At(r.Properties, "LaunchTemplateData", "InstanceType").(string)
			return []counted{{instance, always(price.Month * cfn.Number(cfn.At(p, "DesiredCapacity")))}}
		}
	}
	return nil
}

func usesOfWork(r *cfn.Resource, p cfn.Map) []counted {
	switch r.Type {
	case "AWS::EMRServerless::Application":
		// Nothing while no job runs; likely a quarter of the limit for an hour a day; at most the limit, always.
		cpus, memory := cfn.Number(cfn.At(p, "MaximumCapacity", "Cpu")), cfn.Number(cfn.At(p, "MaximumCapacity", "Memory"))
		hours := use{0, 30.0 / 4, price.Month}
		return []counted{{price.SparkCPUHour, hours.times(cpus)}, {price.SparkGBHour, hours.times(memory)}}
	case "AWS::Kinesis::Stream":
		if shards := cfn.Number(cfn.At(p, "ShardCount")); shards > 0 {
			return []counted{{price.ShardHour, always(price.Month * shards)}}
		}
		return []counted{{price.StreamHour, always(price.Month)}, {price.StreamGB, Assumed.Stream}}
	case "AWS::KinesisFirehose::DeliveryStream":
		return []counted{{price.ArchiveGB, Assumed.Stream}}
	case "AWS::DMS::ReplicationConfig":
		least, most := cfn.Number(cfn.At(p, "ComputeConfig", "MinCapacityUnits")), cfn.Number(cfn.At(p, "ComputeConfig", "MaxCapacityUnits"))
		return []counted{{price.ReplicationUnit, use{price.Month * least, price.Month * (least + most) / 2, price.Month * most}}}
	}
	return nil
}

func (u use) times(n float64) use { return use{n * u.low, n * u.likely, n * u.high} }
