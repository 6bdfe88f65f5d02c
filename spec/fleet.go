package spec

import (
	"strconv"
	"strings"
)

// Fleet is the machines that Spark runs on in AWS: how many there may be, of what kind, at what cost.
// A processor is a vCPU of EC2; it is also the unit in which EMR counts the capacity of a fleet.
type Fleet struct {
	Element
	Mode     string   `key:"mode" enum:"transient,persistent,serverless" default:"transient" doc:"When there are machines: while jobs run (transient), always (persistent), or those of EMR Serverless (serverless), whose limits then follow from size, workload and idle."`
	Workload string   `key:"workload" enum:"memory,compute,balanced" default:"memory" doc:"What the work needs most of: it chooses instance types with 8, 2 or 4 GiB a processor." instead:"kind,profile"`
	Size     string   `key:"size" enum:"small,medium,large,xlarge,2xlarge,4xlarge" default:"medium" doc:"How far the fleet may grow: to 64, 256, 1024, 4096, 8192 or 16384 processors."`
	Min      int      `key:"min" minimum:"4" doc:"The least processors of a cluster that runs, core nodes included. Default: a sixteenth of max." instead:"min_units,minimum,min_cpus"`
	Max      int      `key:"max" minimum:"8" doc:"The most processors, in place of size." instead:"max_units,maximum,max_cpus"`
	Core     int      `key:"core" minimum:"4" doc:"The processors of core nodes, which are always on demand: they keep the files of HDFS and run application masters. Default: min." instead:"core_units"`
	Spot     Percent  `key:"spot" default:"100%" doc:"How much of the task nodes, which are all others, is to be Spot." instead:"spot_share"`
	OnDemand int      `key:"max_on_demand" minimum:"4" doc:"The most processors on demand, core nodes included: as far as this, Spot that does not come is replaced. Default: max." instead:"on_demand,maximum_on_demand"`
	Patience Duration `key:"patience" default:"10m" doc:"How long Spot is waited for before capacity is taken on demand." instead:"spot_timeout,timeout"`
	Cooldown Duration `key:"cooldown" default:"20m" doc:"How long an instance type in a zone that had no capacity is left alone, and how long on demand is kept before Spot is tried again." instead:"backoff"`
	Idle     Duration `key:"idle" default:"15m" doc:"How long a cluster without work waits before it ends." instead:"idle_timeout,auto_termination"`
	Release  string   `key:"release" default:"emr-spark-8.1.0" pattern:"^emr-(spark-)?[0-9]+[.][0-9]+[.][0-9]+$" says:"a release, such as emr-spark-8.1.0" doc:"The release of EMR: of clusters, and of EMR Serverless unless aws.emr.release says otherwise." instead:"release_label,version,label"`
	Graviton string   `key:"graviton" enum:"prefer,only,never" default:"prefer" doc:"Whether machines have the Arm processors of AWS: where they are cheaper (prefer), always, or never." instead:"arm,architecture"`
	Types    []string `key:"types" pattern:"^[a-z][a-z0-9-]*[.][a-z0-9]+$" says:"an EC2 instance type, such as r7g.2xlarge" doc:"The instance types to choose from. Default: those that suit workload and size." instead:"instance_types,instances,type"`
	Disk     Size     `key:"disk" default:"32GiB" doc:"The disk of a machine for each of its processors, for what is shuffled." instead:"ebs,storage"`

	Budget FleetBudget `key:"budget" doc:"What the machines may cost." instead:"cost,max_cost"`
	Quota  FleetQuota  `key:"quota" doc:"What the account is allowed, where that is known: petalake plan refuses a fleet that exceeds it." instead:"quotas,limits"`
}

// FleetBudget bounds what a fleet costs, in US dollars. What does not fit waits.
type FleetBudget struct {
	Element
	Hour  int `key:"hour" minimum:"1" doc:"US dollars an hour: the fleet does not grow beyond it." instead:"hourly,per_hour"`
	Month int `key:"month" minimum:"1" doc:"US dollars a calendar month: once they are spent, jobs wait for the next." instead:"monthly,per_month"`
}

// FleetQuota is what an account may run at once in a region, in processors.
type FleetQuota struct {
	Element
	OnDemand int `key:"on_demand" minimum:"1" doc:"The quota L-1216C47A, Running On-Demand Standard instances." instead:"ondemand"`
	Spot     int `key:"spot" minimum:"1" doc:"The quota L-34B43A08, All Standard Spot Instance Requests."`
}

// The modes of a fleet.
const (
	FleetTransient  = "transient"
	FleetPersistent = "persistent"
	FleetServerless = "serverless"
)

// OnClusters says whether programs run on clusters of the fleet in an environment: one in AWS that names no
// other Spark.
func (l *Lakehouse) OnClusters(e *Environment) bool {
	return l.Has("fleet") && l.Fleet.Mode != FleetServerless && e.InAWS() && !e.Spark.Has("emr") && !e.Spark.Has("address")
}

// fleetSizes are the most processors by size.
var fleetSizes = map[string]int{"small": 64, "medium": 256, "large": 1024, "xlarge": 4096, "2xlarge": 8192, "4xlarge": 16384}

// complete sets what follows from other values. A cluster has at least four processors, in whole machines.
func (f *Fleet) complete() {
	if !f.Has("max") {
		f.Max = fleetSizes[f.Size]
	}
	if !f.Has("min") {
		f.Min = max(8, f.Max/64*4)
		if f.Has("core") {
			f.Min = max(f.Min, f.Core)
		}
		f.Min = min(f.Min, f.Max)
	}
	if !f.Has("max_on_demand") {
		f.OnDemand = f.Max
	}
	if !f.Has("core") {
		f.Core = min(f.Min, f.OnDemand) / 4 * 4
	}
}

// MostSpot is the most processors of Spot that a fleet may have at once.
func (f *Fleet) MostSpot() int { return (f.Max - f.Core) * int(f.Spot) / 100 }

// Percent is a part of a whole, in hundredths.
type Percent int

// ParsePercent reads 0% to 100%.
func ParsePercent(text string) (Percent, error) {
	part, ok := strings.CutSuffix(strings.TrimSpace(text), "%")
	n, err := strconv.Atoi(strings.TrimSpace(part))
	if !ok || err != nil || n < 0 || n > 100 {
		return 0, faultf("write 0% to 100%", "bad part %q", text)
	}
	return Percent(n), nil
}

func (p Percent) String() string { return strconv.Itoa(int(p)) + "%" }

func (p *Percent) parse(text string) (err error) {
	*p, err = ParsePercent(text)
	return err
}

func (*Percent) shape() shape {
	return shape{says: "percent", pattern: `^([0-9]{1,2}|100) ?%$`, examples: []string{"80%"}}
}
