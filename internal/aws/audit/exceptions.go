package audit

import (
	_ "embed" // exceptions.txt
	"fmt"
	"path"
	"slices"
	"strings"
)

// Exception is a resource that need not meet a control, and why.
type Exception struct {
	Control  string // its id
	Resource string // the logical id; * stands for any characters
	Reason   string
}

//go:embed exceptions.txt
var own string

// Own are the exceptions of petalake itself: what cannot be, or would harm.
func Own() []Exception {
	all, err := ParseExceptions(own)
	if err != nil {
		panic(err) // part of the program
	}
	return all
}

// ParseExceptions reads lines of control, resource and reason, separated by blanks. Lines that begin
// with # are comments.
func ParseExceptions(text string) (all []Exception, _ error) {
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if len(words) < 3 {
			return nil, fmt.Errorf("line %d: want a control, a resource and the reason", n)
		}
		if !slices.ContainsFunc(controls, func(c control) bool { return c.id == words[0] }) {
			return nil, fmt.Errorf("line %d: no control %q", n, words[0])
		}
		if _, err := path.Match(words[1], ""); err != nil {
			return nil, fmt.Errorf("line %d: bad pattern %q", n, words[1])
		}
		all = append(all, Exception{words[0], words[1], strings.Join(words[2:], " ")})
	}
	return all, nil
}

// reason is that of the first exception that fits, or "".
func reason(exceptions []Exception, control, resource string) string {
	for _, e := range exceptions {
		if ok, err := path.Match(e.Resource, resource); err == nil && ok && e.Control == control {
			return e.Reason
		}
	}
	return ""
}
