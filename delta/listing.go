package delta

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/store"
)

const logFolder = "_delta_log/"

// A name in the log begins with its version in 20 digits.
func versionName(v int64) string { return fmt.Sprintf("%020d", v) }

func (l tableLog) commitKey(v int64) string { return l.key(logFolder + versionName(v) + ".json") }
func (l tableLog) crcKey(v int64) string    { return l.key(logFolder + versionName(v) + ".crc") }
func (l tableLog) checkpointKey(v int64) string {
	return l.key(logFolder + versionName(v) + ".checkpoint.parquet")
}

// listing holds the files of the log's folder, from some version on.
type listing struct {
	commits     []*entry
	crcs        map[int64]bool
	checkpoints []checkpoint.Checkpoint // complete ones, oldest first
}

// name is a file of the log, taken apart.
type name struct {
	version int64
	kind    string // "json", "crc", "checkpoint", "" for what is none of these
	form    checkpoint.Kind
	part    int
	parts   int
}

func parseName(base string) (n name, ok bool) {
	if n.version, ok = parseVersion(base); !ok {
		return n, false
	}
	switch rest := strings.Split(base[21:], "."); {
	case len(rest) == 1 && (rest[0] == "json" || rest[0] == "crc"):
		n.kind = rest[0]
	case rest[0] != "checkpoint":
	case len(rest) == 2 && rest[1] == "parquet":
		n.kind, n.form, n.part, n.parts = "checkpoint", checkpoint.Classic, 1, 1
	case len(rest) == 3 && len(rest[1]) == 36 && (rest[2] == "parquet" || rest[2] == "json"):
		n.kind, n.form, n.part, n.parts = "checkpoint", checkpoint.Parquet, 1, 1
		if rest[2] == "json" {
			n.form = checkpoint.JSON
		}
	case len(rest) == 4 && len(rest[1]) == 10 && len(rest[2]) == 10 && rest[3] == "parquet":
		part, err1 := strconv.Atoi(rest[1])
		parts, err2 := strconv.Atoi(rest[2])
		if err1 == nil && err2 == nil && 1 <= part && part <= parts && parts <= 1e6 {
			n.kind, n.form, n.part, n.parts = "checkpoint", checkpoint.Multipart, part, parts
		}
	}
	return n, n.kind != ""
}

// parseVersion reads the version that a name of the log begins with.
func parseVersion(base string) (int64, bool) {
	if len(base) < 21 || base[20] != '.' {
		return 0, false
	}
	for i := range 20 {
		if base[i] < '0' || base[i] > '9' {
			return 0, false
		}
	}
	v, err := strconv.ParseInt(base[:20], 10, 64)
	return v, err == nil
}

// list reads the log's folder from version from on, up to version to where to >= 0.
func (l tableLog) list(ctx context.Context, from, to int64) (*listing, error) {
	found := &listing{crcs: map[int64]bool{}}
	prefix := l.key(logFolder)
	parts := map[string][]store.Object{}
	for o, err := range l.store.List(ctx, prefix, prefix+versionName(from)) {
		if err != nil {
			return nil, fmt.Errorf("%s: list the log: %w", l.root, err)
		}
		base := o.Key[len(prefix):]
		if base > ":" { // past the digits: _last_checkpoint, _sidecars/ ...
			break
		}
		n, ok := parseName(base)
		if !ok {
			continue
		}
		if to >= 0 && n.version > to {
			break
		}
		switch n.kind {
		case "json":
			found.commits = append(found.commits, &entry{version: n.version, key: o.Key, size: o.Size, modified: o.Modified})
		case "crc":
			found.crcs[n.version] = true
		case "checkpoint":
			found.checkpointFile(n, o, parts)
		}
	}
	slices.SortStableFunc(found.checkpoints, func(a, b checkpoint.Checkpoint) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.Kind, b.Kind))
	})
	return found, nil
}

func (l *listing) checkpointFile(n name, o store.Object, parts map[string][]store.Object) {
	if n.form != checkpoint.Multipart {
		l.checkpoints = append(l.checkpoints, checkpoint.Checkpoint{Version: n.version, Files: []store.Object{o}, Kind: n.form})
		return
	}
	group := fmt.Sprint(n.version, "/", n.parts)
	parts[group] = append(parts[group], o)
	if len(parts[group]) == n.parts { // names are unique and parts are within 1..parts
		l.checkpoints = append(l.checkpoints, checkpoint.Checkpoint{Version: n.version, Files: parts[group], Kind: checkpoint.Multipart})
	}
}

// last is the newest version of any file, -1 where there is none.
func (l *listing) last() int64 {
	v := int64(-1)
	if n := len(l.commits); n > 0 {
		v = l.commits[n-1].version
	}
	if n := len(l.checkpoints); n > 0 {
		v = max(v, l.checkpoints[n-1].Version)
	}
	return v
}

// segment holds the files that make one version: a checkpoint, or none, and every commit after it.
type segment struct {
	version int64
	base    *checkpoint.Checkpoint // nil: from version 0
	tail    []*entry               // base.version+1 ... version, contiguous
	crcs    map[int64]bool
	object  *entry // the commit file of version itself; nil where clean-up took it
}

func (g *segment) baseVersion() int64 {
	if g.base == nil {
		return -1
	}
	return g.base.Version
}

// segment puts version v together from the newest checkpoint below limit (exclusive; use v+1 for any).
func (l *listing) segment(t *Table, v, limit int64) (*segment, error) {
	g := &segment{version: v, crcs: l.crcs}
	for i := range l.checkpoints {
		if c := &l.checkpoints[i]; c.Version <= v && c.Version < limit {
			g.base = c
		}
	}
	next := g.baseVersion() + 1
	for _, e := range l.commits {
		if e.version == v {
			g.object = e
		}
		if e.version < next || e.version > v {
			continue
		}
		if e.version != next+int64(len(g.tail)) {
			break
		}
		g.tail = append(g.tail, e)
	}
	if missing := next + int64(len(g.tail)); missing <= v {
		return nil, &GapError{Table: t.root, Version: missing, Wanted: v}
	}
	return g, nil
}

// locate finds the segment of the version at hand, or of the newest where v < 0. Below says which
// checkpoints may be used: those of versions smaller than it.
func (t *Table) locate(ctx context.Context, v, below int64) (*segment, error) {
	from := int64(0)
	if last, err := t.pointer(ctx); err != nil {
		return nil, err
	} else if last != nil && (v < 0 || last.Version <= v) && last.Version < below {
		from = last.Version
	}
	l, err := t.list(ctx, from, v)
	if err == nil && from > 0 && !usable(l, from, below) {
		l, err = t.list(ctx, 0, v) // _last_checkpoint names one that is not there
	}
	if err != nil {
		return nil, err
	}
	last := l.last()
	if last < 0 {
		if v >= 0 {
			return nil, t.outOfRange(ctx, v)
		}
		return nil, fmt.Errorf("%s: no table: %w", t.root, fs.ErrNotExist)
	}
	if v > last {
		return nil, t.outOfRange(ctx, v)
	}
	if v < 0 {
		v = last
	}
	g, err := l.segment(t, v, below)
	if err != nil && from > 0 {
		if l, err = t.list(ctx, 0, v); err == nil {
			g, err = l.segment(t, v, below)
		}
	}
	return g, err
}

func usable(l *listing, from, below int64) bool {
	return slices.ContainsFunc(l.checkpoints, func(c checkpoint.Checkpoint) bool {
		return c.Version >= from && c.Version < below
	})
}

// outOfRange says what could have been asked for.
func (t *Table) outOfRange(ctx context.Context, v int64) error {
	times, err := t.times(ctx)
	if err != nil {
		return err
	}
	return times.rangeError(t.root, fmt.Sprintf("version %d", v))
}
