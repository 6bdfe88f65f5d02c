package eventlog

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
)

// scan walks the JSON that Spark writes: compact, with the keys it documents. It reads what is asked
// for and skips the rest without looking closely, at the speed of memory.
//
// What it does not expect (white space, a number that is not one) sets odd; the values read until
// then are not to be used, and canonical puts the line in a shape it does expect. On JSON that is
// valid it never answers other than encoding/json, which a fuzz test holds.
type scan struct {
	b   []byte
	i   int
	odd bool
}

// in says whether the next value is an object or array, as open is '{' or '['. Any other value is
// skipped: null means the same as nothing.
func (s *scan) in(open byte) bool {
	if s.i < len(s.b) && s.b[s.i] == open {
		return true
	}
	s.skip()
	return false
}

// more steps to the next member of the object or array that end closes. Before the first it stands
// on the opening bracket, after the last behind the closing one.
func (s *scan) more(end byte) bool {
	if s.odd || s.i+1 >= len(s.b) {
		if s.i < len(s.b) && s.b[s.i] == end {
			s.i++
			return false
		}
		s.odd = true
		return false
	}
	switch c := s.b[s.i]; {
	case c == end:
		s.i++
		return false
	case c == end-2: // '{' is two before '}', '[' two before ']'
		s.i++
		if s.b[s.i] == end {
			s.i++
			return false
		}
		return true
	case c == ',':
		s.i++
		return true
	}
	s.odd = true
	return false
}

// key reads the key of a member and its colon.
func (s *scan) key() []byte {
	k := s.text()
	if s.i >= len(s.b) || s.b[s.i] != ':' {
		s.odd = true
		return nil
	}
	s.i++
	return k
}

// text reads a string; null is the empty one. The bytes are good until the line is gone.
func (s *scan) text() []byte {
	if s.i >= len(s.b) {
		s.odd = true
		return nil
	}
	if s.b[s.i] != '"' {
		if s.b[s.i] != 'n' {
			s.odd = true
			return nil
		}
		s.skip()
		return nil
	}
	from := s.i
	if !s.skipString() {
		return nil
	}
	token := s.b[from+1 : s.i-1]
	for _, c := range token {
		if c == '\\' || c >= 0x80 {
			return s.escaped(s.b[from:s.i])
		}
	}
	return token
}

func (s *scan) escaped(token []byte) []byte {
	var text string
	if err := json.Unmarshal(token, &text); err != nil {
		s.odd = true
	}
	return []byte(text)
}

// int reads a whole number, which some versions of Spark write as a string; null is 0.
func (s *scan) int() int64 {
	from := s.i
	negative := from < len(s.b) && s.b[from] == '-'
	if negative {
		s.i++
	}
	var n int64
	first := s.i
	for s.i < len(s.b) && s.b[s.i]-'0' <= 9 {
		n = n*10 + int64(s.b[s.i]-'0')
		s.i++
	}
	digits := s.i - first
	if digits == 0 || digits > 18 || digits > 1 && s.b[first] == '0' || s.i >= len(s.b) || s.b[s.i] != ',' && s.b[s.i] != '}' && s.b[s.i] != ']' {
		s.i = from
		return s.number()
	}
	if negative {
		return -n
	}
	return n
}

// number is int for what is not a few digits.
func (s *scan) number() int64 {
	from := s.i
	s.skip()
	token := bytes.Trim(s.b[from:s.i], `"`)
	if string(token) == "null" || len(token) == 0 {
		return 0
	}
	if n, err := strconv.ParseInt(string(token), 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(string(token), 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) >= 1<<63 {
		s.odd = s.odd || s.b[from] != '"' // a text where a number was expected is nothing to go on
		return 0
	}
	return int64(f)
}

// bool reads true or false; anything else is false.
func (s *scan) bool() bool {
	from := s.i
	s.skip()
	return string(s.b[from:s.i]) == "true"
}

// skip passes over one value.
func (s *scan) skip() {
	if s.i >= len(s.b) {
		s.odd = true
		return
	}
	switch s.b[s.i] {
	case '"':
		s.skipString()
	case '{', '[':
		s.skipNested()
	default:
		from := s.i
		for s.i < len(s.b) && s.b[s.i] != ',' && s.b[s.i] != '}' && s.b[s.i] != ']' {
			if s.b[s.i] <= ' ' || s.b[s.i] == '"' {
				s.odd = true
				return
			}
			s.i++
		}
		if s.i == from {
			s.odd = true
		}
	}
}

func (s *scan) skipNested() {
	depth := 0
	for b := s.b; s.i < len(b); s.i++ {
		switch b[s.i] {
		case '"':
			if !s.skipString() {
				return
			}
			s.i--
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				s.i++
				return
			}
		}
	}
	s.odd = true
}

// skipString passes over a string, whose opening quote is next.
func (s *scan) skipString() bool {
	for at := s.i + 1; at < len(s.b); {
		n := bytes.IndexByte(s.b[at:], '"')
		if n < 0 {
			break
		}
		at += n
		slashes := 0
		for s.b[at-1-slashes] == '\\' {
			slashes++
		}
		at++
		if slashes%2 == 0 {
			s.i = at
			return true
		}
	}
	s.i, s.odd = len(s.b), true
	return false
}

// canonical is a line in the shape that Spark gives its own, by a real decoder: no white space, no
// key twice. It fails on what is not a JSON object.
func canonical(line []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var all map[string]any
	if err := d.Decode(&all); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errTrailing
	}
	// The event goes first, where it is looked for.
	name, err := json.Marshal(all["Event"])
	if err != nil {
		return nil, err
	}
	delete(all, "Event")
	rest, err := json.Marshal(all)
	if err != nil {
		return nil, err
	}
	out := append([]byte(`{"Event":`), name...)
	if len(all) > 0 {
		out = append(out, ',')
	}
	return append(out, rest[1:]...), nil
}
