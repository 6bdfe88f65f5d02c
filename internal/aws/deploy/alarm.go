package deploy

import (
	"time"

	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

const period = 300 // seconds that an alarm looks at at once

// alarm is a metric, and what is wrong with it.
type alarm struct {
	id, name, what string
	space, metric  string
	dimensions     []dimension
	statistic      string
	worse          string // than the threshold
	than           float64
	atOnce         bool // rather than after three periods in a row
	silent         bool // whether no measurement is as bad as a wrong one
}

// dimension says of what a metric is: a value, or an output of a layer.
type dimension struct{ name, value, layer string }

const (
	less = "LessThanThreshold"
	more = "GreaterThanThreshold"
)

// alarms watch what can go wrong with any lakehouse; what is wrong with tables petalake measures
// itself.
func (s observe) alarms() []alarm {
	all := []alarm{s.gone(), {
		id: "Errors", name: "errors", what: "petalake logs errors: see the log " + s.logName("daemon"),
		space: "Petalake", metric: s.name("errors"), statistic: "Sum", worse: more, than: 10,
	}, {
		id: "BucketErrors", name: "bucket-errors", what: "S3 fails or slows down requests to the lake",
		space: "AWS/S3", metric: "5xxErrors", dimensions: []dimension{{"BucketName", "DataBucket", Foundation}, {"FilterId", "all", ""}},
		statistic: "Sum", worse: more, than: 100,
	}}
	if len(s.sourceFolders()) > 0 {
		all = append(all, alarm{
			id: "Waiting", name: "waiting", what: "a file has waited for a quarter of an hour to be loaded",
			space: "AWS/SQS", metric: "ApproximateAgeOfOldestMessage", dimensions: []dimension{{"QueueName", s.name("arrivals"), ""}},
			statistic: "Maximum", worse: more, than: 900,
		}, alarm{
			id: "Undelivered", name: "undelivered", what: "a file was announced five times and not loaded",
			space: "AWS/SQS", metric: "ApproximateNumberOfMessagesVisible", dimensions: []dimension{{"QueueName", s.name("undelivered"), ""}},
			statistic: "Maximum", worse: more, than: 0, atOnce: true,
		})
	}
	for _, source := range s.l.Sources {
		if source.Stream != nil {
			all = append(all, s.streamAlarms(source)...)
		}
	}
	if s.spark() {
		all = append(all, alarm{
			id: "FailedJobs", name: "failed-jobs", what: "jobs of Spark fail",
			space: "AWS/EMRServerless", metric: "FailedJobs", dimensions: []dimension{{"ApplicationId", "Spark", Compute}, {"ApplicationName", s.name("spark"), ""}},
			statistic: "Sum", worse: more, than: 0, atOnce: true,
		})
	}
	return all
}

// streamAlarms fire when records of a stream are refused, or wait to be kept: they are lost once the stream
// forgets them.
func (s observe) streamAlarms(source *spec.Source) []alarm {
	id, name := camel(source.Name), s.name(source.Name)
	late := max(900, 3*time.Duration(source.Stream.Every).Seconds())
	return []alarm{{
		id: "Refused" + id, name: "refused-" + source.Name, what: "the stream " + source.Name + " refuses records: it needs more shards",
		space: "AWS/Kinesis", metric: "WriteProvisionedThroughputExceeded", dimensions: []dimension{{"StreamName", name, ""}},
		statistic: "Sum", worse: more, than: 0,
	}, {
		id: "Late" + id, name: "late-" + source.Name, what: "records of the stream " + source.Name + " wait to be kept: see the log " + s.logName("archive-"+source.Name),
		space: "AWS/Firehose", metric: "DeliveryToS3.DataFreshness", dimensions: []dimension{{"DeliveryStreamName", s.name("archive-" + source.Name), ""}},
		statistic: "Maximum", worse: more, than: late,
	}}
}

// gone is the alarm that petalake itself is not there.
func (s observe) gone() alarm {
	if s.a.Daemon.Image != "" {
		return alarm{
			id: "NoContainer", name: "no-container", what: "no container runs petalake: nothing is loaded",
			space: "ECS/ContainerInsights", metric: "RunningTaskCount", dimensions: []dimension{{"ClusterName", s.base, ""}, {"ServiceName", s.name("daemon"), ""}},
			statistic: "Minimum", worse: less, than: 1, silent: true,
		}
	}
	return alarm{
		id: "NoMachine", name: "no-machine", what: "no machine runs petalake: nothing is loaded",
		space: "AWS/AutoScaling", metric: "GroupInServiceInstances", dimensions: []dimension{{"AutoScalingGroupName", s.name("daemon"), ""}},
		statistic: "Minimum", worse: less, than: 1, silent: true,
	}
}

func (s observe) alarm(a alarm) {
	periods, missing := 3, "notBreaching"
	if a.atOnce {
		periods = 1
	}
	if a.silent {
		missing = "breaching"
	}
	properties := cfn.Map{
		"AlarmName": s.name(a.name), "AlarmDescription": a.what, "Namespace": a.space, "MetricName": a.metric, "Statistic": a.statistic,
		"ComparisonOperator": a.worse, "Threshold": a.than, "Period": period, "EvaluationPeriods": periods, "DatapointsToAlarm": periods,
		"TreatMissingData": missing, "AlarmActions": cfn.List{cfn.Ref("Alerts")}, "OKActions": cfn.List{cfn.Ref("Alerts")}, "ActionsEnabled": true,
	}
	var dimensions cfn.List
	for _, d := range a.dimensions {
		var value any = d.value
		if d.layer != "" {
			value = s.input(d.layer, d.value, "what an alarm watches")
		}
		dimensions = append(dimensions, cfn.Map{"Name": d.name, "Value": value})
	}
	if dimensions != nil {
		properties["Dimensions"] = dimensions
	}
	s.add(a.id, "AWS::CloudWatch::Alarm", properties)
}

// dashboard shows each alarm's metric, in two columns, and the log.
func (s observe) dashboard(alarms []alarm) string {
	var widgets cfn.List
	for i, a := range alarms {
		series := cfn.List{a.space, a.metric}
		for _, d := range a.dimensions {
			value := d.value
			if d.layer != "" {
				value = "${" + value + "}"
			}
			series = append(series, d.name, value)
		}
		widgets = append(widgets, cfn.Map{"type": "metric", "x": 12 * (i % 2), "y": 6 * (i / 2), "width": 12, "height": 6, "properties": cfn.Map{
			"title": a.name, "region": "${AWS::Region}", "stat": a.statistic, "period": period, "metrics": cfn.List{series},
		}})
	}
	widgets = append(widgets, cfn.Map{"type": "log", "x": 0, "y": 6 * ((len(alarms) + 1) / 2), "width": 24, "height": 8, "properties": cfn.Map{
		"title": "log of petalake", "region": "${AWS::Region}", "view": "table",
		"query": "SOURCE '" + s.logName("daemon") + "' | fields @timestamp, @message | sort @timestamp desc | limit 100",
	}})
	return jsonText(cfn.Map{"widgets": widgets})
}
