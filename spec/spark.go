package spec

import "strings"

// Engine is what runs SQL. The zero value is none in particular.
type Engine string

// The engines.
const (
	EngineDuckDB Engine = "duckdb" // in the process, on this machine
	EngineSpark  Engine = "spark"  // Apache Spark, by Spark Connect
	EngineAuto   Engine = "auto"   // the one of both that suits a statement
)

// Spark says which Apache Spark runs what is not for DuckDB.
type Spark struct {
	Element
	Address Text              `key:"address" doc:"A server of Spark Connect, as in sc://host:15002. Default: a Spark of this machine, which petalake starts." instead:"url,remote,master,endpoint"`
	Token   Secret            `key:"token" doc:"The bearer token that the server asks for."`
	TLS     bool              `key:"tls" default:"false" doc:"Whether the connection to the server is encrypted." instead:"use_ssl,ssl"`
	CAFile  Text              `key:"ca_file" doc:"A file of PEM certificates to trust in place of those of the system; with it the connection is encrypted." instead:"ca_bundle,ca"`
	User    Text              `key:"user" doc:"As whom petalake speaks to the server. Default: petalake." instead:"user_id"`
	Home    Text              `key:"home" doc:"The folder of a Spark 4.1 on this machine. Default: that of SPARK_HOME, or one that petalake installs." instead:"spark_home"`
	Memory  Size              `key:"memory" default:"2GiB" doc:"The heap of a Spark of this machine." instead:"driver_memory"`
	Cores   int               `key:"cores" default:"0" minimum:"0" doc:"How many cores a Spark of this machine uses; 0 for all." instead:"threads,cpus"`
	From    Size              `key:"from" default:"200GB" doc:"With engine: auto, from how much data on a statement runs on Spark. Statements that join or sort run there earlier, if they exceed the memory."`
	EMR     OnEMR             `key:"emr" doc:"Amazon EMR: its sessions run statements and models, and its jobs run programs."`
	Conf    map[string]string `key:"conf" doc:"Settings of a Spark of this machine, and of programs on EMR." each:"text" instead:"config,properties,options"`
}

// OnEMR names an application of EMR Serverless, or a cluster.
type OnEMR struct {
	Element
	Application Text `key:"application" doc:"The id of an application of EMR Serverless." instead:"application_id,app"`
	Cluster     Text `key:"cluster" doc:"The id of a cluster, as in j-2AL4XXXXXX5T9. It has to be one with sessions (emr-spark-8.0.0 or later) for statements and models." instead:"cluster_id,job_flow"`
	Role        Text `key:"role" doc:"The ARN of the role that sessions and programs run as." instead:"execution_role,role_arn"`
	Endpoint    Text `key:"endpoint" doc:"The URL of a server other than AWS." instead:"url,endpoint_url"`
}

// Managed says whether the Spark is one of this machine, which petalake starts.
func (s *Spark) Managed() bool { return s.Address == "" && !s.OnEMR() }

// OnEMR says whether the Spark is one of Amazon EMR.
func (s *Spark) OnEMR() bool { return s.Has("emr") || s.EMR.Application != "" }

// The variables by which petalake deploy tells its daemon of what it made: an application of EMR
// Serverless and the role of its jobs, where clusters are to be made, the account, and the URL of the queue that
// is told of files.
const (
	EMRApplication = "PETALAKE_EMR_APPLICATION"
	EMRRole        = "PETALAKE_EMR_ROLE"
	FleetPlace     = "PETALAKE_FLEET"
	AccountOf      = "PETALAKE_ACCOUNT"
	ArrivalsQueue  = "PETALAKE_ARRIVALS"
)

// deployed takes the application of an environment in AWS that names no other Spark.
func (s *Spark) deployed(e *Environment, lookup Lookup) {
	if !e.InAWS() || s.Has("emr") || s.Has("address") {
		return
	}
	application, _ := lookup(EMRApplication)
	role, _ := lookup(EMRRole)
	if application != "" && role != "" {
		s.EMR.Application, s.EMR.Role = Text(application), Text(role)
	}
}

// problems reports what is wrong with the values that do not refer to anything.
func (s *Spark) problems(report func(pos Pos, key string, f *fault)) {
	if a := string(s.Address); a != "" && s.Address.plain() && !strings.HasPrefix(a, "sc://") {
		report(s.At("address"), "spark.address", faultf("write sc://host:15002", "this is no address of Spark Connect"))
	}
	s.emrProblems(report)
	for _, key := range []string{"home", "memory", "cores", "conf"} {
		if s.Has("address") && s.Has(key) {
			report(s.At(key), "spark."+key, faultf("leave out one of them", "it is for a Spark of this machine, and address names another"))
		}
	}
	for _, key := range []string{"token", "tls", "ca_file"} {
		if !s.Has("address") && s.Has(key) && !(key == "ca_file" && s.OnEMR()) {
			report(s.At(key), "spark."+key, faultf("write address: sc://host:15002", "a Spark of this machine needs none"))
		}
	}
	if s.Has("memory") && s.Memory < 512<<20 {
		report(s.At("memory"), "spark.memory", faultf("write at least 512MiB", "Spark does not start with so little"))
	}
}

func (s *Spark) emrProblems(report func(pos Pos, key string, f *fault)) {
	if !s.OnEMR() {
		return
	}
	e := &s.EMR
	switch {
	case s.Has("address"):
		report(s.At("address"), "spark.address", faultf("leave out one of them", "it names another Spark than emr does"))
	case e.Has("application") && e.Has("cluster"):
		report(e.At("cluster"), "spark.emr.cluster", faultf("keep one of them", "both application and cluster are named"))
	case !e.Has("application") && !e.Has("cluster"):
		report(s.At("emr"), "spark.emr", faultf("write application: or cluster: with its id", "it names nothing that runs Spark"))
	}
	if !e.Has("role") {
		report(s.At("emr"), "spark.emr", faultf("write role: with the ARN of a role that may read and write the lake", "programs need a role"))
	}
	for _, key := range []string{"home", "memory", "cores"} {
		if s.Has(key) {
			report(s.At(key), "spark."+key, faultf("leave it out", "it is for a Spark of this machine, and emr names another"))
		}
	}
	if f := badEndpoint(e.Endpoint); f != nil {
		report(e.At("endpoint"), "spark.emr.endpoint", f)
	}
}
