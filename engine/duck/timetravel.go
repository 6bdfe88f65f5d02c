package duck

import (
	"strconv"
	"strings"
	"time"

	"github.com/petalake/petalake/delta"
)

// clause is a time travel clause that was cut out of a statement.
type clause struct {
	from, to int // bytes of the text, now blank
	when     delta.When
	used     bool
}

// cutTimeTravel finds the clauses
//
//	[FOR] VERSION AS OF 3            [FOR] SYSTEM_VERSION AS OF 3
//	[FOR] TIMESTAMP AS OF '...'      [FOR] SYSTEM_TIME AS OF '...'
//	AT (VERSION => 3)                AT (TIMESTAMP => TIMESTAMP '...')
//
// and replaces them by as many spaces, so that every other byte of the statement stays where it
// was. The parser decides later whether each stood behind a table.
func cutTimeTravel(sql string) (string, []clause, error) {
	tokens := lex(sql)
	var clauses []clause
	out := []byte(sql)
	for i := 0; i < len(tokens); i++ {
		n, unit, value := matchClause(sql, tokens[i:])
		if n == 0 {
			continue
		}
		when, err := parseWhen(sql, unit, value)
		if err != nil {
			return "", nil, err
		}
		c := clause{from: tokens[i].from, to: tokens[i+n-1].to, when: when}
		for j := c.from; j < c.to; j++ {
			if out[j] != '\n' {
				out[j] = ' '
			}
		}
		clauses = append(clauses, c)
		i += n - 1
	}
	return string(out), clauses, nil
}

// matchClause returns how many tokens the clause at the start of t has, 0 if there is none, with
// its unit ("version" or "time") and the token of its value.
func matchClause(sql string, t []token) (n int, unit string, value token) {
	is := func(i int, want string) bool { return i < len(t) && t[i].is(sql, want) }
	i := 0
	if is(0, "AT") && is(1, "(") {
		unit = unitOf(sql, t, 2)
		if unit == "" || !is(3, "=") || !is(4, ">") {
			return 0, "", token{}
		}
		i = 5
	} else {
		if is(0, "FOR") {
			i = 1
		}
		unit = unitOf(sql, t, i)
		if unit == "" || !is(i+1, "AS") || !is(i+2, "OF") {
			return 0, "", token{}
		}
		i += 3
	}
	if unit == "time" && (is(i, "TIMESTAMP") || is(i, "TIMESTAMPTZ") || is(i, "DATE")) {
		i++
	}
	if i >= len(t) || t[i].kind != numberToken && t[i].kind != textToken {
		return 0, "", token{}
	}
	value = t[i]
	i++
	if is(0, "AT") {
		if !is(i, ")") {
			return 0, "", token{}
		}
		i++
	}
	return i, unit, value
}

func unitOf(sql string, t []token, i int) string {
	switch {
	case i >= len(t):
		return ""
	case t[i].is(sql, "VERSION"), t[i].is(sql, "SYSTEM_VERSION"):
		return "version"
	case t[i].is(sql, "TIMESTAMP"), t[i].is(sql, "SYSTEM_TIME"):
		return "time"
	}
	return ""
}

// timeLayouts are tried in order; a time without a zone is UTC.
var timeLayouts = []string{
	time.RFC3339Nano,
	"2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999 Z07:00",
	"2006-01-02 15:04:05.999999999Z07",
	"2006-01-02 15:04:05.999999999",
	"2006-01-02 15:04",
	"2006-01-02",
}

func parseWhen(sql, unit string, value token) (delta.When, error) {
	v := strings.TrimSpace(value.unquote(sql))
	if unit == "version" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			return delta.When{}, failure(Syntax, "write VERSION AS OF 3; petalake history TABLE lists the versions",
				"%q is not a version: versions are 0, 1, 2 ...", v).at(sql, value.from)
		}
		return delta.When{Version: &n}, nil
	}
	if value.kind == textToken {
		for _, layout := range timeLayouts {
			if t, err := time.Parse(layout, v); err == nil {
				t = t.UTC()
				return delta.When{Time: &t}, nil
			}
		}
	}
	return delta.When{}, failure(Syntax, "write TIMESTAMP AS OF '2026-01-31 12:00:00' (UTC) or with an offset, '2026-01-31T12:00:00+02:00'",
		"%q is not a time", v).at(sql, value.from)
}
