package price

// Rate is what one unit of something costs.
type Rate struct {
	Name   string
	USD    float64
	Unit   string // what is counted, such as "GB and month"
	Source Source
}

// Source says where a price is from, and of when.
type Source struct {
	Name string
	Date string // 2026-07-20
	Text string
}

// The names of rates. An instance type is the name of a rate too: that of an hour on demand.
const (
	ObjectGBMonth        = "s3.gb.month" // the first of three tiers, see Objects
	ObjectTier2GBMonth   = "s3.tier2.gb.month"
	ObjectTier3GBMonth   = "s3.tier3.gb.month"
	ObjectIAGBMonth      = "s3.ia.gb.month"      // Intelligent-Tiering, not read for 30 days
	ObjectArchiveGBMonth = "s3.archive.gb.month" // not read for 90 days: instant access
	ObjectWatchMonth     = "s3.monitoring.object.month"
	ObjectPut            = "s3.put" // a PUT, COPY, POST or LIST
	ObjectGet            = "s3.get" // a GET
	KeyMonth             = "kms.key.month"
	KeyRequest           = "kms.request"
	SecretMonth          = "secret.month"
	EndpointHour         = "endpoint.hour"
	EndpointGB           = "endpoint.gb"
	NATHour              = "nat.hour"
	NATGB                = "nat.gb"
	StreamHour           = "kinesis.stream.hour"
	StreamGB             = "kinesis.gb"
	StreamOutGB          = "kinesis.out.gb"
	StreamWeekGBMonth    = "kinesis.week.gb.month" // kept for more than a day
	StreamYearGBMonth    = "kinesis.year.gb.month" // kept for more than seven days
	ShardHour            = "kinesis.shard.hour"
	ShardPut             = "kinesis.shard.put" // a unit of 25 KB
	ArchiveGB            = "firehose.gb"
	ArchiveParquetGB     = "firehose.parquet.gb"
	ReplicationUnit      = "dms.unit.hour"
	AlarmMonth           = "alarm.month"
	MetricMonth          = "metric.month"
	DashboardMonth       = "dashboard.month"
	LogGB                = "logs.gb"
	LogGBMonth           = "logs.gb.month"
	DiskGBMonth          = "ebs.gp3.gb.month"
	DiskIOPSMonth        = "ebs.gp3.iops.month"
	DiskMBPSMonth        = "ebs.gp3.mbps.month"
	UpliftShare          = "emr.uplift"     // of the on-demand price of an instance, on Spot too
	UpliftMost           = "emr.uplift.max" // an hour
	SparkCPUHour         = "emr.serverless.cpu.hour"
	SparkGBHour          = "emr.serverless.gb.hour"
	FargateCPUHour       = "fargate.cpu.hour"
	FargateGBHour        = "fargate.gb.hour"
	CatalogObjectMonth   = "glue.object.month"
	CatalogRequest       = "glue.request"
	ScanTB               = "athena.tb"
	OutGB                = "transfer.internet.gb"
	ZoneGB               = "transfer.zone.gb" // each way
	RegionGB             = "transfer.region.gb"
)

// Names are the names of all rates, in the order of the lists.
var Names = []string{
	ObjectGBMonth, ObjectTier2GBMonth, ObjectTier3GBMonth, ObjectIAGBMonth, ObjectArchiveGBMonth, ObjectWatchMonth, ObjectPut, ObjectGet,
	KeyMonth, KeyRequest, SecretMonth, EndpointHour, EndpointGB, NATHour, NATGB,
	StreamHour, StreamGB, StreamOutGB, StreamWeekGBMonth, StreamYearGBMonth, ShardHour, ShardPut, ArchiveGB, ArchiveParquetGB, ReplicationUnit,
	AlarmMonth, MetricMonth, DashboardMonth, LogGB, LogGBMonth, DiskGBMonth, DiskIOPSMonth, DiskMBPSMonth,
	UpliftShare, UpliftMost, SparkCPUHour, SparkGBHour, FargateCPUHour, FargateGBHour,
	CatalogObjectMonth, CatalogRequest, ScanTB, OutGB, ZoneGB, RegionGB,
}
