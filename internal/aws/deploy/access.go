package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// AccessDocuments are the policies of IAM that an actor of access gets for tables in an environment, by its name: see
// access.Documents. None without access. An unknown name is an *access.UnknownActorError.
func AccessDocuments(l *spec.Lakehouse, e *spec.Environment, actor string) ([]access.Document, error) {
	who, err := access.New(l).Actor(actor)
	if err != nil {
		return nil, err
	}
	policies, err := (&site{l: l, e: e, a: &e.AWS}).accessPolicies()
	if err != nil {
		return nil, err
	}
	return access.Documents(l, e, policies, who)
}

// accessPolicies are the policies of who reads and writes tables: of petalake itself, first, and of each role of access.
func (s *site) accessPolicies() ([]access.Policy, error) {
	var raw []string
	for _, a := range s.sourceFolders() {
		raw = append(raw, a.prefix)
	}
	return access.Policies(s.l, s.e, raw)
}

// tables adds the policies by which petalake itself reaches tables, and returns them for its roles: those of the
// daemon, and of jobs without a role. Nil without access, whose place lakeAccess and
// catalogAccess take then.
func (s compute) tables() []any {
	if s.access == nil {
		return nil
	}
	return s.managed("Tables", "tables", "petalake reads the lake, and writes its own tables", s.access[0])
}

// managed adds the documents of a policy.
func (s layer) managed(id, what, description string, p access.Policy) (refs []any) {
	s.input(Foundation, "DataBucket", "the bucket of the lake")
	s.input(Foundation, "Key", "the key")
	for i, d := range p.Documents {
		more := ""
		if i > 0 {
			more = fmt.Sprint(i + 1)
		}
		s.add(id+"Policy"+more, "AWS::IAM::ManagedPolicy", cfn.Map{
			"ManagedPolicyName": s.global(what) + more, "Description": description, "PolicyDocument": filled(d),
		})
		refs = append(refs, cfn.Ref(id+"Policy"+more))
	}
	return refs
}

// filled is a document in which CloudFormation fills in what is named in ${...}.
func filled(d access.Document) any {
	var v any
	if err := json.NewDecoder(bytes.NewReader([]byte(jsonText(d)))).Decode(&v); err != nil {
		return nil // what was written is read
	}
	return filledIn(v)
}

func filledIn(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = filledIn(inner)
		}
	case []any:
		for i, inner := range v {
			v[i] = filledIn(inner)
		}
	case string:
		name, one := strings.CutPrefix(v, "${")
		if one = one && strings.Index(name, "}") == len(name)-1; one {
			return cfn.Ref(strings.TrimSuffix(name, "}"))
		}
		if strings.Contains(v, "${") {
			return cfn.Sub(v)
		}
	}
	return v
}

// accessRole is a role of access that somebody can take.
type accessRole struct {
	id string // of the role in the template
	access.Policy
}

// accessRoles are the roles that members of roles take by their own ones, and programs of jobs on EMR.
func (s *site) accessRoles() (all []accessRole) {
	seen := map[string]bool{}
	for _, p := range s.access {
		if len(p.Trusts)+len(p.Jobs) == 0 {
			continue // nobody but users of a door
		}
		id := "Access" + camel(p.Actor.Name())
		for seen[id] {
			id += "More"
		}
		seen[id] = true
		all = append(all, accessRole{id + "Role", p})
	}
	return all
}

// memberRoles are the roles of access in the stack compute: those that members take, and programs of jobs run as.
type memberRoles struct{ layer }

func (s memberRoles) build() {
	for _, r := range s.accessRoles() {
		name := r.Actor.Name()
		description := "the role " + name + " of access"
		var trusted, own []statement
		if r.Trusts != nil {
			trusted = append(trusted, statement{sid: "Members", principal: cfn.Map{"AWS": r.Trusts}, actions: []string{"sts:AssumeRole"}})
		}
		if r.Jobs != nil {
			trusted = append(trusted, programs(s).takeRoles()...)
			own = append(programs(s).catalog(), programs(s).own()...)
		}
		made := s.role(r.id, "role-"+name, description, policy(trusted...), s.managed(strings.TrimSuffix(r.id, "Role")+"Tables", "role-"+name+"-tables", description+": tables", r.Policy), own...)
		s.output(r.id, description, cfn.GetAtt(r.id, "Arn"))
		s.from[made.ID] = origin{r.Pos, "access.roles." + name}
	}
}
