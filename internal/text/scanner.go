package text

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON, as RFC 8259 has it, and NaN and Infinity for numbers.
type scanner struct {
	text    []byte
	at      int
	scratch []byte
	key     []byte
}

func (s *scanner) malformed(what string) *Misfit {
	return &Misfit{Reason: fmt.Sprintf("malformed JSON: %s, at byte %d of the record", what, s.at+1)}
}

// space passes over space, and returns the byte behind it; 0 at the end.
func (s *scanner) space() byte {
	for s.at < len(s.text) {
		switch b := s.text[s.at]; b {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return b
		}
	}
	return 0
}

// word passes over a word.
func (s *scanner) word(w string) bool {
	if len(s.text)-s.at < len(w) || string(s.text[s.at:s.at+len(w)]) != w {
		return false
	}
	s.at += len(w)
	return true
}

// number passes over a number.
func (s *scanner) number() *Misfit {
	if s.word("NaN") || s.word("Infinity") || s.word("-Infinity") {
		return nil
	}
	from := s.at
	if s.at < len(s.text) && s.text[s.at] == '-' {
		s.at++
	}
	_, n := digits(s.text[s.at:], len(s.text))
	if n == 0 || n > 1 && s.text[s.at] == '0' {
		s.at = from
		return s.malformed("a value is wanted")
	}
	s.at += n
	if s.at < len(s.text) && s.text[s.at] == '.' {
		_, n := digits(s.text[s.at+1:], len(s.text))
		if n == 0 {
			return s.malformed("a digit is wanted")
		}
		s.at += n + 1
	}
	if s.at < len(s.text) && s.text[s.at]|0x20 == 'e' {
		s.at++
		if s.at < len(s.text) && (s.text[s.at] == '-' || s.text[s.at] == '+') {
			s.at++
		}
		_, n := digits(s.text[s.at:], len(s.text))
		if n == 0 {
			return s.malformed("a digit is wanted")
		}
		s.at += n
	}
	return nil
}

// quoted reads a text in quotes. It is good until the next one is read into the same memory.
func (s *scanner) quoted(into *[]byte) ([]byte, *Misfit) {
	s.at++
	from := s.at
	s.at = ordinary(s.text, s.at)
	if s.at < len(s.text) && s.text[s.at] == '"' {
		s.at++
		return s.text[from : s.at-1], nil
	}
	out := append((*into)[:0], s.text[from:s.at]...)
	for s.at < len(s.text) {
		b := s.text[s.at]
		s.at++
		switch {
		case b == '"':
			*into = out
			return out, nil
		case b < ' ':
			s.at--
			return nil, s.malformed("a sign in a text that is written with a backslash")
		case b != '\\':
			out = append(out, b)
			continue
		}
		var ok bool
		if out, ok = s.escape(out); !ok {
			return nil, s.malformed("no such sign behind a backslash")
		}
	}
	return nil, s.malformed("a text is not closed")
}

// ordinary passes over the bytes of a text that stand for themselves, eight at a time.
func ordinary(text []byte, at int) int {
	for ; at+8 <= len(text); at += 8 {
		x := binary.LittleEndian.Uint64(text[at:])
		if found := zeroBytes(x^quotes) | zeroBytes(x^backslashes) | (x-spaces)&^x&highs; found != 0 {
			return at + bits.TrailingZeros64(found)>>3
		}
	}
	for at < len(text) && text[at] != '"' && text[at] != '\\' && text[at] >= ' ' {
		at++
	}
	return at
}

const (
	quotes      = '"' * ones
	backslashes = '\\' * ones
	spaces      = ' ' * ones
)

// escape reads what stands behind a backslash.
func (s *scanner) escape(out []byte) ([]byte, bool) {
	if s.at >= len(s.text) {
		return out, false
	}
	b := s.text[s.at]
	s.at++
	switch b {
	case '"', '\\', '/':
		return append(out, b), true
	case 'b':
		return append(out, '\b'), true
	case 'f':
		return append(out, '\f'), true
	case 'n':
		return append(out, '\n'), true
	case 'r':
		return append(out, '\r'), true
	case 't':
		return append(out, '\t'), true
	case 'u':
		r, ok := s.unit()
		if ok && utf16.IsSurrogate(r) {
			if !s.word(`\u`) {
				return out, false
			}
			low, isUnit := s.unit()
			r = utf16.DecodeRune(r, low)
			ok = isUnit && r != utf8.RuneError
		}
		return utf8.AppendRune(out, r), ok
	}
	return out, false
}

// unit reads four hexadecimal digits.
func (s *scanner) unit() (r rune, ok bool) {
	if len(s.text)-s.at < 4 {
		return 0, false
	}
	for range 4 {
		d := hex(s.text[s.at])
		if d > 15 {
			return 0, false
		}
		r = r<<4 | rune(d)
		s.at++
	}
	return r, true
}

// skip passes over a value of any kind, which is checked to be JSON.
func (s *scanner) skip() *Misfit {
	var open []byte // the brackets that are open
	for {
		b := s.space()
		switch {
		case b == '{' || b == '[':
			s.at++
			open = append(open, b)
			if closing := s.space(); closing == b+2 {
				break
			}
			if b == '{' {
				if _, m := s.name(); m != nil {
					return m
				}
			}
			continue
		case b == '"':
			if _, m := s.quoted(&s.scratch); m != nil {
				return m
			}
		case b == 't' && s.word("true"), b == 'f' && s.word("false"), b == 'n' && s.word("null"):
		default:
			if m := s.number(); m != nil {
				return m
			}
		}
		for {
			if len(open) == 0 {
				return nil
			}
			last := open[len(open)-1]
			b := s.space()
			if b == last+2 {
				s.at++
				open = open[:len(open)-1]
				continue
			}
			if b != ',' {
				return s.malformed("a comma or a closing bracket is wanted")
			}
			s.at++
			if last == '{' {
				if _, m := s.name(); m != nil {
					return m
				}
			}
			break
		}
	}
}

// members reads an object: each is to read the value of the member of a name, which is good until it reads on.
func (s *scanner) members(each func(n int, name []byte) *Misfit) *Misfit {
	s.at++
	for n := 0; ; n++ {
		if b := s.space(); b == '}' && n == 0 {
			s.at++
			return nil
		}
		name, m := s.name()
		if m != nil {
			return m
		}
		if m := each(n, name); m != nil {
			return m
		}
		switch s.space() {
		case ',':
			s.at++
		case '}':
			s.at++
			return nil
		default:
			return s.malformed("a comma or a closing brace is wanted")
		}
	}
}

// name reads the name of a member, and passes over its colon.
func (s *scanner) name() ([]byte, *Misfit) {
	if s.space() != '"' {
		return nil, s.malformed("a name in quotes is wanted")
	}
	name, m := s.quoted(&s.key)
	if m != nil {
		return nil, m
	}
	if s.space() != ':' {
		return nil, s.malformed("a colon is wanted")
	}
	s.at++
	return name, nil
}
