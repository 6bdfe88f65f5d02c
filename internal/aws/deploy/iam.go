package deploy

import "github.com/petalake/petalake/internal/aws/cfn"

// statement is one of a policy. Zero fields are left out.
type statement struct {
	sid       string
	deny      bool
	principal any // of policies of resources
	actions   []string
	resources []any
	when      cfn.Map
}

// policy writes statements as a policy document.
func policy(statements ...statement) cfn.Map {
	var list cfn.List
	for _, s := range statements {
		m := cfn.Map{"Sid": s.sid, "Effect": "Allow", "Action": s.actions}
		if s.deny {
			m["Effect"] = "Deny"
		}
		if s.principal != nil {
			m["Principal"] = s.principal
		}
		if s.resources != nil {
			m["Resource"] = s.resources
		}
		if s.when != nil {
			m["Condition"] = s.when
		}
		list = append(list, m)
	}
	return cfn.Map{"Version": "2012-10-17", "Statement": list}
}

// ownAccount is the condition that a service acts for this account: nobody else can make it act.
var ownAccount = cfn.Map{"StringEquals": cfn.Map{"aws:SourceAccount": cfn.Ref("AWS::AccountId")}}

// trust lets a service of AWS take a role, where a condition holds. Services that say for whom they take
// it have one; those that do not (EC2, CloudFormation, CloudTrail, DMS) are handed roles by
// iam:PassRole, which reaches no other account.
func trust(service string, when cfn.Map) cfn.Map {
	return policy(statement{sid: "Trust", principal: cfn.Map{"Service": service}, actions: []string{"sts:AssumeRole"}, when: when})
}

// account is the account as a principal: whoever its own policies let.
var account = cfn.Map{"AWS": cfn.Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")}

// arn is the name of a resource of this account and region: arn("sqs", "shop-*").
func arn(service, rest string) cfn.Map {
	return cfn.Sub("arn:${AWS::Partition}:" + service + ":${AWS::Region}:${AWS::AccountId}:" + rest)
}

// role adds a role, with a managed policy of its own: the limits of those are the widest.
func (s layer) role(id, what, description string, trusted cfn.Map, managed []any, statements ...statement) *cfn.Resource {
	properties := cfn.Map{
		"RoleName": s.global(what), "Description": description, "AssumeRolePolicyDocument": trusted,
	}
	arns := append(cfn.List{}, managed...)
	if len(statements) > 0 {
		policyID := id + "Policy"
		s.add(policyID, "AWS::IAM::ManagedPolicy", cfn.Map{
			"ManagedPolicyName": s.global(what), "Description": description, "PolicyDocument": policy(statements...),
		})
		arns = append(arns, cfn.Ref(policyID))
	}
	if len(arns) > 0 {
		properties["ManagedPolicyArns"] = arns
	}
	return s.add(id, "AWS::IAM::Role", properties)
}
