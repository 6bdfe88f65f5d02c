package deploy

import (
	"github.com/petalake/petalake/internal/aws/cfn"
	"github.com/petalake/petalake/spec"
)

// Stack is one CloudFormation stack, as it should be.
type Stack struct {
	Layer      string            // bootstrap, foundation, ingest, compute or observe
	Name       string            // of the stack in AWS, such as shop-prod-foundation
	Template   []byte            // JSON; more than fits into a request, so it goes by way of S3
	Parameters []Parameter       // what the template is given
	Tags       map[string]string // of the stack, and so of everything in it
	Protected  bool              // against being deleted: it holds what cannot be made again
	// Policy is the stack policy: it denies updates that would replace what holds data.
	Policy []byte

	template *cfn.Template
	granted  bool              // Lake Formation grants tables of the lake, which is to be registered there
	from     map[string]origin // of resources that an element of lakehouse.yaml asked for, by logical id
}

// Parameter is a value that a template is given. Of Output and Given one is set.
type Parameter struct {
	Name   string
	Layer  string // of the stack whose output it is
	Output string // the name of that output
	Given  string // what the one who deploys has to know: BinaryKey, BinaryDigest, BundleKey or BundleDigest
}

// What is given to the stack compute by the one who deploys: where in the bucket of artefacts the
// program and the folder of lakehouse.yaml lie, and the SHA-256 of each in hexadecimal.
const (
	BinaryKey    = "BinaryKey"
	BinaryDigest = "BinaryDigest"
	BundleKey    = "BundleKey"    // a .tar.gz
	BundleDigest = "BundleDigest" // of it
)

// The layers of a lakehouse in AWS, in the order in which they are made.
const (
	Bootstrap  = "bootstrap"
	Foundation = "foundation"
	Ingest     = "ingest"
	Compute    = "compute"
	Observe    = "observe"
)

// Layers are all of them, in that order.
var Layers = []string{Bootstrap, Foundation, Ingest, Compute, Observe}

// origin is the element of lakehouse.yaml that asked for a resource.
type origin struct {
	pos  spec.Pos
	path string
}

// input adds a parameter that is an output of a stack before.
func (s *Stack) input(layer, output, description string) cfn.Map {
	if !s.has(output) {
		s.template.Parameters = append(s.template.Parameters, cfn.Parameter{Name: output, Type: "String", Description: description})
		s.Parameters = append(s.Parameters, Parameter{Name: output, Layer: layer, Output: output})
	}
	return cfn.Ref(output)
}

// given adds a parameter that the one who deploys fills in.
func (s *Stack) given(name, description string) {
	s.template.Parameters = append(s.template.Parameters, cfn.Parameter{Name: name, Type: "String", Description: description})
	s.Parameters = append(s.Parameters, Parameter{Name: name, Given: name})
}

func (s *Stack) has(parameter string) bool {
	for _, p := range s.Parameters {
		if p.Name == parameter {
			return true
		}
	}
	return false
}

func (s *Stack) add(id, typ string, properties cfn.Map) *cfn.Resource {
	return s.template.Add(id, typ, properties)
}

func (s *Stack) output(name, description string, value any) {
	s.template.Outputs = append(s.template.Outputs, cfn.Output{Name: name, Description: description, Value: value})
}
