package duckdb

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Kind is what sort of error DuckDB gave.
type Kind string

// The kinds callers act on; every other one is Other.
const (
	Parser      Kind = "parser"      // the text is not SQL
	Binder      Kind = "binder"      // a name or a type in it is wrong
	Catalog     Kind = "catalog"     // a table or function does not exist, or exists already
	Conversion  Kind = "conversion"  // a value does not fit its type
	Constraint  Kind = "constraint"  // a value breaks a rule
	Invalid     Kind = "invalid"     // bad input: a malformed file, an argument out of range
	IO          Kind = "io"          // the file system failed
	OutOfMemory Kind = "memory"      // the memory limit, or the disk of TempDir, is exhausted
	Permission  Kind = "permission"  // outside what a closed instance may do
	Interrupted Kind = "interrupted" // cancelled
	Other       Kind = "other"
)

// Error is what DuckDB said of a statement.
type Error struct {
	Kind    Kind
	Message string // one or more lines, without DuckDB's class of error and without the excerpt
	// Line and Column, from 1, are where in the statement; 0 where DuckDB does not say.
	Line, Column int
	Excerpt      string // that line, or a part of it, over a line with a caret under the place
}

func (e *Error) Error() string {
	msg := strings.Join(strings.Fields(e.Message), " ")
	if e.Line > 0 && e.Column > 0 {
		return fmt.Sprintf("%s error at line %d, column %d: %s", e.Kind, e.Line, e.Column, msg)
	}
	return fmt.Sprintf("%s error: %s", e.Kind, msg)
}

// Hint says what to do where a setting helps.
func (e *Error) Hint() string {
	if e.Kind == OutOfMemory {
		return "raise the engine's memory limit, or give it a folder to spill to with more free space"
	}
	return ""
}

// classes maps the class at the head of DuckDB's messages.
var classes = map[string]Kind{
	"Parser Error": Parser, "Syntax Error": Parser,
	"Binder Error": Binder, "Parameter Not Resolved Error": Binder, "Parameter Not Allowed Error": Binder,
	"Catalog Error":    Catalog,
	"Conversion Error": Conversion, "Cast Error": Conversion, "Out of Range Error": Conversion,
	"Mismatch Type Error": Conversion,
	"Constraint Error":    Constraint,
	"Invalid Input Error": Invalid, "Invalid Error": Invalid, "Invalid type Error": Invalid,
	"IO Error": IO, "Serialization Error": IO, "HTTP Error": IO,
	"Out of Memory Error": OutOfMemory,
	"Permission Error":    Permission, "Invalid Configuration Error": Permission,
	"INTERRUPT Error": Interrupted,
}

var (
	classHead = regexp.MustCompile(`^(?:TransactionContext Error: )?([A-Za-z ]+ Error): `)
	lineMark  = regexp.MustCompile(`(?m)^LINE (\d+): `)
)

func parseError(msg string) *Error { return parseErrorIn(msg, "") }

// parseErrorIn takes DuckDB's text apart. Its tail may be an excerpt: "LINE 2: ...text" and a line
// with a caret, where dots stand for what was cut off; sql then tells the true column.
func parseErrorIn(msg, sql string) *Error {
	e := &Error{Kind: Other, Message: msg}
	if m := classHead.FindStringSubmatch(msg); m != nil {
		if kind, ok := classes[m[1]]; ok {
			e.Kind = kind
		}
		if m[1] != "INTERNAL Error" && m[1] != "FATAL Error" { // these are no fault of the statement: the class says so
			e.Message = msg[len(m[0]):]
		}
	}
	if at := lineMark.FindStringSubmatchIndex(e.Message); at != nil {
		e.locate(e.Message[at[0]:], e.Message[at[2]:at[3]], at[1]-at[0], sql)
		e.Message = e.Message[:at[0]]
	}
	e.Message = strings.TrimSpace(e.Message)
	return e
}

func (e *Error) locate(tail, line string, mark int, sql string) {
	text, rest, _ := strings.Cut(tail[mark:], "\n")
	caretLine, _, _ := strings.Cut(rest, "\n")
	e.Line, _ = strconv.Atoi(line)
	caret := strings.IndexByte(caretLine, '^') - mark
	if caret < 0 {
		return
	}
	e.Excerpt = text + "\n" + strings.Repeat(" ", caret) + "^"
	e.Column = caret + 1
	lines := strings.Split(sql, "\n")
	if !strings.HasPrefix(text, "...") || e.Line < 1 || e.Line > len(lines) {
		return
	}
	whole := lines[e.Line-1]
	e.Column = 0
	at := strings.Index(whole, strings.Trim(text, "."))
	if column := len([]rune(whole[:max(at, 0)])) + caret - 2; at >= 0 && column > 0 {
		e.Column = column
	}
}
