package spark

import (
	"errors"
	"fmt"
	"strings"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

// Named are arguments by name: a statement says :name for each. It is passed as the only argument.
type Named map[string]any

// statement is SQL text with its arguments, as a plan.
func statement(sql string, args []any) (*connectpb.Relation, error) {
	text, err := bind(sql, args)
	if err != nil {
		return nil, fmt.Errorf("spark: %w", err)
	}
	return &connectpb.Relation{
		Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_Sql{Sql: &connectpb.SQL{Query: text}},
	}, nil
}

// bind writes arguments into a statement, where it says ? or :name outside of strings, comments and
// quoted names. The protocol has fields for arguments, and servers cannot be left to them: Spark 4.1.1
// binds five and more to their ? in the order of a hash table, and none at all where Delta's extension
// is installed (Delta 4.2.0 parses the text alone).
func bind(sql string, args []any) (string, error) {
	if len(args) == 0 {
		return sql, nil
	}
	if named, ok := args[0].(Named); ok {
		if len(args) > 1 {
			return "", errors.New("arguments by name stand alone: give each of the others a name too")
		}
		return replace(sql, func(mark string, count bool) (string, error) {
			arg, ok := named[mark[1:]]
			if !ok {
				return mark, nil // the server says that it is not bound
			}
			return render(arg, count)
		})
	}
	n := 0
	text, err := replace(sql, func(mark string, count bool) (string, error) {
		if mark != "?" {
			return mark, nil
		}
		if n++; n > len(args) {
			return mark, nil // counted, and refused below
		}
		return render(args[n-1], count)
	})
	if err == nil && n != len(args) {
		err = fmt.Errorf("the statement has %d ?, and %d arguments came", n, len(args))
	}
	return text, err
}

// replace puts in the place of each ? and :name what value says for it. Count tells that a number of
// rows belongs there, as after LIMIT.
func replace(sql string, value func(mark string, count bool) (string, error)) (string, error) {
	var out strings.Builder
	before := "" // the last token that says something
	for i := 0; i < len(sql); {
		kind, n := token(sql, i)
		text := sql[i : i+n]
		i += n
		if kind == marker {
			count := strings.EqualFold(before, "limit") || strings.EqualFold(before, "offset")
			v, err := value(text, count)
			if err != nil {
				return "", fmt.Errorf("argument %s: %w", text, err)
			}
			if v != text {
				text = " " + v + " " // apart from its neighbours
			}
		}
		out.WriteString(text)
		if kind != blank {
			before = text
		}
	}
	return out.String(), nil
}

// The kinds of token that matter to arguments.
const (
	blank  = iota // space, or a comment
	word          // a name, a keyword, a number
	quoted        // a string, or a name in backquotes
	marker        // ? or :name
	other         // one character of anything else
)

// token says what stands at a place of a statement, and how many bytes it has, as Spark's own grammar
// reads it.
func token(sql string, at int) (kind, n int) {
	rest := sql[at:]
	switch c := rest[0]; {
	case strings.IndexByte(" \t\r\n\f", c) >= 0:
		return blank, 1
	case strings.HasPrefix(rest, "--"):
		return blank, line(rest)
	case strings.HasPrefix(rest, "/*") && !strings.HasPrefix(rest, "/*+"): // a hint is code
		return blank, block(rest)
	case (c == 'r' || c == 'R') && len(rest) > 1 && (rest[1] == '\'' || rest[1] == '"'):
		return quoted, raw(rest)
	case c == '\'', c == '"':
		return quoted, str(rest)
	case c == '`':
		return quoted, until(rest, 1, "`") // a doubled one ends a name and begins the next
	case c == '$':
		return dollar(rest)
	case letter(c):
		return word, letters(rest)
	case c == '?':
		return marker, 1
	case c == ':' && len(rest) > 1 && letter(rest[1]) && (at == 0 || !joined(sql[at-1])):
		return marker, 1 + letters(rest[1:])
	}
	return other, 1
}

// joined says that a colon after c is part of something: a cast (::), a field of a value or of a type.
func joined(c byte) bool { return letter(c) || strings.IndexByte(":)]`'\"", c) >= 0 }

func letter(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func letters(s string) int {
	n := 0
	for n < len(s) && letter(s[n]) {
		n++
	}
	return n
}

// until is where s goes on after the next end, looked for from an offset: at its own end if there is none.
func until(s string, from int, end string) int {
	if i := strings.Index(s[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(s)
}

// line is a comment to the end of its line; a backslash there joins the next line to it.
func line(s string) int {
	for n := 0; n < len(s); {
		n = until(s, n, "\n")
		if !strings.HasSuffix(s[:n], "\\\n") {
			return n
		}
	}
	return len(s)
}

// block is a comment in brackets, which may hold others.
func block(s string) int {
	depth := 1
	for n := 2; n < len(s); n++ {
		switch {
		case strings.HasPrefix(s[n:], "*/"):
			n++
			if depth--; depth == 0 {
				return n + 1
			}
		case strings.HasPrefix(s[n:], "/*"):
			n++
			depth++
		}
	}
	return len(s)
}

// str is a string, in which a backslash hides what follows it.
func str(s string) int {
	for n := 1; n < len(s); n++ {
		switch s[n] {
		case '\\':
			n++
		case s[0]:
			return n + 1
		}
	}
	return len(s)
}

// raw is a string of the form r'...', without escapes.
func raw(s string) int { return until(s, 2, s[1:2]) }

// dollar is a string of the form $$...$$ or $tag$...$tag$.
func dollar(s string) (kind, n int) {
	tag := 1 + letters(s[1:])
	if tag >= len(s) || s[tag] != '$' {
		return other, 1
	}
	return quoted, until(s, tag+1, s[:tag+1])
}
