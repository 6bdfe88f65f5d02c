package log

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Scanner reads one JSON text in a single pass, without building what nobody asked for. The log's
// lines are the bulk of what a reader parses, and encoding/json takes ten times as long for them.
type Scanner struct {
	b     []byte
	i     int
	depth int
}

// NewScanner reads a text from its beginning.
func NewScanner(text []byte) *Scanner { return &Scanner{b: text} }

// maxDepth bounds recursion: the deepest JSON of the protocol is a schema, which is a string here.
const maxDepth = 200

func (s *Scanner) fail(what string) error {
	return fmt.Errorf("invalid JSON: %s at byte %d", what, s.i)
}

func (s *Scanner) space() {
	for s.i < len(s.b) {
		switch s.b[s.i] {
		case ' ', '\t', '\r', '\n':
			s.i++
		default:
			return
		}
	}
}

// Peek is the next byte that is no blank, 0 at the end of the text.
func (s *Scanner) Peek() byte {
	s.space()
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

func (s *Scanner) expect(c byte) error {
	if s.Peek() != c || s.i >= len(s.b) {
		return s.fail("expected " + strconv.QuoteRune(rune(c)))
	}
	s.i++
	return nil
}

// End is an error where anything but space is left.
func (s *Scanner) End() error {
	s.space()
	if s.i < len(s.b) {
		return s.fail("unexpected text after the value")
	}
	return nil
}

// Object calls field for each member; field must consume the member's value.
func (s *Scanner) Object(field func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.depth++; s.depth > maxDepth {
		return s.fail("nested too deep")
	}
	defer func() { s.depth-- }()
	if s.Peek() == '}' {
		s.i++
		return nil
	}
	for {
		key, err := s.Text()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := field(key); err != nil {
			return err
		}
		switch s.Peek() {
		case ',':
			s.i++
		case '}':
			s.i++
			return nil
		default:
			return s.fail("expected ',' or '}'")
		}
	}
}

// Array calls item for each element; item must consume the element.
func (s *Scanner) Array(item func() error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	if s.depth++; s.depth > maxDepth {
		return s.fail("nested too deep")
	}
	defer func() { s.depth-- }()
	if s.Peek() == ']' {
		s.i++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		switch s.Peek() {
		case ',':
			s.i++
		case ']':
			s.i++
			return nil
		default:
			return s.fail("expected ',' or ']'")
		}
	}
}

// Null consumes a null where one is.
func (s *Scanner) Null() bool {
	s.space()
	if bytes.HasPrefix(s.b[s.i:], []byte("null")) {
		s.i += 4
		return true
	}
	return false
}

// quoted returns the string with its quotes, and whether what is between them stands for itself.
// encoding/json, which the slow path uses, replaces what is not UTF-8.
func (s *Scanner) quoted() (raw []byte, plain bool, err error) {
	if err := s.expect('"'); err != nil {
		return nil, false, err
	}
	start, ascii := s.i-1, true
	plain = true
	for s.i < len(s.b) {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			raw = s.b[start:s.i]
			return raw, plain && (ascii || utf8.Valid(raw)), nil
		case c == '\\':
			plain = false
			s.i += 2
		case c < 0x20:
			return nil, false, s.fail("control character in a string")
		default:
			ascii = ascii && c < utf8.RuneSelf
			s.i++
		}
	}
	s.i = len(s.b)
	return nil, false, s.fail("unterminated string")
}

// Text reads a string.
func (s *Scanner) Text() (string, error) {
	raw, plain, err := s.quoted()
	if err != nil {
		return "", err
	}
	if plain {
		return string(raw[1 : len(raw)-1]), nil
	}
	var out string
	if err := json.Unmarshal(raw, &out); err != nil {
		return "", s.fail("bad escape in a string")
	}
	return out, nil
}

// Optional is text, or "" for null.
func (s *Scanner) Optional() (string, error) {
	if s.Null() {
		return "", nil
	}
	return s.Text()
}

// Integer reads a number that is an int64.
func (s *Scanner) Integer() (int64, error) {
	raw, err := s.number()
	if err != nil {
		return 0, err
	}
	if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return n, nil
	}
	f, err := strconv.ParseFloat(string(raw), 64) // 1e3 and 5.0 are written by some
	if err != nil || f != float64(int64(f)) {
		return 0, s.fail("expected an integer")
	}
	return int64(f), nil
}

func (s *Scanner) number() ([]byte, error) {
	s.space()
	start := s.i
	for s.i < len(s.b) {
		c := s.b[s.i]
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			break
		}
		s.i++
	}
	raw := s.b[start:s.i]
	if !json.Valid(raw) {
		s.i = start
		return nil, s.fail("expected a number")
	}
	return raw, nil
}

func (s *Scanner) boolean() (bool, error) {
	s.space()
	switch rest := s.b[s.i:]; {
	case bytes.HasPrefix(rest, []byte("true")):
		s.i += 4
		return true, nil
	case bytes.HasPrefix(rest, []byte("false")):
		s.i += 5
		return false, nil
	}
	return false, s.fail("expected true or false")
}

// Skip passes over one value of any kind.
func (s *Scanner) Skip() error {
	switch c := s.Peek(); c {
	case '{':
		return s.Object(func(string) error { return s.Skip() })
	case '[':
		return s.Array(s.Skip)
	case '"':
		_, err := s.Text()
		return err
	case 't', 'f':
		_, err := s.boolean()
		return err
	case 'n':
		if s.Null() {
			return nil
		}
		return s.fail("unexpected text")
	default:
		_, err := s.number()
		return err
	}
}

// Raw passes over one value and returns its text.
func (s *Scanner) Raw() ([]byte, error) {
	s.space()
	start := s.i
	err := s.Skip()
	return s.b[start:s.i], err
}

// texts reads an array of strings; null is nil.
func (s *Scanner) texts() ([]string, error) {
	if s.Null() {
		return nil, nil
	}
	out := []string{}
	err := s.Array(func() error {
		t, err := s.Text()
		out = append(out, t)
		return err
	})
	return out, err
}

// pairs reads an object of strings; members that are null are left out.
func (s *Scanner) pairs() (map[string]string, error) {
	if s.Null() {
		return nil, nil
	}
	out := map[string]string{}
	err := s.Object(func(key string) error {
		if s.Null() {
			return nil
		}
		t, err := s.Text()
		out[key] = t
		return err
	})
	return out, err
}

// loose reads an object of anything: strings as they are, other values as their JSON text.
func (s *Scanner) loose() (map[string]string, error) {
	if s.Null() {
		return nil, nil
	}
	out := map[string]string{}
	err := s.Object(func(key string) error {
		if s.Peek() == '"' {
			t, err := s.Text()
			out[key] = t
			return err
		}
		raw, err := s.Raw()
		out[key] = string(raw)
		return err
	})
	return out, err
}

// nullable reads an object of strings and nulls: partition values.
func (s *Scanner) nullable() (map[string]*string, error) {
	if s.Null() {
		return nil, nil
	}
	var out map[string]*string
	err := s.Object(func(key string) error {
		if out == nil {
			out = map[string]*string{}
		}
		if s.Null() {
			out[key] = nil
			return nil
		}
		t, err := s.Text()
		if t == "" {
			out[key] = nil // PROTOCOL.md: an empty string is null
		} else {
			out[key] = &t
		}
		return err
	})
	return out, err
}

// List reads an array, or says false for null.
func (s *Scanner) List(item func() error) (bool, error) {
	if s.Null() {
		return false, nil
	}
	return true, s.Array(item)
}
