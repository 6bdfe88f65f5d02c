package eventlog

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/petalake/petalake/store"
)

// Log is where the events of one application are: a file, or the parts of a rolled log in order.
type Log struct {
	Name       string // of the file or folder
	Size       int64  // bytes as they are stored
	Modified   time.Time
	InProgress bool  // its name says that the application still runs
	Missing    []int // numbers of parts that should be there and are not

	parts []string
	open  func(ctx context.Context, name string) (io.ReadCloser, error)
}

// entry is a file that may be a log, or a part of one.
type entry struct {
	name     string
	size     int64
	modified time.Time
}

// deepestFolder is how far below a local folder logs are looked for.
const deepestFolder = 4

// FindLocal finds the logs of a path on this machine: a log, or a folder of logs. A file is taken for
// a log without a look inside.
func FindLocal(name string) ([]*Log, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("event log %s: %w", name, cause(err))
	}
	open := func(_ context.Context, name string) (io.ReadCloser, error) { return os.Open(name) }
	if !info.IsDir() {
		l := single(entry{filepath.ToSlash(name), info.Size(), info.ModTime()})
		l.open = open
		return []*Log{l}, nil
	}
	var entries []entry
	root := filepath.Clean(name)
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if rel, _ := filepath.Rel(root, p); d.IsDir() {
			if p != root && (hidden(d.Name()) || strings.Count(rel, string(filepath.Separator)) >= deepestFolder) {
				return fs.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		entries = append(entries, entry{filepath.ToSlash(p), info.Size(), info.ModTime()})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("event log %s: %w", name, cause(err))
	}
	return found(name, entries, open)
}

// cause is an error without the path that the message has already.
func cause(err error) error {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err
	}
	return err
}

// FindIn finds the logs below a prefix of a store: the key of a log, or of a folder of logs. Place is
// the prefix as a person knows it.
func FindIn(ctx context.Context, st store.Store, prefix, place string) ([]*Log, error) {
	var entries []entry
	folder := strings.TrimSuffix(prefix, "/")
	for o, err := range st.List(ctx, folder, "") {
		if err != nil {
			return nil, fmt.Errorf("event logs in %s: %w", place, err)
		}
		if folder == "" || o.Key == folder || strings.HasPrefix(o.Key, folder+"/") {
			entries = append(entries, entry{o.Key, o.Size, o.Modified})
		}
	}
	open := func(ctx context.Context, key string) (io.ReadCloser, error) { return st.Get(ctx, key, 0, -1) }
	return found(place, entries, open)
}

func found(place string, entries []entry, open func(context.Context, string) (io.ReadCloser, error)) ([]*Log, error) {
	logs := group(entries)
	if len(logs) == 0 {
		return nil, &NoLogError{place}
	}
	for _, l := range logs {
		l.open = open
	}
	return logs, nil
}

// hidden says whether a name is nobody's log.
func hidden(base string) bool {
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || strings.HasSuffix(base, ".crc")
}

// part is the name of a part of a rolled log: events_3_app-20260102030405-0006.zstd. Spark's history
// server replaces the parts up to a number by one that ends in .compact.
var part = regexp.MustCompile(`^events_([0-9]{1,9})_.*?(\.compact)?$`)

// group makes logs of files, the latest first.
func group(entries []entry) []*Log {
	var logs []*Log
	rolled := map[string][]entry{}
	for _, e := range entries {
		base := path.Base(e.name)
		switch {
		case hidden(base):
		case part.MatchString(base), strings.HasPrefix(base, "appstatus_"):
			rolled[path.Dir(e.name)] = append(rolled[path.Dir(e.name)], e)
		case e.size > 0:
			logs = append(logs, single(e))
		}
	}
	for dir, parts := range rolled {
		if l := inParts(dir, parts); l != nil {
			logs = append(logs, l)
		}
	}
	slices.SortFunc(logs, func(a, b *Log) int {
		if c := b.Modified.Compare(a.Modified); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return logs
}

func single(e entry) *Log {
	return &Log{Name: e.name, Size: e.size, Modified: e.modified, InProgress: strings.HasSuffix(e.name, ".inprogress"), parts: []string{e.name}}
}

// inParts is a rolled log; nil where the folder has none of its parts.
func inParts(dir string, entries []entry) *Log {
	type numbered struct {
		entry
		n       int
		compact bool
	}
	l, parts, from := &Log{Name: dir}, []numbered{}, -1
	for _, e := range entries {
		base := path.Base(e.name)
		m := part.FindStringSubmatch(base)
		if m == nil {
			l.InProgress = l.InProgress || strings.HasSuffix(base, ".inprogress")
			continue
		}
		n, _ := strconv.Atoi(m[1])
		p := numbered{e, n, m[2] != ""}
		if p.compact {
			from = max(from, n)
		}
		parts = append(parts, p)
	}
	// What a compacted part stands for is not read twice.
	parts = slices.DeleteFunc(parts, func(p numbered) bool { return p.n < from || p.n == from && !p.compact })
	if len(parts) == 0 {
		return nil
	}
	slices.SortFunc(parts, func(a, b numbered) int { return a.n - b.n })
	next := 1
	if from >= 0 {
		next = from
	}
	for _, p := range parts {
		for ; next < p.n && len(l.Missing) < 100; next++ {
			l.Missing = append(l.Missing, next)
		}
		next = p.n + 1
		l.parts = append(l.parts, p.name)
		l.Size += p.size
		if p.modified.After(l.Modified) {
			l.Modified = p.modified
		}
	}
	return l
}
