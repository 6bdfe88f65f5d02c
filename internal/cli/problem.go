package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/spec"
)

// problem is one thing to tell a person about: what went wrong, and what they can do.
type problem struct{ text, hint string }

// problems takes an error apart: every problem of a lakehouse.yaml, every error that was joined.
func problems(err error) []problem {
	if _, shown := err.(*shownError); shown || err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []problem
		for _, e := range many.Unwrap() {
			all = append(all, problems(e)...)
		}
		return all
	}
	if p, ok := err.(spec.Problem); ok {
		text := p.Message
		if pos := p.Pos.String(); pos != "" {
			text = pos + ": " + text
		}
		return []problem{{text, p.Hint}}
	}
	var file spec.Errors
	if errors.As(err, &file) {
		return problems(file)
	}
	one := problem{text: err.Error()}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		one.hint = hinted.Hint()
	}
	return []problem{one}
}

// printProblems writes an error for people. Lines of a message after the first are indented; data
// in a message cannot act on the terminal.
func printProblems(w io.Writer, style render.Style, err error) {
	for _, p := range problems(err) {
		lines := strings.Split(strings.TrimRight(p.text, "\n"), "\n")
		for i := range lines {
			lines[i] = shorten(lines[i])
			lines[i] = render.Escape(strings.ReplaceAll(strings.TrimRight(lines[i], "\r"), "\t", "    "))
		}
		fmt.Fprintf(w, "%s %s\n", style.Bold("petalake:"), strings.Join(lines, "\n  "))
		if p.hint != "" {
			fmt.Fprintf(w, "%s %s\n", style.Dim("hint:"), render.Escape(p.hint))
		}
	}
}

// shorten cuts the middle out of a line that nobody would read: a message may quote a row.
func shorten(line string) string {
	const most = 1200
	if len(line) <= most {
		return line
	}
	return strings.ToValidUTF8(line[:most-200], "") + " ... " + strings.ToValidUTF8(line[len(line)-200:], "")
}
