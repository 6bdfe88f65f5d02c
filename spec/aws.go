package spec

import (
	"strings"
	"time"
)

// AWS says what petalake deploy makes in AWS for an environment, which has it if it has the key aws.
type AWS struct {
	Element
	Region       string            `key:"region" required:"true" pattern:"^[a-z]{2}(-[a-z]+)+-[0-9]$" says:"the name of a region, such as eu-central-1" doc:"The region that everything is in."`
	Account      string            `key:"account" loose:"true" pattern:"^[0-9]{12}$" says:"the twelve digits of an account" doc:"The account; petalake deploy refuses any other. With it the name of the bucket is known without asking AWS." instead:"account_id"`
	Zones        []string          `key:"zones" pattern:"^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$" says:"a zone, such as eu-central-1a" doc:"Three zones of the region. Default: the usual ones of the region." instead:"azs,availability_zones"`
	CIDR         string            `key:"cidr" default:"10.40.0.0/16" doc:"The addresses of the network, from /16 to /24; choose what no network has that is to be connected." instead:"network,vpc_cidr"`
	NAT          bool              `key:"nat" default:"false" doc:"Whether what runs in the network can reach the internet. AWS itself is reached without." instead:"nat_gateway,internet"`
	Security     string            `key:"security" enum:"baseline,strict,regulated" default:"baseline" doc:"How much is demanded: good practice; and alarms to people and logs of every change and read (strict); and that nothing can be deleted before its time (regulated)." instead:"profile,compliance"`
	Budget       int               `key:"budget" minimum:"1" doc:"US dollars a month. An alert is sent before more is spent; a plan that costs more is refused." instead:"cost_limit,max_cost"`
	Alerts       []string          `key:"alerts" pattern:"^[^@ ]+@[^@ ]+[.][^@ ]+$" says:"an e-mail address" doc:"Who is told of alarms, by e-mail." instead:"alarms,notify,emails,email"`
	LogRetention Duration          `key:"log_retention" default:"365d" doc:"How long logs are kept: 30d, 90d, 180d, 365d, 731d and the other lengths of CloudWatch." instead:"retention,log_days"`
	Tags         map[string]string `key:"tags" doc:"Tags of everything that is made, for the bill." each:"text"`
	Daemon       Daemon            `key:"daemon" doc:"What petalake itself runs on." instead:"server"`
	Catalog      string            `key:"catalog" enum:"glue,none" default:"glue" doc:"Whether the tables are shown in the Glue Data Catalog, where Athena and Spark find them by name." instead:"glue,data_catalog"`
	EMR          EMR               `key:"emr" doc:"Apache Spark in AWS, where the environment or a job needs it." instead:"spark,serverless"`
}

// Daemon says what petalake up runs on in AWS: a machine, or a container where an image is given.
type Daemon struct {
	Element
	Instance string `key:"instance" default:"m7g.xlarge" pattern:"^[a-z][a-z0-9-]*[.][a-z0-9]+$" says:"an EC2 instance type, such as m7g.xlarge" doc:"The EC2 instance type of the machine." instead:"instance_type,type,machine"`
	Image    string `key:"image" doc:"An image with petalake in it: petalake then runs in a container of Fargate, and no machine is made." instead:"container,docker"`
	CPUs     int    `key:"cpus" default:"4" minimum:"1" doc:"The processors of the container: 1, 2, 4, 8 or 16." instead:"cpu,vcpus"`
	Memory   Size   `key:"memory" default:"16GiB" doc:"The memory of the container." instead:"ram"`
	Disk     Size   `key:"disk" default:"100GiB" doc:"The disk, for what does not fit in memory and for what is kept of the bucket." instead:"storage,volume"`
}

// EMR bounds the Spark of AWS.
type EMR struct {
	Element
	Release string   `key:"release" pattern:"^emr-(spark-)?[0-9]+[.][0-9]+[.][0-9]+$" says:"a release, such as emr-spark-8.1.0" doc:"The release of the application of EMR Serverless, where it is to be another than fleet.release." instead:"release_label,version"`
	CPUs    int      `key:"cpus" default:"400" minimum:"4" doc:"The most processors of all jobs together." instead:"vcpus,max_cpus,cores"`
	Memory  Size     `key:"memory" default:"3000GB" doc:"The most memory of all jobs together." instead:"max_memory"`
	Idle    Duration `key:"idle" default:"15m" doc:"How long Spark waits for the next job before it stops." instead:"idle_timeout"`
}

// memoryOf is how many GB a processor has for what the work needs most of.
var memoryOf = map[string]int{"memory": 8, "balanced": 4, "compute": 2}

// follow takes from the fleet what is not said of EMR Serverless: its release, and where the fleet is one of
// EMR Serverless how large it may grow.
func (m *EMR) follow(l *Lakehouse) {
	f := &l.Fleet
	if !m.Has("release") {
		m.Release = f.Release
	}
	if !l.Has("fleet") || f.Mode != FleetServerless {
		return
	}
	if !m.Has("cpus") {
		m.CPUs = f.Max
	}
	if !m.Has("memory") {
		m.Memory = Size(m.CPUs*memoryOf[f.Workload]) * 1e9
	}
	if !m.Has("idle") && f.Has("idle") {
		m.Idle = f.Idle
	}
}

// What is demanded of an environment in AWS.
const (
	SecurityBaseline  = "baseline"
	SecurityStrict    = "strict"
	SecurityRegulated = "regulated"
)

// CatalogGlue shows the tables in the Glue Data Catalog.
const CatalogGlue = "glue"

// InAWS says whether petalake deploy makes the environment, in AWS.
func (e *Environment) InAWS() bool { return e.Has("aws") }

const day = Duration(24 * time.Hour)

// LogDays is the retention of logs in whole days.
func (a *AWS) LogDays() int { return int(a.LogRetention / day) }

// BucketName is the name of a bucket that petalake deploy makes: the lakehouse, its environment, what is
// in it, and what makes that unique in the world.
func BucketName(lakehouse, environment, what, account, region string) string {
	return strings.ReplaceAll(lakehouse+"-"+environment+"-"+what+"-"+account+"-"+region, "_", "-")
}

// Base is what all names of an environment in AWS begin with, such as shop-prod.
func (l *Lakehouse) Base(e *Environment) string {
	return strings.ReplaceAll(l.Name+"-"+e.Name, "_", "-")
}

// zoneLetters are the zones that every account has in a region.
var zoneLetters = map[string]string{
	"us-east-1": "abc", "us-east-2": "abc", "us-west-2": "abc", "ca-central-1": "abd", "ca-west-1": "abc", "sa-east-1": "abc",
	"eu-west-1": "abc", "eu-west-2": "abc", "eu-west-3": "abc", "eu-central-1": "abc", "eu-central-2": "abc", "eu-north-1": "abc",
	"eu-south-1": "abc", "eu-south-2": "abc", "ap-south-1": "abc", "ap-south-2": "abc", "ap-southeast-1": "abc", "ap-southeast-2": "abc",
	"ap-southeast-3": "abc", "ap-southeast-4": "abc", "ap-northeast-1": "acd", "ap-northeast-2": "abc", "ap-northeast-3": "abc",
	"ap-east-1": "abc", "me-south-1": "abc", "me-central-1": "abc", "af-south-1": "abc", "il-central-1": "abc",
	"us-gov-west-1": "abc", "us-gov-east-1": "abc",
}

// complete sets what follows from other values: zones from the region, the storage from the name.
func (a *AWS) complete(lakehouse string, e *Environment) {
	if !a.Has("zones") {
		for _, letter := range zoneLetters[a.Region] {
			a.Zones = append(a.Zones, a.Region+string(letter))
		}
	}
	if !e.S3.Has("region") {
		e.S3.Region = Text(a.Region)
	}
	if e.Has("storage") {
		return
	}
	e.Storage = ""
	if a.Account != "" && a.Region != "" {
		e.Storage = Text("s3://" + BucketName(lakehouse, e.Name, "data", a.Account, a.Region) + "/lake")
	}
}
