package sql

import (
	"strconv"
	"strings"
	"time"
)

// Travel is a time travel clause: it asks for an older version of the table before it, by its number or by a time.
type Travel struct {
	From, To int // bytes of the statement
	Version  *int64
	Time     *time.Time
}

// CutTravels finds the clauses of a statement for DuckDB that ask for older versions
//
//	[FOR] VERSION AS OF 3            [FOR] SYSTEM_VERSION AS OF 3
//	[FOR] TIMESTAMP AS OF '...'      [FOR] SYSTEM_TIME AS OF '...'
//	AT (VERSION => 3)                AT (TIMESTAMP => TIMESTAMP '...')
//
// and leaves blanks in their place. Whether each stood behind a table is for the parser of the rest to say. A clause whose
// version or time is none is a Syntax error.
func CutTravels(text string) (rest string, clauses []Travel, err error) {
	tokens := Lex(DuckDB, text)
	out := []byte(text)
	for i := 0; i < len(tokens); i++ {
		n, unit, value := matchTravel(tokens[i:])
		if n == 0 {
			continue
		}
		c, err := readTravel(unit, value)
		if err != nil {
			return "", nil, err
		}
		c.From, c.To = tokens[i].From, tokens[i+n-1].To()
		blank(out[c.From:c.To])
		clauses = append(clauses, c)
		i += n - 1
	}
	return string(out), clauses, nil
}

// travelUnit is what a time travel clause counts in.
type travelUnit int

const (
	noUnit travelUnit = iota
	versionUnit
	timeUnit
)

// matchTravel is how many tokens the clause has that stands at the beginning of some, 0 if there is none, with
// the token of its value.
func matchTravel(t []Token) (n int, unit travelUnit, value Token) {
	is := func(i int, want string) bool { return i < len(t) && t[i].Is(want) }
	i := 0
	if is(0, "AT") && is(1, "(") {
		unit = unitOf(t, 2)
		if unit == noUnit || !is(3, "=") || !is(4, ">") {
			return 0, noUnit, Token{}
		}
		i = 5
	} else {
		if is(0, "FOR") {
			i = 1
		}
		unit = unitOf(t, i)
		if unit == noUnit || !is(i+1, "AS") || !is(i+2, "OF") {
			return 0, noUnit, Token{}
		}
		i += 3
	}
	if unit == timeUnit && (is(i, "TIMESTAMP") || is(i, "TIMESTAMPTZ") || is(i, "DATE")) {
		i++
	}
	if i >= len(t) || t[i].Kind != Number && t[i].Kind != Text {
		return 0, noUnit, Token{}
	}
	value = t[i]
	i++
	if is(0, "AT") {
		if !is(i, ")") {
			return 0, noUnit, Token{}
		}
		i++
	}
	return i, unit, value
}

func unitOf(t []Token, i int) travelUnit {
	switch {
	case i >= len(t):
		return noUnit
	case t[i].Is("VERSION", "SYSTEM_VERSION"):
		return versionUnit
	case t[i].Is("TIMESTAMP", "SYSTEM_TIME"):
		return timeUnit
	}
	return noUnit
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

func readTravel(unit travelUnit, value Token) (Travel, error) {
	v := strings.TrimSpace(value.Value())
	if unit == versionUnit {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			return Travel{}, fault(Syntax, value.From, "write VERSION AS OF 3; petalake history TABLE lists the versions",
				"%q is not a version: versions are 0, 1, 2 ...", v)
		}
		return Travel{Version: &n}, nil
	}
	if value.Kind == Text {
		for _, layout := range timeLayouts {
			if t, err := time.Parse(layout, v); err == nil {
				t = t.UTC()
				return Travel{Time: &t}, nil
			}
		}
	}
	return Travel{}, fault(Syntax, value.From, "write TIMESTAMP AS OF '2026-01-31 12:00:00' (UTC) or with an offset, '2026-01-31T12:00:00+02:00'",
		"%q is not a time", v)
}
