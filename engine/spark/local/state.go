package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Process is a process that is known again, though another may have its number later.
type Process struct {
	PID   int    `json:"pid"`
	Began string `json:"began"` // what the system says of its start
}

// Alive says whether the process is there.
func (p Process) Alive() bool {
	now, err := identify(p.PID)
	return err == nil && now == p
}

// DiedError says that a server ended without being told to.
type DiedError struct {
	Server Server
	Reason string // from its log
}

// Error implements error.
func (e *DiedError) Error() string { return "spark: the server died: " + e.Reason }

// Hint says what to do.
func (e *DiedError) Hint() string {
	return "`petalake spark start` starts another; `petalake spark logs` shows what this one said"
}

// Unwrap is fs.ErrNotExist: there is no server.
func (e *DiedError) Unwrap() error { return fs.ErrNotExist }

// Running is the server of a state folder. The error is fs.ErrNotExist where there is none, and a
// *DiedError where there was one.
func Running(state string) (Server, error) {
	path := filepath.Join(state, stateFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Server{}, fmt.Errorf("spark: no server runs: %w", fs.ErrNotExist)
	}
	if err != nil {
		return Server{}, err
	}
	var s Server
	if err := json.Unmarshal(data, &s); err != nil {
		return Server{}, fmt.Errorf("spark: %s is damaged: %w", path, err)
	}
	if !s.Alive() {
		return s, &DiedError{Server: s, Reason: lastWords(s.Log)}
	}
	return s, nil
}

// LogOf is the file with what the server of a state folder says, or the last one said.
func LogOf(state string) string { return filepath.Join(state, logFile) }

func (s Server) save(state string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(state, stateFile), data)
}

// StartError says why a server did not start.
type StartError struct{ Reason, Log, hint string }

// Error implements error.
func (e *StartError) Error() string { return "spark: the server did not start: " + e.Reason }

// Hint says what to do.
func (e *StartError) Hint() string {
	if e.hint == "" {
		return "its log is " + e.Log
	}
	return e.hint + "; its log is " + e.Log
}

// portError says that somebody else listens on a port.
type portError struct{ port int }

func (e *portError) Error() string {
	return fmt.Sprintf("spark: the server did not start: port %d is taken", e.port)
}

func (e *portError) Hint() string { return "choose another port, or none for any free one" }

// known are words in the log of a server that did not start, with what they mean.
var known = []struct{ words, reason, hint string }{
	{"UnsupportedClassVersionError", "its Java is too old", "install Java 17 or 21, or set JAVA_HOME"},
	{"JAVA_HOME is not set", "there is no Java", "install Java 17 or 21, or set JAVA_HOME"},
	{"Could not reserve enough space", "the machine has not enough memory for its heap", "write less for spark.memory in the environment"},
	{"Invalid maximum heap size", "its memory is written in a way that Java does not know", "write spark.memory as in 2g"},
	{"java.lang.OutOfMemoryError", "its heap was too small", "write more for spark.memory in the environment"},
	{"Failed to load class org.apache.spark.sql.connect", "this Spark comes without Spark Connect", "take a distribution that has the jar spark-connect"},
}

// died says why a server that was starting ended.
func died(log string) error {
	text := tail(log)
	if strings.Contains(text, "java.net.BindException") {
		return &portError{}
	}
	for _, k := range known {
		if strings.Contains(text, k.words) {
			return &StartError{Reason: k.reason, Log: log, hint: k.hint}
		}
	}
	return &StartError{Reason: lastWords(log), Log: log}
}

// lastWords is the line of a log that tells most about an end: the last that names an error, or the
// last of all.
func lastWords(log string) string {
	text := tail(log)
	for _, k := range known {
		if strings.Contains(text, k.words) {
			return k.reason
		}
	}
	last := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "at "), strings.HasPrefix(line, "..."):
		case strings.Contains(line, "Exception"), strings.Contains(line, "Error"), !strings.Contains(last, "Exception") && !strings.Contains(last, "Error"):
			last = line
		}
	}
	if last == "" {
		return "it was killed, and said nothing"
	}
	return last[:min(len(last), 300)]
}

// tail is the end of a file, about 64 KiB.
func tail(path string) string {
	const most = 64 << 10
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	b := make([]byte, min(info.Size(), most))
	n, _ := f.ReadAt(b, info.Size()-int64(len(b)))
	return string(b[:n])
}
