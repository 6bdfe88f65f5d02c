package deploy

import (
	"fmt"
	"strings"

	"github.com/petalake/petalake/internal/aws/cfn"
)

// observe is the stack of who is told what, and when.
type observe struct{ layer }

func (s observe) build() *Stack {
	s.topic()
	alarms := s.alarms()
	var ids, rules []string
	for _, a := range alarms {
		s.alarm(a)
		ids = append(ids, a.id)
		rules = append(rules, `ALARM("`+s.name(a.name)+`")`)
	}
	s.add("Unwell", "AWS::CloudWatch::CompositeAlarm", cfn.Map{
		"AlarmName": s.name("unwell"), "AlarmDescription": "any alarm of " + s.base + ": what a pager or a status page watches", "AlarmRule": strings.Join(rules, " OR "),
	}).DependsOn = ids
	s.add("ErrorCount", "AWS::Logs::MetricFilter", cfn.Map{
		"LogGroupName": s.logName("daemon"), "FilterPattern": "?ERROR ?\"petalake: \" ?panic",
		"MetricTransformations": cfn.List{cfn.Map{"MetricNamespace": "Petalake", "MetricName": s.name("errors"), "MetricValue": "1", "DefaultValue": 0}},
	})
	s.add("Dashboard", "AWS::CloudWatch::Dashboard", cfn.Map{"DashboardName": s.base, "DashboardBody": cfn.Sub(s.dashboard(alarms))})
	if s.a.Budget > 0 {
		s.budget()
	}
	s.output("Alerts", "the topic that alarms are sent to", cfn.Ref("Alerts"))
	return s.Stack
}

func (s observe) topic() {
	s.add("Alerts", "AWS::SNS::Topic", cfn.Map{"TopicName": s.name("alerts"), "DisplayName": s.base, "KmsMasterKeyId": s.input(Foundation, "Key", "the key")})
	s.add("AlertsPolicy", "AWS::SNS::TopicPolicy", cfn.Map{"Topics": cfn.List{cfn.Ref("Alerts")}, "PolicyDocument": policy(
		statement{sid: "Alarms", principal: cfn.Map{"Service": cfn.List{"cloudwatch.amazonaws.com", "budgets.amazonaws.com"}}, actions: []string{"sns:Publish"}, resources: []any{cfn.Ref("Alerts")}, when: ownAccount},
		statement{sid: "TLSOnly", deny: true, principal: "*", actions: []string{"sns:Publish"}, resources: []any{cfn.Ref("Alerts")}, when: cfn.Map{"Bool": cfn.Map{"aws:SecureTransport": "false"}}},
	)})
	for i, address := range s.a.Alerts {
		s.add(fmt.Sprintf("Alert%d", i+1), "AWS::SNS::Subscription", cfn.Map{"TopicArn": cfn.Ref("Alerts"), "Protocol": "email", "Endpoint": address})
	}
}

// budget tells before more is spent than was said. It counts what has the tag of the environment,
// which the account has to be told to count by, once.
func (s observe) budget() {
	subscribers := cfn.List{cfn.Map{"SubscriptionType": "SNS", "Address": cfn.Ref("Alerts")}}
	notify := func(kind string, percent int) cfn.Map {
		return cfn.Map{"Subscribers": subscribers, "Notification": cfn.Map{
			"NotificationType": kind, "ComparisonOperator": "GREATER_THAN", "Threshold": percent, "ThresholdType": "PERCENTAGE",
		}}
	}
	s.add("Budget", "AWS::Budgets::Budget", cfn.Map{
		"Budget": cfn.Map{
			"BudgetName": s.global("budget"), "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": cfn.Map{"Amount": s.a.Budget, "Unit": "USD"},
			"CostFilters": cfn.Map{"TagKeyValue": cfn.List{"user:petalake:environment$" + s.base}},
		},
		"NotificationsWithSubscribers": cfn.List{notify("FORECASTED", 100), notify("ACTUAL", 80), notify("ACTUAL", 100)},
	})
}
