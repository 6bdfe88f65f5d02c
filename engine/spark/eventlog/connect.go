package eventlog

import (
	"strconv"
	"strings"
)

// Spark Connect describes a query by the beginning of its request, which says little: the statement is
// in an event of its own, found by a tag that its jobs carry.
type (
	operationStart struct{ Tag, Statement string }
	operationEnd   struct{ Tag string }
)

const (
	connectTag         = "SparkConnect_OperationTag_"
	connectDescription = "Spark Connect - session_id"
	mostStatement      = 200
)

func readOperationStart(_ *decoder, s *scan) any {
	e := &operationStart{}
	object(s, func(key string) bool {
		switch key {
		case "jobTag":
			e.Tag = short(s.text(), 2*shortName)
		case "statementText":
			e.Statement = statement(string(s.text()))
		default:
			return false
		}
		return true
	})
	return e
}

func readOperationEnd(_ *decoder, s *scan) any {
	e := &operationEnd{}
	object(s, func(key string) bool {
		if key != "jobTag" {
			return false
		}
		e.Tag = short(s.text(), 2*shortName)
		return true
	})
	return e
}

// statement is what a request asks for: its SQL, or the first operator of a DataFrame program.
func statement(request string) string {
	if _, rest, ok := strings.Cut(request, `query: "`); ok {
		return strings.Join(strings.Fields(short([]byte(unescape(rest)), mostStatement)), " ")
	}
	word, _, _ := strings.Cut(strings.TrimSpace(request), " ")
	return short([]byte(word), shortName)
}

// unescape reads a string of protobuf's text format up to its closing quote, or a little more than a
// statement may have.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text) && b.Len() < 2*mostStatement; i++ {
		c := text[i]
		switch {
		case c == '"':
			return b.String()
		case c != '\\' || i+1 == len(text):
			b.WriteByte(c)
			continue
		}
		i++
		switch c = text[i]; {
		case c == 'n', c == 't', c == 'r':
			b.WriteByte(' ')
		case c >= '0' && c <= '7' && i+2 < len(text):
			if n, err := strconv.ParseUint(text[i:i+3], 8, 8); err == nil {
				c = byte(n)
				i += 2
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// tagOf is the tag of Spark Connect among those of a query.
func tagOf(s *scan) string {
	tag := ""
	if !s.in('[') {
		return tag
	}
	for s.more(']') {
		if text := s.text(); strings.HasPrefix(string(text), connectTag) {
			tag = short(text, 2*shortName)
		}
	}
	return tag
}

// named is a description with the statement in the place of the beginning of its request.
func named(description, statement string) string {
	at := strings.Index(description, connectDescription)
	if at < 0 || statement == "" {
		return description
	}
	return description[:at] + statement
}

// operation notes statements while they run.
func (f *folder) operation(event any) {
	switch e := event.(type) {
	case *operationStart:
		if len(f.statements) < mostQueries {
			f.statements[e.Tag] = e.Statement
		}
	case *operationEnd:
		delete(f.statements, e.Tag)
	}
}
