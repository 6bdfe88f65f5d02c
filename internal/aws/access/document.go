package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Document is a policy of IAM.
type Document struct {
	Version    string      `json:"Version"`
	Statements []Statement `json:"Statement"`
}

// Statement is one of a policy: of Action and NotAction one is set, and of Resource and NotResource.
type Statement struct {
	Sid         string    `json:"Sid,omitempty"`
	Effect      string    `json:"Effect"` // Allow or Deny
	Principal   Principal `json:"Principal,omitzero"`
	Action      Texts     `json:"Action,omitempty"`
	NotAction   Texts     `json:"NotAction,omitempty"`
	Resource    Texts     `json:"Resource,omitempty"`
	NotResource Texts     `json:"NotResource,omitempty"`
	Condition   Condition `json:"Condition,omitempty"`
}

// Condition is what must hold: values by key by operator. All keys must hold, and of values one.
type Condition map[string]map[string]Texts

// Texts is one text or a list of them.
type Texts []string

// MarshalJSON writes one text as a text.
func (t Texts) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return plain(t[0])
	}
	return plain([]string(t))
}

// UnmarshalJSON reads a text, a truth, a number, or a list of these. An empty list is an error: without a
// resource a statement would speak of all.
func (t *Texts) UnmarshalJSON(data []byte) error {
	*t = nil
	var list []json.RawMessage
	if trimmed := bytes.TrimSpace(data); len(trimmed) == 0 || trimmed[0] != '[' {
		list = []json.RawMessage{data}
	} else if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	if len(list) == 0 {
		return errors.New("policy: an empty list")
	}
	for _, one := range list {
		var v any
		d := json.NewDecoder(bytes.NewReader(one))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			return err
		}
		switch v := v.(type) {
		case string:
			*t = append(*t, v)
		case bool, json.Number:
			*t = append(*t, fmt.Sprint(v))
		default:
			return fmt.Errorf("policy: %s is no text", one)
		}
	}
	return nil
}

// Principal is whom a policy of a resource speaks of: Any, or texts by kind (AWS, Service, Federated).
type Principal struct {
	Any  bool
	Kind map[string]Texts
}

// IsZero says whether none is named, as in policies of identities.
func (p Principal) IsZero() bool { return !p.Any && p.Kind == nil }

// MarshalJSON writes any principal as "*".
func (p Principal) MarshalJSON() ([]byte, error) {
	if p.Any {
		return []byte(`"*"`), nil
	}
	return plain(p.Kind)
}

// UnmarshalJSON reads "*", or principals by kind.
func (p *Principal) UnmarshalJSON(data []byte) error {
	*p = Principal{}
	var text string
	if json.Unmarshal(data, &text) == nil {
		if text != "*" {
			return fmt.Errorf("policy: principal %q is not *", text)
		}
		p.Any = true
		return nil
	}
	return json.Unmarshal(data, &p.Kind)
}

// plain is JSON in which <, > and & stay as they are.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// ParseDocument reads a policy of IAM. One statement may stand for a list of one.
func ParseDocument(data []byte) (*Document, error) {
	var raw struct {
		Version   string          `json:"Version"`
		Statement json.RawMessage `json:"Statement"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	d := &Document{Version: raw.Version}
	if one := bytes.TrimSpace(raw.Statement); len(one) > 0 && one[0] == '{' {
		raw.Statement = slices.Concat([]byte("["), one, []byte("]"))
	}
	statements := json.NewDecoder(bytes.NewReader(raw.Statement))
	statements.DisallowUnknownFields() // such as NotPrincipal
	if err := statements.Decode(&d.Statements); err != nil {
		return nil, fmt.Errorf("policy: Statement: %w", err)
	}
	for i, s := range d.Statements {
		if s.Effect != allow && s.Effect != deny {
			return nil, fmt.Errorf("policy: statement %d: Effect %q is neither Allow nor Deny", i, s.Effect)
		}
		if (s.Action == nil) == (s.NotAction == nil) {
			return nil, fmt.Errorf("policy: statement %d: want one of Action and NotAction", i)
		}
	}
	return d, nil
}

const (
	allow   = "Allow"
	deny    = "Deny"
	version = "2012-10-17"
)

// MaxPolicy is the most characters of a managed policy, blanks not counted (IAM quotas).
const MaxPolicy = 6144

// size is how many characters of a managed policy the document takes, when its names are filled in.
func (d Document) size(fill func(string) string) int {
	text, err := plain(d)
	if err != nil {
		return MaxPolicy + 1
	}
	return len(fill(string(text)))
}

// pack puts statements into as few documents as they need, in order. A statement that does not fit is
// split by its resources, or by the values of s3:prefix.
func pack(statements []Statement, fill func(string) string) []Document {
	var all []Document
	for len(statements) > 0 {
		next := Document{Version: version}
		for len(statements) > 0 {
			fits := Document{version, append(slices.Clone(next.Statements), statements[0])}
			if fits.size(fill) <= MaxPolicy {
				next, statements = fits, statements[1:]
				continue
			}
			first, second, ok := statements[0].halves()
			if len(next.Statements) > 0 || !ok {
				if len(next.Statements) == 0 { // it can not be made smaller; who looks at sizes finds it
					next, statements = fits, statements[1:]
				}
				break
			}
			statements = append([]Statement{first, second}, statements[1:]...)
		}
		all = append(all, next)
	}
	return all
}

// halves splits a statement in two that together say the same.
func (s Statement) halves() (first, second Statement, ok bool) {
	first, second = s, s
	if n := len(s.Resource); n > 1 {
		first.Resource, second.Resource = s.Resource[:n/2], s.Resource[n/2:]
		return first, second, true
	}
	prefixes := s.Condition["StringLike"]["s3:prefix"]
	if n := len(prefixes); n > 1 && len(s.Condition) == 1 && len(s.Condition["StringLike"]) == 1 {
		first.Condition = Condition{"StringLike": {"s3:prefix": prefixes[:n/2]}}
		second.Condition = Condition{"StringLike": {"s3:prefix": prefixes[n/2:]}}
		return first, second, true
	}
	return s, s, false
}
