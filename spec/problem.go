package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/petalake/petalake/internal/words"
)

// Pos is a place in a file. Line and Column count from 1, Column in characters; a zero Line means
// that only the file is known, and the zero Pos that the value was not read from a file.
type Pos struct {
	File         string
	Line, Column int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Problem is one thing that is wrong in a file.
type Problem struct {
	Pos     Pos
	Path    string // of the element, such as tables.bronze.flights.columns[2].type; "" for the whole file
	Message string // whole: it names the path where that helps
	Hint    string // what to do about it, or ""
}

func (p Problem) Error() string {
	text := p.Message
	if pos := p.Pos.String(); pos != "" {
		text = pos + ": " + text
	}
	if p.Hint != "" {
		text += ": " + p.Hint
	}
	return text
}

// Errors is everything that is wrong in a file, in the order of the file; never empty as an error.
type Errors []Problem

// Error has a line for each problem.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, p := range e {
		all[i] = p
	}
	return all
}

// problems collects what is wrong.
type problems struct {
	found    Errors
	guesses  int // suggestions made so far
	tooMany  bool
	overflow Pos
}

const (
	// mostProblems ends the search in a file that is not a lakehouse.yaml at all.
	mostProblems = 1000
	// mostGuesses bounds the time spent on suggestions, each of which compares all candidates.
	mostGuesses = 100
)

func (ps *problems) add(p Problem) {
	if len(ps.found) < mostProblems {
		ps.found = append(ps.found, p)
		return
	}
	if !ps.tooMany {
		ps.tooMany, ps.overflow = true, p.Pos
	}
}

// suggest returns the hint `did you mean "x"?`, or otherwise where nothing is near.
func (ps *problems) suggest(name string, candidates []string, otherwise string) string {
	if ps.guesses++; ps.guesses > mostGuesses {
		return otherwise
	}
	if near := words.Nearest(name, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return otherwise
}

// err returns the problems in the order of the file, each once; nil where there are none.
func (ps *problems) err() error {
	if len(ps.found) == 0 {
		return nil
	}
	all := ps.found
	slices.SortStableFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	all = slices.Compact(all)
	if ps.tooMany {
		all = append(all, Problem{Pos: ps.overflow, Message: fmt.Sprintf("more than %d problems: the rest is not shown", mostProblems)})
	}
	return all
}

// fault is what is wrong with one text, before it is known where the text stands.
type fault struct {
	offset  int // characters from the start of the text
	message string
	hint    string
}

func (f *fault) Error() string {
	if f.hint == "" {
		return f.message
	}
	return f.message + ": " + f.hint
}

func faultf(hint, format string, args ...any) *fault {
	return &fault{message: fmt.Sprintf(format, args...), hint: hint}
}
