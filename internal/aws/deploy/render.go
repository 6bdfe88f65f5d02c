package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// site is a lakehouse in an environment: what all stacks are made from.
type site struct {
	l    *spec.Lakehouse
	e    *spec.Environment
	a    *spec.AWS
	base string // what all names begin with, such as shop-prod

	access []access.Policy // of petalake itself, first, and of the roles of access; nil without it
}

// Render returns the stacks of an environment whose variables are resolved. What AWS would refuse is
// spec.Errors, with the line of lakehouse.yaml that asks for it.
func Render(l *spec.Lakehouse, e *spec.Environment) ([]*Stack, error) {
	if !e.InAWS() {
		return nil, spec.Errors{{
			Pos: e.Pos, Path: "environments." + e.Name, Message: fmt.Sprintf("environments.%s: it is not in AWS", e.Name),
			Hint: "write aws: {region: eu-central-1} in it",
		}}
	}
	s := &site{l: l, e: e, a: &e.AWS, base: l.Base(e)}
	if err := s.nameTooLong(); err != nil {
		return nil, err
	}
	var err error
	if s.access, err = s.accessPolicies(); err != nil {
		return nil, err
	}
	stacks := []*Stack{s.bootstrap(), s.foundation()}
	for _, one := range []*Stack{s.ingest(), s.compute(), s.observe()} {
		if len(one.template.Resources) > 0 {
			stacks = append(stacks, one)
		}
	}
	var problems spec.Errors
	for _, one := range stacks {
		problems = append(problems, s.finish(one)...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return stacks, nil
}

// layer is a stack while its template is written, with the site that it is made from. What several stacks have are
// methods of layer; what one has are methods of a type of its own: of the stack, or of a concern in it.
type layer struct {
	*site
	*Stack
}

func (s *site) layer(name, description string) layer {
	tags := map[string]string{"petalake:environment": s.base, "petalake:layer": name}
	maps.Copy(tags, s.a.Tags)
	return layer{s, &Stack{
		Layer: name, Name: s.base + "-" + name, Tags: tags, from: map[string]origin{},
		template: &cfn.Template{Description: s.base + ": " + description},
	}}
}

func (s *site) bootstrap() *Stack {
	return bootstrap{s.layer(Bootstrap, "buckets for artefacts and logs, and the role that makes the other stacks")}.build()
}

func (s *site) foundation() *Stack {
	return foundation{s.layer(Foundation, "the key, the bucket of the lake, the network, the groups of logs")}.build()
}

func (s *site) ingest() *Stack {
	return ingest{s.layer(Ingest, "what brings rows: files that arrive, streams, replications")}.build()
}

func (s *site) compute() *Stack {
	return compute{s.layer(Compute, "Spark, and petalake itself")}.build()
}

func (s *site) observe() *Stack {
	return observe{s.layer(Observe, "alarms, who is told, the dashboard, the budget")}.build()
}

// nameTooLong checks the one name that all others begin with against the tightest limit: that of a bucket.
func (s *site) nameTooLong() error {
	const most = 63
	longest := spec.BucketName(s.l.Name, s.e.Name, artefacts, strings.Repeat("0", 12), s.a.Region)
	if len(longest) <= most {
		return nil
	}
	rest := len(longest) - len(s.base)
	return spec.Errors{{
		Pos: s.l.At("lakehouse"), Path: "lakehouse",
		Message: fmt.Sprintf("lakehouse: with the environment %s the name is %d characters long, too long for a bucket: S3 takes %d, of which %d are what else is in the name",
			s.e.Name, len(s.base), most, rest),
		Hint: fmt.Sprintf("choose names of the lakehouse and the environment that are at most %d characters together", most-rest-1),
	}}
}

// finish writes the template, and reports what AWS would refuse in it.
func (s *site) finish(one *Stack) (problems spec.Errors) {
	for _, p := range one.template.Check(s.a.Region) {
		from, ok := one.from[p.Resource]
		if !ok {
			from = origin{s.e.At("aws"), "environments." + s.e.Name + ".aws"}
		}
		if p.Hint == "" && strings.HasPrefix(from.path, "sources.") {
			p.Hint = "shorten the path"
		}
		problems = append(problems, spec.Problem{Pos: from.pos, Path: from.path, Message: fmt.Sprintf("%s: stack %s: %s", from.path, one.Layer, p.Error()), Hint: p.Hint})
	}
	data, err := one.template.JSON()
	if err != nil {
		return append(problems, spec.Problem{Pos: s.e.Pos, Message: err.Error()})
	}
	one.Template = data
	held := holding(one.template)
	one.Policy, one.Protected = stackPolicy(held), held != nil
	return problems
}

// holding are the resources that hold what cannot be made again, as a stack policy names them.
func holding(t *cfn.Template) (held cfn.List) {
	for _, r := range t.Resources {
		if HoldsData(r.Type) {
			held = append(held, "LogicalResourceId/"+r.ID)
		}
	}
	return held
}

// stackPolicy denies updates that replace or delete what holds data, and allows the rest.
func stackPolicy(held cfn.List) []byte {
	statements := cfn.List{cfn.Map{"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}}
	if held != nil {
		statements = append(statements, cfn.Map{"Effect": "Deny", "Principal": "*", "Action": cfn.List{"Update:Replace", "Update:Delete"}, "Resource": held})
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	if err := e.Encode(cfn.Map{"Statement": statements}); err != nil {
		return nil // texts are always written
	}
	return b.Bytes()
}

// name is the name of a thing in its region.
func (s *site) name(what string) string { return s.base + "-" + what }

// global is the name of a thing that has to be unique in the account, whatever the region.
func (s *site) global(what string) string { return s.base + "-" + s.a.Region + "-" + what }

// spark says whether the environment needs Spark.
func (s *site) spark() bool { return s.e.NeedsSpark(s.l) }

// watched says whether every read and change of the lake is logged.
func (s *site) watched() bool { return s.a.Security != spec.SecurityBaseline }
