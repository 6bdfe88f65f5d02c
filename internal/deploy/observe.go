package deploy

import (
	"fmt"

	"github.com/petalake/petalake/internal/cfn"
)

// observe is who is told what, and when.
func (s *site) observe(arrivals []arrival) *Stack {
	to := s.stack(Observe, "alarms, who is told, the dashboard, the budget")
	s.topic(to)
	alarms := s.alarms(arrivals)
	rule := ""
	for i, a := range alarms {
		s.alarm(to, a)
		if i > 0 {
			rule += " OR "
		}
		rule += "ALARM(\"" + s.name(a.name) + "\")"
	}
	well := to.add("Unwell", "AWS::CloudWatch::CompositeAlarm", cfn.Map{
		"AlarmName": s.name("unwell"), "AlarmDescription": "any alarm of " + s.base + ": what a pager or a status page watches", "AlarmRule": rule,
	})
	for _, a := range alarms {
		well.DependsOn = append(well.DependsOn, a.id)
	}
	to.add("ErrorCount", "AWS::Logs::MetricFilter", cfn.Map{
		"LogGroupName": s.logName("daemon"), "FilterPattern": "?ERROR ?\"petalake: \" ?panic",
		"MetricTransformations": cfn.List{cfn.Map{"MetricNamespace": "Petalake", "MetricName": s.name("errors"), "MetricValue": "1", "DefaultValue": 0}},
	})
	to.add("Dashboard", "AWS::CloudWatch::Dashboard", cfn.Map{"DashboardName": s.base, "DashboardBody": cfn.Sub(s.dashboard(alarms))})
	if s.a.Budget > 0 {
		s.budget(to)
	}
	to.output("Alerts", "the topic that alarms are sent to", cfn.Ref("Alerts"))
	return to
}

func (s *site) topic(to *Stack) {
	to.add("Alerts", "AWS::SNS::Topic", cfn.Map{"TopicName": s.name("alerts"), "DisplayName": s.base, "KmsMasterKeyId": to.input(Foundation, "Key", "the key")})
	to.add("AlertsPolicy", "AWS::SNS::TopicPolicy", cfn.Map{"Topics": cfn.List{cfn.Ref("Alerts")}, "PolicyDocument": policy(
		statement{sid: "Alarms", principal: cfn.Map{"Service": cfn.List{"cloudwatch.amazonaws.com", "budgets.amazonaws.com"}}, actions: []string{"sns:Publish"}, resources: []any{cfn.Ref("Alerts")}, when: ownAccount},
		statement{sid: "TLSOnly", deny: true, principal: "*", actions: []string{"sns:Publish"}, resources: []any{cfn.Ref("Alerts")}, when: cfn.Map{"Bool": cfn.Map{"aws:SecureTransport": "false"}}},
	)})
	for i, address := range s.a.Alerts {
		to.add(fmt.Sprintf("Alert%d", i+1), "AWS::SNS::Subscription", cfn.Map{"TopicArn": cfn.Ref("Alerts"), "Protocol": "email", "Endpoint": address})
	}
}

// alarm is a metric of AWS and what is wrong with it.
type alarm struct {
	id, name, what   string
	space, metric    string
	dimensions       cfn.List
	statistic, worse string
	than             float64
	minutes          int // of a period; three in a row are an alarm
	silenceIsBad     bool
}

func dimension(name string, value any) cfn.Map { return cfn.Map{"Name": name, "Value": value} }

// alarms are what has gone wrong whatever the lakehouse does; what is wrong with tables petalake
// measures itself.
func (s *site) alarms(arrivals []arrival) []alarm {
	var all []alarm
	if s.a.Daemon.Image == "" {
		all = append(all, alarm{id: "NoMachine", name: "no-machine", what: "no machine runs petalake: nothing is loaded", space: "AWS/AutoScaling", metric: "GroupInServiceInstances",
			dimensions: cfn.List{dimension("AutoScalingGroupName", s.name("daemon"))}, statistic: "Minimum", worse: "LessThanThreshold", than: 1, minutes: 5, silenceIsBad: true})
	} else {
		all = append(all, alarm{id: "NoContainer", name: "no-container", what: "no container runs petalake: nothing is loaded", space: "ECS/ContainerInsights", metric: "RunningTaskCount",
			dimensions: cfn.List{dimension("ClusterName", s.base), dimension("ServiceName", s.name("daemon"))}, statistic: "Minimum", worse: "LessThanThreshold", than: 1, minutes: 5, silenceIsBad: true})
	}
	all = append(all,
		alarm{id: "Errors", name: "errors", what: "petalake logs errors: see the log " + s.logName("daemon"), space: "Petalake", metric: s.name("errors"),
			statistic: "Sum", worse: "GreaterThanThreshold", than: 10, minutes: 5},
		alarm{id: "BucketErrors", name: "bucket-errors", what: "S3 fails or slows down requests to the lake", space: "AWS/S3", metric: "5xxErrors",
			dimensions: cfn.List{dimension("BucketName", cfn.Ref("DataBucket")), dimension("FilterId", "all")}, statistic: "Sum", worse: "GreaterThanThreshold", than: 100, minutes: 5})
	if len(arrivals) > 0 {
		all = append(all,
			alarm{id: "Waiting", name: "waiting", what: "a file has waited for a quarter of an hour to be loaded", space: "AWS/SQS", metric: "ApproximateAgeOfOldestMessage",
				dimensions: cfn.List{dimension("QueueName", s.name("arrivals"))}, statistic: "Maximum", worse: "GreaterThanThreshold", than: 900, minutes: 5},
			alarm{id: "Undelivered", name: "undelivered", what: "a file was announced five times and not loaded", space: "AWS/SQS", metric: "ApproximateNumberOfMessagesVisible",
				dimensions: cfn.List{dimension("QueueName", s.name("undelivered"))}, statistic: "Maximum", worse: "GreaterThanThreshold", than: 0, minutes: 5})
	}
	if s.spark() {
		all = append(all, alarm{id: "FailedJobs", name: "failed-jobs", what: "jobs of Spark fail", space: "AWS/EMRServerless", metric: "FailedJobs",
			dimensions: cfn.List{dimension("ApplicationId", cfn.Ref("Spark")), dimension("ApplicationName", s.name("spark"))}, statistic: "Sum", worse: "GreaterThanThreshold", than: 0, minutes: 5})
	}
	return all
}

func (s *site) alarm(to *Stack, a alarm) {
	for _, d := range a.dimensions {
		if ref, ok := d.(cfn.Map)["Value"].(cfn.Map); ok {
			to.input(map[string]string{"DataBucket": Foundation, "Spark": Compute}[ref["Ref"].(string)], ref["Ref"].(string), "what an alarm watches")
		}
	}
	missing := "notBreaching"
	if a.silenceIsBad {
		missing = "breaching"
	}
	properties := cfn.Map{
		"AlarmName": s.name(a.name), "AlarmDescription": a.what, "Namespace": a.space, "MetricName": a.metric, "Statistic": a.statistic,
		"ComparisonOperator": a.worse, "Threshold": a.than, "Period": 60 * a.minutes, "EvaluationPeriods": 3, "DatapointsToAlarm": 3,
		"TreatMissingData": missing, "AlarmActions": cfn.List{cfn.Ref("Alerts")}, "OKActions": cfn.List{cfn.Ref("Alerts")}, "ActionsEnabled": true,
	}
	if a.metric == "ApproximateNumberOfMessagesVisible" || a.metric == "FailedJobs" {
		properties["EvaluationPeriods"], properties["DatapointsToAlarm"] = 1, 1
	}
	if a.dimensions != nil {
		properties["Dimensions"] = a.dimensions
	}
	to.add(a.id, "AWS::CloudWatch::Alarm", properties)
}

// dashboard shows each alarm's metric, in two columns, and the log.
func (s *site) dashboard(alarms []alarm) string {
	var widgets cfn.List
	for i, a := range alarms {
		series := cfn.List{a.space, a.metric}
		for _, d := range a.dimensions {
			value := d.(cfn.Map)["Value"]
			if ref, ok := value.(cfn.Map); ok {
				value = "${" + ref["Ref"].(string) + "}"
			}
			series = append(series, d.(cfn.Map)["Name"], value)
		}
		widgets = append(widgets, cfn.Map{"type": "metric", "x": 12 * (i % 2), "y": 6 * (i / 2), "width": 12, "height": 6, "properties": cfn.Map{
			"title": a.name, "region": "${AWS::Region}", "stat": a.statistic, "period": 60 * a.minutes, "metrics": cfn.List{series},
		}})
	}
	widgets = append(widgets, cfn.Map{"type": "log", "x": 0, "y": 6 * ((len(alarms) + 1) / 2), "width": 24, "height": 8, "properties": cfn.Map{
		"title": "log of petalake", "region": "${AWS::Region}", "view": "table",
		"query": "SOURCE '" + s.logName("daemon") + "' | fields @timestamp, @message | sort @timestamp desc | limit 100",
	}})
	return jsonText(cfn.Map{"widgets": widgets})
}

// budget tells before more is spent than was said. It counts what has the tag of the environment,
// which the account has to be told to count by, once.
func (s *site) budget(to *Stack) {
	subscribers := cfn.List{cfn.Map{"SubscriptionType": "SNS", "Address": cfn.Ref("Alerts")}}
	notify := func(kind string, percent int) cfn.Map {
		return cfn.Map{"Subscribers": subscribers, "Notification": cfn.Map{
			"NotificationType": kind, "ComparisonOperator": "GREATER_THAN", "Threshold": percent, "ThresholdType": "PERCENTAGE",
		}}
	}
	to.add("Budget", "AWS::Budgets::Budget", cfn.Map{
		"Budget": cfn.Map{
			"BudgetName": s.global("budget"), "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": cfn.Map{"Amount": s.a.Budget, "Unit": "USD"},
			"CostFilters": cfn.Map{"TagKeyValue": cfn.List{"user:petalake:environment$" + s.base}},
		},
		"NotificationsWithSubscribers": cfn.List{notify("FORECASTED", 100), notify("ACTUAL", 80), notify("ACTUAL", 100)},
	})
}
