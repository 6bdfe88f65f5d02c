package shell

import (
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/petalake/petalake/internal/sql"
)

// ErrInterrupted is returned by Lines.Statement after Ctrl-C: what was typed is thrown away.
var ErrInterrupted = errors.New("interrupted")

// Lines reads statements from a terminal. The terminal is in raw mode only while a statement is
// typed, so that Ctrl-C is a signal again while one runs.
type Lines struct {
	in      *os.File
	term    *term.Terminal
	keys    *keys
	History *History
	Dialect sql.Dialect // in which statements are cut
	// Names is asked for what can be completed at every Tab.
	Names func() Vocabulary

	typed  []string // the lines of the statement so far
	search search
}

const (
	prompt  = "petalake> "
	further = "       -> "
)

// NewLines starts reading from a terminal that writes to out.
func NewLines(in *os.File, out io.Writer, history *History, names func() Vocabulary) *Lines {
	l := &Lines{in: in, History: history, Names: names, keys: &keys{in: in}}
	l.open(out)
	return l
}

// open starts the editor of lines.
func (l *Lines) open(out io.Writer) {
	l.term = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{l.keys, out}, prompt)
	l.term.History = l.History
	l.term.AutoCompleteCallback = l.edit
}

// Statement reads lines up to the end of a statement, or one command of the shell. It may return
// several statements where a line holds several. At the end of input it returns io.EOF.
func (l *Lines) Statement() ([]string, error) {
	state, err := term.MakeRaw(int(l.in.Fd()))
	if err != nil {
		return nil, err
	}
	defer term.Restore(int(l.in.Fd()), state)
	if width, height, err := term.GetSize(int(l.in.Fd())); err == nil && width > 0 && height > 0 {
		if err := l.term.SetSize(width, height); err != nil {
			return nil, err
		}
	}
	l.term.SetBracketedPasteMode(true)
	defer l.term.SetBracketedPasteMode(false)
	l.typed = nil
	for {
		l.term.SetPrompt(prompt)
		if len(l.typed) > 0 {
			l.term.SetPrompt(further)
		}
		line, err := l.term.ReadLine()
		if l.keys.takeInterrupt() {
			return nil, ErrInterrupted
		}
		if err != nil && !errors.Is(err, term.ErrPasteIndicator) {
			return nil, err
		}
		if done := l.take(line); done != nil {
			return done, nil
		}
	}
}

// take adds a line and returns the statements it completes.
func (l *Lines) take(line string) []string {
	if len(l.typed) == 0 {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" {
			return nil
		}
		if IsCommand(trimmed) {
			return []string{trimmed}
		}
	}
	l.typed = append(l.typed, line)
	statements := sql.Split(l.Dialect, strings.Join(l.typed, "\n"))
	if n := len(statements); n > 0 && !statements[n-1].Ended {
		return nil
	}
	l.typed = nil
	var all []string
	for _, s := range statements {
		all = append(all, s.Whole())
	}
	return all
}

// IsCommand says whether a line is a command of the shell itself rather than SQL.
func IsCommand(line string) bool {
	if line == "" || strings.HasPrefix(line, `\`) {
		return line != ""
	}
	if line[0] == '.' {
		return len(line) > 1 && (line[1] < '0' || line[1] > '9')
	}
	switch strings.ToLower(strings.TrimSuffix(line, ";")) {
	case "exit", "quit", "help":
		return true
	}
	return false
}

// edit answers the keys that the editor has no answer to.
func (l *Lines) edit(line string, pos int, key rune) (string, int, bool) {
	if shown, cursor, ok := l.search.key(l.History, line, pos, key); ok {
		return shown, cursor, true
	}
	return l.complete(line, pos, key)
}

// complete answers Tab: it inserts what all candidates share, and lists them where that is nothing.
func (l *Lines) complete(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	before := strings.Join(append(l.typed, ""), "\n")
	start, candidates := l.Names().Complete(before+line, len(before)+pos)
	start -= len(before)
	if len(candidates) == 0 || start < 0 {
		return line, pos, true
	}
	word := common(candidates)
	if len(candidates) == 1 {
		word += " "
	} else if len(word) <= pos-start {
		l.list(candidates)
		return line, pos, true
	}
	return line[:start] + word + line[pos:], start + len(word), true
}

// mostListed is how many candidates are listed at once.
const mostListed = 100

func (l *Lines) list(candidates []string) {
	more := ""
	if len(candidates) > mostListed {
		candidates, more = candidates[:mostListed], " ..."
	}
	io.WriteString(l.term, strings.Join(candidates, "  ")+more+"\n")
}
