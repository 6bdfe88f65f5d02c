package rollout

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// StackProperty is a property of a resource that changes, and so why the resource does.
type StackProperty struct {
	Path string // as in LaunchTemplateData.InstanceType; Tags and other attributes by their names
	// Before and After are its values where CloudFormation tells them: short ones, none that may be secret.
	Before, After string
	Replaces      bool   // with this change another resource takes the place, or may do so
	Cause         string // the parameter or resource that the value comes from; "" where the template says it
}

// propertiesOf are the properties of a change, each once.
func propertiesOf(r *types.ResourceChange) (all []StackProperty) {
	for _, d := range r.Details {
		t := d.Target
		if t == nil {
			continue
		}
		p := StackProperty{
			Path: pathOf(t), Replaces: t.RequiresRecreation == types.RequiresRecreationAlways || t.RequiresRecreation == types.RequiresRecreationConditionally,
			Cause: aws.ToString(d.CausingEntity),
		}
		p.Before, p.After = visible(aws.ToString(r.ResourceType), p.Path, aws.ToString(t.BeforeValue)), visible(aws.ToString(r.ResourceType), p.Path, aws.ToString(t.AfterValue))
		// What a reference makes of a property is reported twice: that it may change, and what to.
		i := slices.IndexFunc(all, func(q StackProperty) bool { return q.Path == p.Path })
		switch {
		case i < 0:
			all = append(all, p)
		case all[i].Cause == "" || p.Cause == "":
			all[i].Cause += p.Cause
			all[i].Before, all[i].After = all[i].Before+p.Before, all[i].After+p.After
			all[i].Replaces = all[i].Replaces || p.Replaces
		}
	}
	slices.SortStableFunc(all, func(a, b StackProperty) int { return strings.Compare(a.Path, b.Path) })
	return all
}

func pathOf(t *types.ResourceTargetDefinition) string {
	path := strings.TrimPrefix(aws.ToString(t.Path), "/Properties")
	if path = strings.ReplaceAll(strings.Trim(path, "/"), "/", "."); path != "" {
		return path
	}
	if name := aws.ToString(t.Name); name != "" {
		return name
	}
	return string(t.Attribute)
}

// longest is how long a value is that is told, in bytes; longer ones are texts and policies.
const longest = 80

var (
	secretPath  = regexp.MustCompile(`(?i)secret|password|token|credential|private|user_?data|environment`)
	secretValue = regexp.MustCompile(`(?i)-----BEGIN|AKIA[0-9A-Z]{12}|\{\{resolve:|:[^/@ ]+@|\*\*\*\*`)
)

// shown is a value for a sentence that needs one, or a word in its place.
func shown(typ, path, value string) string {
	if value != "" && visible(typ, path, value) == "" {
		return "(not shown)"
	}
	return value
}

// visible is a value as people may see it; "" for one that may be secret, or is long.
func visible(typ, path, value string) string {
	if typ == "AWS::SecretsManager::Secret" || len(value) > longest || secretPath.MatchString(path) || secretValue.MatchString(value) {
		return ""
	}
	return value
}
