package fleet

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Place is where a cluster is: what its request says beside the fleet. All are names or ARNs of AWS.
type Place struct {
	Name                  string // of the cluster
	Subnets               []string
	ServiceRole           string
	InstanceProfile       string
	PrimaryGroup          string // security groups
	CoreGroup             string
	ServiceGroup          string
	SecurityConfiguration string // at rest, in transit, IMDSv2
	LogURI                string // s3://bucket/prefix/ for the logs of steps
	EventLogURI           string // s3://bucket/prefix for the event logs of Spark
	KMSKey                string // of the logs
	StepRole              string // that steps run as, where they name none
	Tags                  map[string]string
}

// ParsePlace reads where clusters are to be made, as petalake deploy writes it: the pairs of a query, such as
// name=shop-prod-spark&subnets=subnet-1,subnet-2. It returns the URL of the queue of interruptions besides.
func ParsePlace(text string) (at Place, queue string, err error) {
	pairs, err := url.ParseQuery(text)
	if err != nil {
		return at, "", fmt.Errorf("place of the fleet: %w", err)
	}
	for key, field := range map[string]*string{
		"name": &at.Name, "role": &at.ServiceRole, "profile": &at.InstanceProfile, "primary": &at.PrimaryGroup, "core": &at.CoreGroup, "service": &at.ServiceGroup,
		"security": &at.SecurityConfiguration, "step": &at.StepRole, "queue": &queue,
	} {
		if *field = pairs.Get(key); *field == "" {
			return at, "", fmt.Errorf("place of the fleet: it has no %s", key)
		}
	}
	at.Subnets = strings.Split(pairs.Get("subnets"), ",")
	at.Tags = map[string]string{"petalake:environment": pairs.Get("tag")}
	return at, queue, nil
}

// emrTag lets the managed policy of EMR's service role reach the cluster.
const emrTag = "for-use-with-amazon-emr-managed-policies"

const (
	resizeOnDemand = 20 // minutes until EMR gives a resize on demand up
	concurrency    = 10 // steps at a time
)

// object is a JSON object as the API of EMR has it.
type object = map[string]any

// Request is the RunJobFlow request of a cluster with so many units of task nodes on demand and as Spot, of
// the types named, or of all. It has the shape of the API; names that CloudFormation writes in another way
// are turned by Resource.
func (p *Policy) Request(at Place, onDemand, spot int, types []string) map[string]any {
	fleets := []any{
		p.fleet("MASTER", p.Primary, 1, 0, nil),
		p.fleet("CORE", p.CoreOf, p.Core, 0, nil),
	}
	if p.Max > p.Core {
		fleets = append(fleets, p.fleet("TASK", p.Task, onDemand, spot, types))
	}
	tags := []any{object{"Key": emrTag, "Value": "true"}}
	for _, key := range slices.Sorted(maps.Keys(at.Tags)) {
		tags = append(tags, object{"Key": key, "Value": at.Tags[key]})
	}
	out := object{
		"Name": at.Name, "ReleaseLabel": p.Release, "ServiceRole": at.ServiceRole, "JobFlowRole": at.InstanceProfile,
		"Applications":         []any{object{"Name": "Spark"}, object{"Name": "Hadoop"}, object{"Name": "AmazonCloudWatchAgent"}},
		"Configurations":       p.configurations(at),
		"LogUri":               at.LogURI,
		"ScaleDownBehavior":    "TERMINATE_AT_TASK_COMPLETION",
		"StepConcurrencyLevel": concurrency,
		"EbsRootVolumeSize":    50,
		"VisibleToAllUsers":    true,
		"ManagedScalingPolicy": p.Scaling(onDemand, spot),
		"Tags":                 tags,
		"Instances": object{
			"InstanceFleets": fleets, "Ec2SubnetIds": at.Subnets, "KeepJobFlowAliveWhenNoSteps": true, "TerminationProtected": false,
			"UnhealthyNodeReplacement":      true,
			"EmrManagedMasterSecurityGroup": at.PrimaryGroup, "EmrManagedSlaveSecurityGroup": at.CoreGroup, "ServiceAccessSecurityGroup": at.ServiceGroup,
		},
	}
	if p.Mode != "persistent" {
		// Should nobody be there to end it, it ends itself; a little later than Decide would.
		out["AutoTerminationPolicy"] = object{"IdleTimeout": int((p.Idle + 15*time.Minute).Seconds())}
	}
	for key, value := range map[string]string{"SecurityConfiguration": at.SecurityConfiguration, "LogEncryptionKmsKeyId": at.KMSKey, "StepExecutionRoleArn": at.StepRole} {
		if value != "" {
			out[key] = value
		}
	}
	if p.sessions() {
		out["SessionEnabled"] = true
	}
	return out
}

// sessions says whether the release has sessions of Spark Connect.
func (p *Policy) sessions() bool { return strings.HasPrefix(p.Release, "emr-spark-") }

// Scaling is the managed scaling policy: EMR moves between the limits by the load of YARN, from the least that a
// cluster has up to so many units of task nodes, first on demand, then as Spot.
func (p *Policy) Scaling(onDemand, spot int) map[string]any {
	most := p.Core + onDemand + spot
	return object{"ComputeLimits": object{
		"UnitType": "InstanceFleetUnits", "MinimumCapacityUnits": min(p.Min, most), "MaximumCapacityUnits": most,
		"MaximumCoreCapacityUnits": p.Core, "MaximumOnDemandCapacityUnits": p.Core + onDemand,
	}}
}

// fleet is one fleet of a cluster. Those of primary and core nodes have no Spot.
func (p *Policy) fleet(kind string, from []Type, onDemand, spot int, names []string) map[string]any {
	var types []any
	for _, t := range from {
		if len(names) > 0 && !slices.Contains(names, t.Name) {
			continue
		}
		weight := t.Units
		if kind == "MASTER" {
			weight = 1
		}
		one := object{"InstanceType": t.Name, "WeightedCapacity": weight, "EbsConfiguration": disks(t)}
		if kind == "TASK" {
			one["BidPriceAsPercentageOfOnDemandPrice"] = 100
		} else {
			one["Priority"] = len(types)
		}
		types = append(types, one)
	}
	out := object{
		"Name": strings.ToLower(kind), "InstanceFleetType": kind, "InstanceTypeConfigs": types,
		"TargetOnDemandCapacity": onDemand, "TargetSpotCapacity": spot,
	}
	if kind != "TASK" {
		out["LaunchSpecifications"] = object{"OnDemandSpecification": object{"AllocationStrategy": "prioritized"}}
		return out
	}
	patience := int(p.Patience.Minutes())
	out["LaunchSpecifications"] = object{
		"OnDemandSpecification": object{"AllocationStrategy": "lowest-price"},
		"SpotSpecification":     object{"AllocationStrategy": "price-capacity-optimized", "TimeoutAction": "SWITCH_TO_ON_DEMAND", "TimeoutDurationMinutes": patience},
	}
	out["ResizeSpecifications"] = object{
		"SpotResizeSpecification":     object{"AllocationStrategy": "price-capacity-optimized", "TimeoutDurationMinutes": patience},
		"OnDemandResizeSpecification": object{"AllocationStrategy": "lowest-price", "TimeoutDurationMinutes": resizeOnDemand},
	}
	return out
}

// disks are the volumes of a node, which Spark spreads what it shuffles over.
func disks(t Type) map[string]any {
	return object{"EbsOptimized": true, "EbsBlockDeviceConfigs": []any{object{
		"VolumesPerInstance":  t.Volumes,
		"VolumeSpecification": object{"VolumeType": "gp3", "SizeInGB": t.DiskGB / t.Volumes, "Iops": volumeIOPS, "Throughput": volumeMBPS},
	}}}
}

// Change is the ModifyInstanceFleet request of a resize.
func (p *Policy) Change(a Action, fleetID string) map[string]any {
	f := p.fleet("TASK", p.Task, a.OnDemand, a.Spot, a.Types)
	return object{"ClusterId": a.Cluster, "InstanceFleet": object{
		"InstanceFleetId": fleetID, "TargetOnDemandCapacity": a.OnDemand, "TargetSpotCapacity": a.Spot,
		"ResizeSpecifications": f["ResizeSpecifications"], "InstanceTypeConfigs": f["InstanceTypeConfigs"],
	}}
}

// configurations are the settings of Hadoop and Spark: Delta and the catalog of the account, application
// masters on nodes that are not reclaimed, and calm when some are.
func (p *Policy) configurations(at Place) []any {
	graceful := fmt.Sprint(int((5 * time.Minute).Seconds()))
	return []any{
		// A node with many processors has as many files open in S3 at once as it has tasks, and reads ahead.
		object{"Classification": "core-site", "Properties": object{"fs.s3a.connection.maximum": "1000", "fs.s3a.threads.max": "256"}},
		object{"Classification": "delta-defaults", "Properties": object{"delta.enabled": "true"}},
		object{"Classification": "spark-hive-site", "Properties": object{
			"hive.metastore.client.factory.class": "com.amazonaws.glue.catalog.metastore.AWSGlueDataCatalogHiveClientFactory",
		}},
		object{"Classification": "spark-defaults", "Properties": object{
			"spark.sql.extensions":                                    "io.delta.sql.DeltaSparkSessionExtension",
			"spark.sql.catalog.spark_catalog":                         "org.apache.spark.sql.delta.catalog.DeltaCatalog",
			"spark.databricks.delta.schema.forceAlterTableDataSchema": "true",
			"spark.eventLog.enabled":                                  "true",
			"spark.eventLog.dir":                                      at.EventLogURI,
			"spark.dynamicAllocation.enabled":                         "true",
			"spark.decommissioning.timeout.threshold":                 "120",
			"spark.blacklist.decommissioning.enabled":                 "true",
			"spark.blacklist.decommissioning.timeout":                 "10m",
			"spark.stage.attempt.ignoreOnDecommissionFetchFailure":    "true",
			"spark.resourceManager.cleanupExpiredHost":                "true",
			"spark.scheduler.maxRetainedRemovedDecommissionExecutors": "100",
			"spark.yarn.maxAppAttempts":                               "1", // petalake starts it again, behind its last step
		}},
		object{"Classification": "yarn-site", "Properties": object{
			"yarn.node-labels.enabled":                                            "true",
			"yarn.node-labels.am.default-node-label-expression":                   "CORE",
			"yarn.resourcemanager.nodemanager-graceful-decommission-timeout-secs": graceful,
		}},
	}
}

// Resource is the request as the properties of AWS::EMR::Cluster: other names for the same, without what
// CloudFormation does not know.
func Resource(request map[string]any) map[string]any {
	out, instances := object{}, object{}
	for key, value := range request {
		switch key {
		case "SessionEnabled", "StepExecutionRoleArn", "Instances":
		case "Configurations":
			out[key] = renamed(value.([]any))
		default:
			out[key] = value
		}
	}
	for key, value := range request["Instances"].(object) {
		if key != "InstanceFleets" {
			instances[key] = value
			continue
		}
		for _, one := range value.([]any) {
			fleet := object{}
			for k, v := range one.(object) {
				if k != "InstanceFleetType" {
					fleet[k] = v
				}
			}
			switch one.(object)["InstanceFleetType"] {
			case "MASTER":
				instances["MasterInstanceFleet"] = fleet
			case "CORE":
				instances["CoreInstanceFleet"] = fleet
			default:
				instances["TaskInstanceFleets"] = []any{fleet}
			}
		}
	}
	out["Instances"] = instances
	return out
}

func renamed(all []any) (out []any) {
	for _, one := range all {
		c := one.(object)
		out = append(out, object{"Classification": c["Classification"], "ConfigurationProperties": c["Properties"]})
	}
	return out
}
