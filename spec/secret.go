package spec

import (
	"fmt"
	"io"
	"log/slog"
)

const masked = "***"

// Secret is a text that does not show: however it is printed, logged or marshalled, it is *** (or
// nothing, where it is not set). Reveal is the only way to the text.
type Secret struct {
	// A pointer, for printing a struct that holds a Secret in an unexported field calls no method
	// of Secret but prints its memory: this way an address.
	text *string
}

// NewSecret hides text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the text, for the one who needs it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether no text is set.
func (s Secret) IsZero() bool { return s.text == nil || *s.text == "" }

func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return masked
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return s.String() }

// Format writes String, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue is String, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is String, for encodings of text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON is String, in JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalYAML is String, in YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

func (s *Secret) parse(text string) error {
	if text == "" {
		return faultf("", "is empty")
	}
	if _, err := references(text); err != nil {
		return faultf("write ${env:NAME}, or $${ for the characters themselves", "a reference is not one to an environment variable")
	}
	*s = NewSecret(text)
	return nil
}

func (*Secret) shape() shape { return shape{says: "secret", secret: true} }
