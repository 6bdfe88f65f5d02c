package terraform

import (
	"encoding/json"
	"fmt"
	"strings"
)

// firstOf makes a list of one the one.
func firstOf(key string) func(*module, *template, string, object) error {
	return func(_ *module, _ *template, _ string, p object) error {
		if list, ok := p[key].([]any); ok && len(list) == 1 {
			p[key] = list[0]
			return nil
		}
		return fmt.Errorf("%s: want one", key)
	}
}

// eachOf makes a resource for each of a list: the one itself for the first.
func eachOf(kind, key string) func(*module, *template, string, object) error {
	return func(m *module, _ *template, id string, p object) error {
		list, ok := p[key].([]any)
		if !ok || len(list) == 0 {
			return fmt.Errorf("%s: want some", key)
		}
		for i, one := range list[1:] {
			next := object{}
			for k, v := range p {
				next[k] = v
			}
			next[key] = one
			m.add(kind, fmt.Sprint(id, i+2), next)
		}
		p[key] = list[0]
		return nil
	}
}

// attachments are resources of their own, one for each policy of a role.
func attachments(m *module, _ *template, id string, p object) error {
	list, _ := p["managed_policy_arns"].([]any)
	delete(p, "managed_policy_arns")
	for i, arn := range list {
		m.add("aws_iam_role_policy_attachment", fmt.Sprint(id, i+1), object{"role": "${aws_iam_role." + id + ".name}", "policy_arn": arn})
	}
	return nil
}

// securityGroup has its rules as resources of their own.
func securityGroup(m *module, _ *template, id string, p object) error {
	for _, way := range []string{"ingress", "egress"} {
		list, _ := p["security_group_"+way].([]any)
		delete(p, "security_group_"+way)
		for i, one := range list {
			r := one.(object)
			rename(r, "cidr_ip", "cidr_ipv4")
			r["security_group_id"] = "${aws_security_group." + id + ".id}"
			m.add("aws_vpc_security_group_"+way+"_rule", fmt.Sprint(id, "_", way, i+1), r)
		}
	}
	return nil
}

// network closes the group of what names no group of its own.
func network(m *module, _ *template, id string, _ object) error {
	m.add("aws_default_security_group", id, object{"vpc_id": "${aws_vpc." + id + ".id}"})
	return nil
}

// rule is a rule between two groups.
func rule(_ *module, _ *template, _ string, p object) error {
	rename(p, "group_id", "security_group_id", "source_security_group_id", "referenced_security_group_id", "destination_security_group_id", "referenced_security_group_id")
	return nil
}

// group is a group of machines, which are replaced where their template changes.
func group(_ *module, _ *template, _ string, p object) error {
	rename(p, "metrics_collection", "")
	p["enabled_metrics"], p["metrics_granularity"] = []string{"GroupInServiceInstances"}, "1Minute"
	policy := child(p, "mixed_instances_policy")
	rename(child(policy, "launch_template"), "overrides", "override")
	p["tag"] = p["tags"]
	delete(p, "tags")
	p["instance_refresh"] = object{"strategy": "Rolling", "preferences": object{"min_healthy_percentage": 0, "instance_warmup": "120"}}
	return nil
}

// launchTemplate has what CloudFormation has in its data.
func launchTemplate(_ *module, _ *template, _ string, p object) error {
	data := child(p, "launch_template_data")
	delete(p, "launch_template_data")
	for key, value := range data {
		p[key] = value
	}
	if list, ok := p["network_interfaces"].([]any); ok {
		for _, one := range list {
			rename(one.(object), "groups", "security_groups")
		}
	}
	if list, ok := p["tag_specifications"].([]any); ok {
		for _, one := range list {
			tags(one.(object))
		}
	}
	return nil
}

// service has its network without a name around it.
func service(_ *module, _ *template, _ string, p object) error {
	network := child(p, "network_configuration", "awsvpc_configuration")
	network["assign_public_ip"] = network["assign_public_ip"] == "ENABLED"
	p["network_configuration"] = network
	deployment := child(p, "deployment_configuration")
	p["deployment_circuit_breaker"] = deployment["deployment_circuit_breaker"]
	p["deployment_maximum_percent"], p["deployment_minimum_healthy_percent"] = deployment["maximum_percent"], deployment["minimum_healthy_percent"]
	delete(p, "deployment_configuration")
	return nil
}

// task has its containers as a text, whose names begin with a small letter.
func task(m *module, t *template, id string, p object) error {
	value, err := m.value(t, t.Resources[id].Properties["ContainerDefinitions"])
	if err != nil {
		return err
	}
	data, err := json.Marshal(camel(value))
	p["container_definitions"] = string(data)
	rename(child(p, "ephemeral_storage"), "size_in_gi_b", "size_in_gib")
	return err
}

// camel is a value whose names begin with a small letter.
func camel(v any) any {
	switch v := v.(type) {
	case []any:
		for i, one := range v {
			v[i] = camel(one)
		}
	case object:
		out := object{}
		for key, one := range v {
			out[strings.ToLower(key[:1])+key[1:]] = camel(one)
		}
		return out
	}
	return v
}

// serverless is what the AWS provider knows of an application.
func serverless(_ *module, _ *template, _ string, p object) error {
	for _, key := range []string{"monitoring_configuration", "runtime_configuration", "scheduler_configuration"} {
		delete(p, key)
	}
	if i, ok := p["interactive_configuration"].(object); ok {
		p["interactive_configuration"] = object{"livy_endpoint_enabled": i["livy_endpoint_enabled"], "studio_enabled": i["studio_enabled"]}
	}
	return nil
}
