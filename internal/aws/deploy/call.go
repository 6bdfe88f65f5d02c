package deploy

import (
	"slices"

	"github.com/petalake/petalake/internal/aws/cfn"
)

// call is something that deploy does for a stack itself, since CloudFormation cannot.
type call struct {
	kind   Kind
	of     string // the resource that the call is for: a stack without it has no such call
	object string
	why    string
	renews bool // the call is made again where the resource is replaced, and not only where it is new
}

// calls are all of them. Each is a step of a plan where what it is for is made; an account may show that one is due
// besides, or done already: see SetDue.
var calls = []call{
	{kind: UploadProgram, of: "DaemonTemplate", object: "program", why: "uploaded, and its digest given to the machine, which runs nothing else"},
	{kind: UploadBundle, of: "DaemonTemplate", object: "lakehouse", why: "lakehouse.yaml and the files it names, uploaded as one, which the machine checks by its digest"},
	{kind: CloseGroup, of: "Network", object: "default security group", why: "closed: what names no group of its own reaches nothing", renews: true},
	{kind: RegisterLake, of: "TablesPolicy", object: "folder of the lake", why: "registered with Lake Formation, which then guards it beside IAM (hybrid access)"},
	{kind: MakeCertificate, of: "ClusterSecurity", object: "emr/certificates.zip", why: "a certificate for the nodes of clusters, made here, for what they say to each other"},
	{kind: ActivateTag, of: "Budget", object: "cost allocation tag", why: "petalake:environment is activated, so that the budget counts"},
}

func (c call) step(layer string) Step {
	return Step{Kind: c.kind, Verb: Call, Stack: layer, Object: c.object, Why: c.why}
}

// calls are the calls that belong to a stack, whether or not they have been made.
func (s *Stack) calls() (own []call) {
	for _, c := range calls {
		if s.template.Resource(c.of) != nil && (c.kind != RegisterLake || s.granted) {
			own = append(own, c)
		}
	}
	return own
}

// made says whether changes to a stack, or to what it is given, ask for the call.
func (c call) made(changes []cfn.Change, moved map[string]bool) bool {
	if c.kind == RegisterLake && moved["DataBucket"] {
		return true
	}
	return slices.ContainsFunc(changes, func(x cfn.Change) bool {
		return x.ID == c.of && (x.Action == cfn.Create || x.Action == cfn.Replace && c.renews)
	})
}

// Calls are the kinds of the calls that a stack has, whether or not they have been made.
func (s *Stack) Calls() (kinds []Kind) {
	for _, c := range s.calls() {
		kinds = append(kinds, c.kind)
	}
	return kinds
}

// SetDue takes the account's word on a call of a stack: whether what it does has been done already.
func (p *Plan) SetDue(s *Stack, kind Kind, due bool) {
	p.Steps = slices.DeleteFunc(p.Steps, func(x Step) bool { return x.Kind == kind && x.Stack == s.Layer })
	for _, c := range s.calls() {
		if c.kind == kind && due {
			p.Add(c.step(s.Layer))
		}
	}
}

// Add takes up steps, in the order in which they are done.
func (p *Plan) Add(steps ...Step) {
	p.Steps = append(p.Steps, steps...)
	p.sort()
}

// StackType is the type of a stack, where a step is about the stack as a whole.
const StackType = "AWS::CloudFormation::Stack"

// ClearStep is the step that removes a stack whose making failed, so that it can be made.
func ClearStep(layer, name string) Step {
	return Step{Kind: ClearStack, Verb: Delete, Stack: layer, Object: name, Type: StackType, Why: "its making failed: what is left of it is removed, and it is made anew"}
}

// RemoveStep is the step that removes a stack whose resources are not known.
func RemoveStep(layer, name string) Step {
	return Step{Kind: RemoveStack, Verb: Delete, Stack: layer, Object: name, Type: StackType, Why: "what is left of a stack that never came to be"}
}

// ProtectStep is the step that protects a stack again, which is as it should be otherwise.
func ProtectStep(layer, name string) Step {
	return Step{Kind: ProtectStack, Verb: Call, Stack: layer, Object: name, Why: "its stack policy and its termination protection are set: what holds data is neither replaced nor deleted"}
}
