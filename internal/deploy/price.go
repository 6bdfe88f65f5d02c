package deploy

import "github.com/petalake/petalake/internal/cfn"

// Price is US dollars a month: what is paid whatever happens, what is likely, and what is paid where
// use is high. Where there is no use to speak of all three are the same.
type Price struct {
	Low    float64 `json:"low"`
	Likely float64 `json:"likely"`
	High   float64 `json:"high"`
}

// Rates tell what a unit of something costs in US dollars, in the region of the environment; false where
// that is not known. Names are those below, and those of EC2 instance types, which are paid by the hour.
type Rates func(name string) (usd float64, ok bool)

// The names of rates: what is counted, and in what.
const (
	EndpointHour    = "endpoint.hour" // an interface endpoint, in a zone
	NATHour         = "nat.hour"      // a NAT gateway, in a zone
	NATGB           = "nat.gb"        // through it
	KeyMonth        = "kms.key.month"
	SecretMonth     = "secret.month"
	AlarmMonth      = "alarm.month"
	MetricMonth     = "metric.month" // one of the requests to a bucket, or of petalake
	DashboardMonth  = "dashboard.month"
	LogGB           = "logs.gb"     // written
	ObjectGBMonth   = "s3.gb.month" // kept
	DiskGBMonth     = "ebs.gp3.gb.month"
	FargateCPUHour  = "fargate.cpu.hour"
	FargateGBHour   = "fargate.gb.hour"
	SparkCPUHour    = "emr.serverless.cpu.hour"
	SparkGBHour     = "emr.serverless.gb.hour"
	StreamHour      = "kinesis.stream.hour" // on demand
	StreamGB        = "kinesis.gb"          // into one on demand
	ShardHour       = "kinesis.shard.hour"
	ArchiveGB       = "firehose.gb"
	ReplicationUnit = "dms.unit.hour"
)

const (
	hoursOfMonth    = 730
	metricsOfBucket = 16 // that S3 makes of the requests to one
)

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

func (p *Price) plus(q *Price) *Price {
	switch {
	case p == nil:
		return q
	case q == nil:
		return p
	}
	return &Price{p.Low + q.Low, p.Likely + q.Likely, p.High + q.High}
}

func (p *Price) times(n float64) *Price { return &Price{n * p.Low, n * p.Likely, n * p.High} }

// cost is what all of a template costs; nil where no price in it is known.
func cost(t *cfn.Template, rates Rates) (sum *Price) {
	for _, r := range t.Resources {
		sum = sum.plus(priceOf(t, r.ID, rates))
	}
	return sum
}

// priceOf is what a resource costs; nil where it is not there, costs nothing, or a rate is not known.
func priceOf(t *cfn.Template, id string, rates Rates) *Price {
	if t == nil || rates == nil || t.Resource(id) == nil {
		return nil
	}
	var sum *Price
	for _, c := range uses(t, t.Resource(id)) {
		rate, ok := rates(c.rate)
		if !ok {
			return nil
		}
		sum = sum.plus(&Price{rate * c.use.low, rate * c.use.likely, rate * c.use.high})
	}
	return sum
}

// uses are what a resource is paid for.
func uses(t *cfn.Template, r *cfn.Resource) []counted {
	p := r.Properties
	switch r.Type {
	case "AWS::EC2::VPCEndpoint":
		return []counted{{EndpointHour, always(hoursOfMonth * float64(len(cfn.Each(cfn.At(p, "SubnetIds")))))}}
	case "AWS::EC2::NatGateway":
		return []counted{{NATHour, always(3 * hoursOfMonth)}, {NATGB, Assumed.NAT}}
	case "AWS::KMS::Key":
		return []counted{{KeyMonth, always(1)}}
	case "AWS::SecretsManager::Secret":
		return []counted{{SecretMonth, always(1)}}
	case "AWS::CloudWatch::Alarm":
		return []counted{{AlarmMonth, always(1)}}
	case "AWS::CloudWatch::Dashboard":
		return []counted{{DashboardMonth, always(1)}}
	case "AWS::Logs::MetricFilter":
		return []counted{{MetricMonth, always(1)}}
	case "AWS::Logs::LogGroup":
		return []counted{{LogGB, Assumed.Logs}}
	case "AWS::S3::Bucket":
		if r.ID == "DataBucket" {
			return []counted{{ObjectGBMonth, Assumed.Objects}, {MetricMonth, always(metricsOfBucket)}}
		}
	case "AWS::EC2::LaunchTemplate":
		return []counted{{DiskGBMonth, always(cfn.Number(cfn.At(p, "LaunchTemplateData", "BlockDeviceMappings", "Ebs", "VolumeSize")))}}
	case "AWS::AutoScaling::AutoScalingGroup":
		return machines(t, p)
	case "AWS::ECS::TaskDefinition":
		cpus, memory := cfn.Number(cfn.At(p, "Cpu"))/1024, cfn.Number(cfn.At(p, "Memory"))/1024
		return []counted{{FargateCPUHour, always(hoursOfMonth * cpus)}, {FargateGBHour, always(hoursOfMonth * memory)}}
	}
	return usesOfWork(r, p)
}

// machines are those of a group, of the type of its launch template.
func machines(t *cfn.Template, p cfn.Map) []counted {
	for _, r := range t.Resources {
		if r.Type == "AWS::EC2::LaunchTemplate" {
			instance, _ := cfn.At(r.Properties, "LaunchTemplateData", "InstanceType").(string)
			return []counted{{instance, always(hoursOfMonth * cfn.Number(cfn.At(p, "DesiredCapacity")))}}
		}
	}
	return nil
}

func usesOfWork(r *cfn.Resource, p cfn.Map) []counted {
	switch r.Type {
	case "AWS::EMRServerless::Application":
		// Nothing while no job runs; likely a quarter of the limit for an hour a day; at most the limit, always.
		cpus, memory := cfn.Number(cfn.At(p, "MaximumCapacity", "Cpu")), cfn.Number(cfn.At(p, "MaximumCapacity", "Memory"))
		hours := use{0, 30.0 / 4, hoursOfMonth}
		return []counted{{SparkCPUHour, hours.times(cpus)}, {SparkGBHour, hours.times(memory)}}
	case "AWS::Kinesis::Stream":
		if shards := cfn.Number(cfn.At(p, "ShardCount")); shards > 0 {
			return []counted{{ShardHour, always(hoursOfMonth * shards)}}
		}
		return []counted{{StreamHour, always(hoursOfMonth)}, {StreamGB, Assumed.Stream}}
	case "AWS::KinesisFirehose::DeliveryStream":
		return []counted{{ArchiveGB, Assumed.Stream}}
	case "AWS::DMS::ReplicationConfig":
		least, most := cfn.Number(cfn.At(p, "ComputeConfig", "MinCapacityUnits")), cfn.Number(cfn.At(p, "ComputeConfig", "MaxCapacityUnits"))
		return []counted{{ReplicationUnit, use{hoursOfMonth * least, hoursOfMonth * (least + most) / 2, hoursOfMonth * most}}}
	}
	return nil
}

func (u use) times(n float64) use { return use{n * u.low, n * u.likely, n * u.high} }
