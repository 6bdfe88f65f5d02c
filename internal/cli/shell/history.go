package shell

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/petalake/petalake/internal/sql"
)

// keep is how many lines a history holds.
const keep = 2000

// History is the lines that were typed before, kept in a file that only its owner can read. It
// fills the interface that the line editor wants; the editor's own Add does nothing, since what is
// worth keeping is a statement and not a line.
type History struct {
	path string

	mu    sync.Mutex
	lines []string // oldest first
}

// OpenHistory reads the history in a file; one that is not there is empty. An empty path keeps
// nothing beyond the process.
func OpenHistory(path string) (*History, error) {
	h := &History{path: path}
	if path == "" {
		return h, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return h, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		h.remember(lines.Text())
	}
	return h, lines.Err()
}

// HistoryPath is where the history belongs: in the user's state folder.
func HistoryPath(getenv func(string) string) string {
	state := getenv("XDG_STATE_HOME")
	if state == "" {
		home := getenv("HOME")
		if home == "" {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "petalake", "history")
}

// Add does nothing; Keep adds.
func (h *History) Add(string) {}

// Len is the number of lines.
func (h *History) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.lines)
}

// At is a line, 0 the newest.
func (h *History) At(i int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lines[len(h.lines)-1-i]
}

// Keep adds a statement as one line, or line by line where it cannot be one, and writes it to the
// file.
func (h *History) Keep(statement string) error {
	line, ok := sql.Fold(sql.DuckDB, statement)
	lines := []string{line}
	if !ok {
		lines = strings.Split(statement, "\n")
	}
	var added strings.Builder
	for _, l := range lines {
		if h.remember(strings.TrimRight(l, "\r")) {
			added.WriteString(strings.TrimRight(l, "\r") + "\n")
		}
	}
	if h.path == "" || added.Len() == 0 {
		return nil
	}
	return h.append(added.String())
}

// remember adds a line that is not the one before it again, and says whether it did.
func (h *History) remember(line string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return false
	}
	h.lines = append(h.lines, line)
	if len(h.lines) > 2*keep {
		h.lines = append([]string(nil), h.lines[len(h.lines)-keep:]...)
	}
	return true
}

func (h *History) append(text string) (err error) {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	_, err = f.WriteString(text)
	return err
}
