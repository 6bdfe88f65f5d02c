package terraform

import "fmt"

// budget has no name around it, and subscribers by their kind.
func budget(_ *module, _ *template, _ string, p object) error {
	b := child(p, "budget")
	limit := child(b, "budget_limit")
	out := object{"name": b["budget_name"], "budget_type": b["budget_type"], "time_unit": b["time_unit"], "limit_amount": fmt.Sprint(limit["amount"]), "limit_unit": limit["unit"]}
	if tags, ok := child(b, "cost_filters")["tag_key_value"]; ok {
		out["cost_filter"] = object{"name": "TagKeyValue", "values": tags}
	}
	list, _ := p["notifications_with_subscribers"].([]any)
	var notifications []any
	for _, one := range list {
		n := child(one.(object), "notification")
		next := object{"comparison_operator": n["comparison_operator"], "notification_type": n["notification_type"], "threshold": n["threshold"], "threshold_type": n["threshold_type"]}
		for _, s := range one.(object)["subscribers"].([]any) {
			kind := map[any]string{"EMAIL": "subscriber_email_addresses", "SNS": "subscriber_sns_topic_arns"}[s.(object)["subscription_type"]]
			old, _ := next[kind].([]any)
			next[kind] = append(old, s.(object)["address"])
		}
		notifications = append(notifications, next)
	}
	for key := range p {
		delete(p, key)
	}
	out["notification"] = notifications
	for key, value := range out {
		p[key] = value
	}
	return nil
}

// trail has its selectors in blocks.
func trail(_ *module, _ *template, _ string, p object) error {
	list, _ := p["advanced_event_selector"].([]any)
	for _, one := range list {
		rename(one.(object), "field_selectors", "field_selector")
	}
	if arn, ok := p["cloud_watch_logs_group_arn"].(string); ok { // the provider leaves out what CloudTrail wants at its end
		p["cloud_watch_logs_group_arn"] = arn + ":*"
	}
	return nil
}

// alarm has dimensions by their names.
func alarm(_ *module, _ *template, _ string, p object) error {
	list, ok := p["dimensions"].([]any)
	if !ok {
		return nil
	}
	out := object{}
	for _, one := range list {
		out[one.(object)["name"].(string)] = one.(object)["value"]
	}
	p["dimensions"] = out
	return nil
}

// eventRule has targets of their own.
func eventRule(m *module, _ *template, id string, p object) error {
	list, _ := p["targets"].([]any)
	delete(p, "targets")
	for i, one := range list {
		target := one.(object)
		m.add("aws_cloudwatch_event_target", fmt.Sprint(id, i+1), object{"rule": "${aws_cloudwatch_event_rule." + id + ".name}", "arn": target["arn"], "target_id": target["id"]})
	}
	return nil
}

// metricFilter makes one metric.
func metricFilter(_ *module, _ *template, id string, p object) error {
	list, _ := p["metric_transformations"].([]any)
	delete(p, "metric_transformations")
	if len(list) != 1 {
		return fmt.Errorf("metric transformations: want one")
	}
	one := list[0].(object)
	p["name"] = id
	p["metric_transformation"] = object{"name": one["metric_name"], "namespace": one["metric_namespace"], "value": one["metric_value"], "default_value": one["default_value"]}
	return nil
}
