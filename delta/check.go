package delta

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/store"
)

// CheckOptions say how much is verified. The zero value verifies the log and that files exist.
type CheckOptions struct {
	Data bool // read every live file and hold its statistics against its rows
}

// Report is what Check found. A table without Problems is whole.
type Report struct {
	Version  int64
	Files    int64 // live
	Bytes    int64
	Problems []Problem
	Warnings []string // what is legal, and will do harm
	Orphans  []string // data files that neither a version nor a tombstone names: vacuum would delete them
}

// Problem is one thing that is not as it should be.
type Problem struct {
	Kind    ProblemKind
	Version int64  // -1 where it is of no one version
	File    string // in the table's folder; empty where it is of no one file
	Message string
}

// ProblemKind says what is wrong.
type ProblemKind string

// The kinds of problems.
const (
	ProblemGap        ProblemKind = "gap"        // a version is missing from the log
	ProblemCommit     ProblemKind = "commit"     // a commit cannot be read, or is not legal
	ProblemCheckpoint ProblemKind = "checkpoint" // it cannot be read, or says other than the commits
	ProblemChecksum   ProblemKind = "checksum"   // a .crc says other than the commits
	ProblemPointer    ProblemKind = "pointer"    // _last_checkpoint names none
	ProblemMissing    ProblemKind = "missing"    // a live file is not there
	ProblemSize       ProblemKind = "size"       // it has another size than the log says
	ProblemStatistics ProblemKind = "statistics" // they are not true of its rows
	ProblemData       ProblemKind = "data"       // it cannot be read
)

func (p Problem) String() string {
	where := ""
	if p.Version >= 0 {
		where = fmt.Sprintf(" version %d:", p.Version)
	}
	if p.File != "" {
		where += " " + p.File + ":"
	}
	return string(p.Kind) + ":" + where + " " + p.Message
}

// Check verifies a table: the log is whole, checkpoints and .crc files say what the commits say, and
// every live file is there. What is wrong is in the report; an error means that Check could not
// look. It holds the names of all live files in memory.
func (t *Table) Check(ctx context.Context, o CheckOptions) (Report, error) {
	c := &checker{table: t, report: Report{Version: -1}, live: map[string]*log.AddAction{}, dead: map[string]int64{}}
	l, err := t.list(ctx, 0, -1)
	if err != nil {
		return c.report, err
	}
	if l.last() < 0 {
		return c.report, fmt.Errorf("%s: no table: %w", t.root, fs.ErrNotExist)
	}
	if err := c.log(ctx, l); err != nil {
		return c.report, err
	}
	if err := c.pointer(ctx, l); err != nil {
		return c.report, err
	}
	if err := c.files(ctx); err != nil {
		return c.report, err
	}
	if o.Data && c.state.metadata != nil && c.state.resolve(t) == nil {
		err = c.data(ctx)
	}
	return c.report, err
}

// checker replays the log, oldest first.
type checker struct {
	table  *Table
	report Report
	state  state
	live   map[string]*log.AddAction // by key
	dead   map[string]int64          // tombstones by path: when they were removed
	broken bool                      // the replay is not to be trusted any more
}

func (c *checker) problem(kind ProblemKind, version int64, file, format string, args ...any) {
	if root := c.table.key(""); root != "" {
		file = strings.TrimPrefix(file, root)
	}
	c.report.Problems = append(c.report.Problems, Problem{kind, version, file, fmt.Sprintf(format, args...)})
}

func (c *checker) damaged(kind ProblemKind, e *CorruptError) {
	at := ""
	if e.Line > 0 {
		at = fmt.Sprintf("line %d: ", e.Line)
	}
	c.problem(kind, e.Version, e.Key, "%s%v", at, e.Err)
}

func (c *checker) log(ctx context.Context, l *listing) error {
	next := int64(0)
	checkpoints := l.checkpoints
	if len(l.commits) == 0 || l.commits[0].version > 0 { // cleaned up: from the oldest checkpoint that joins
		if len(checkpoints) == 0 {
			c.problem(ProblemGap, 0, "", "the log begins without version 0 and without a checkpoint")
			return nil
		}
		if err := c.begin(ctx, &checkpoints[0]); err != nil {
			return err
		}
		next = checkpoints[0].Version + 1
		c.report.Version = checkpoints[0].Version
	}
	for _, e := range l.commits {
		if e.version < next {
			continue
		}
		if e.version > next {
			c.problem(ProblemGap, next, "", "missing; the log goes on at version %d", e.version)
			c.broken = true
		}
		next = e.version + 1
		c.report.Version = e.version
		a, err := (&entry{version: e.version, key: e.key}).load(ctx, c.table.store)
		var damaged *CorruptError
		switch {
		case errors.As(err, &damaged):
			c.damaged(ProblemCommit, damaged)
			c.broken = true
			continue
		case err != nil:
			return err
		}
		c.apply(e, a)
		if err := c.derived(ctx, l, e.version); err != nil {
			return err
		}
	}
	return nil
}

// begin takes a checkpoint's word for what came before it.
func (c *checker) begin(ctx context.Context, at *checkpoint.Checkpoint) error {
	st, err := c.table.checkpointState(ctx, at)
	if err == nil {
		c.state = st
		err = c.state.resolve(c.table)
	}
	if err == nil {
		err = c.contents(ctx, at, func(a *log.AddAction) { c.live[a.Key()] = a })
	}
	var damaged *CorruptError
	if errors.As(err, &damaged) {
		c.damaged(ProblemCheckpoint, damaged)
		c.broken = true
		return nil
	}
	return err
}

func (c *checker) contents(ctx context.Context, at *checkpoint.Checkpoint, visit func(*log.AddAction)) error {
	r, err := c.table.openCheckpoint(ctx, at, c.state.metadata)
	if err != nil {
		return err
	}
	defer r.Close()
	plan := checkpoint.NewPlan(c.state.metadata, nil, true)
	return ofCheckpoint(r.Scan(ctx, plan, nil, false, func(a *log.AddAction) bool { visit(a); return true }))
}

// apply replays one commit and says what of it is not legal.
func (c *checker) apply(e *entry, a *log.Actions) {
	c.state.apply(a)
	if e.version == 0 && (a.Protocol == nil || a.Metadata == nil) {
		c.problem(ProblemCommit, 0, e.key, "the first version lacks protocol or metaData")
	}
	added, removed := map[string]bool{}, map[string]bool{}
	for i := range a.Removes {
		r := &a.Removes[i]
		if removed[r.Path] {
			c.problem(ProblemCommit, e.version, r.Path, "removed twice in one commit")
		}
		removed[r.Path] = true
		delete(c.live, r.Key())
		c.dead[r.Path] = r.DeletedAt
	}
	for i := range a.Adds {
		f := &a.Adds[i]
		if added[f.Path] {
			c.problem(ProblemCommit, e.version, f.Path, "added twice in one commit")
		}
		added[f.Path] = true
		delete(c.dead, f.Path)
		c.live[f.Key()] = f
		if c.state.metadata != nil {
			if err := partitioned(f, c.state.metadata.PartitionColumns); err != nil {
				c.problem(ProblemCommit, e.version, f.Path, "%v", err)
			}
		}
	}
}

// derived holds the checkpoints and the .crc of a version against the replay.
func (c *checker) derived(ctx context.Context, l *listing, version int64) error {
	if c.broken || c.state.metadata == nil || c.state.protocol == nil {
		return nil
	}
	if err := c.state.resolve(c.table); err != nil {
		var u *UnsupportedError
		if errors.As(err, &u) {
			return err
		}
		c.problem(ProblemCommit, version, "", "%v", err)
		return nil
	}
	for i := range l.checkpoints {
		if at := &l.checkpoints[i]; at.Version == version {
			if err := c.checkpoint(ctx, at); err != nil {
				return err
			}
		}
	}
	if !l.crcs[version] {
		return nil
	}
	return c.checksum(ctx, version)
}

func (c *checker) checkpoint(ctx context.Context, at *checkpoint.Checkpoint) error {
	key := at.Files[0].Key
	st, err := c.table.checkpointState(ctx, at)
	found := map[string]bool{}
	if err == nil {
		err = c.contents(ctx, at, func(a *log.AddAction) {
			found[a.Key()] = true
			if want := c.live[a.Key()]; want == nil {
				c.problem(ProblemCheckpoint, at.Version, key, "holds %s, which is not live", a.Path)
			} else if want.Size != a.Size {
				c.problem(ProblemCheckpoint, at.Version, key, "holds %s with %d bytes, the commits say %d", a.Path, a.Size, want.Size)
			}
		})
	}
	var damaged *CorruptError
	if errors.As(err, &damaged) {
		c.damaged(ProblemCheckpoint, damaged)
		return nil
	}
	if err != nil {
		return err
	}
	for k, a := range c.live {
		if !found[k] {
			c.problem(ProblemCheckpoint, at.Version, key, "lacks %s", a.Path)
		}
	}
	if what := c.differs(&st); what != "" {
		c.problem(ProblemCheckpoint, at.Version, key, "%s differs from what the commits say", what)
	}
	return nil
}

// differs names the first part of a state that is not as the replay has it.
func (c *checker) differs(st *state) string {
	switch {
	case st.protocol == nil || !sameProtocol(*st.protocol, *c.state.protocol):
		return "protocol"
	case st.metadata == nil || st.metadata.ID != c.state.metadata.ID || st.metadata.SchemaText != c.state.metadata.SchemaText:
		return "metaData"
	case len(st.txns) != len(c.state.txns):
		return "txn"
	}
	for app, t := range c.state.txns {
		if st.txns[app].Version != t.Version {
			return "txn " + app
		}
	}
	for name, d := range c.state.domains {
		if st.domains[name].Configuration != d.Configuration {
			return "domainMetadata " + name
		}
	}
	return ""
}

func (c *checker) checksum(ctx context.Context, version int64) error {
	key := c.table.crcKey(version)
	text, err := store.ReadAll(ctx, c.table.store, key)
	if err != nil {
		return err
	}
	sum, err := parseChecksum(text)
	if err != nil || !sum.hasTotals {
		c.problem(ProblemChecksum, version, key, "cannot be read: %v", err)
		return nil
	}
	bytes := int64(0)
	for _, a := range c.live {
		bytes += a.Size
	}
	if sum.files != int64(len(c.live)) || sum.bytes != bytes {
		c.problem(ProblemChecksum, version, key, "%d files of %d bytes, the commits say %d of %d", sum.files, sum.bytes, len(c.live), bytes)
	}
	if st := sum.state(); sum.complete() {
		if what := c.differs(&st); what != "" {
			c.problem(ProblemChecksum, version, key, "%s differs from what the commits say", what)
		}
	}
	return nil
}

func (c *checker) pointer(ctx context.Context, l *listing) error {
	last, err := c.table.pointer(ctx)
	if err != nil || last == nil {
		return err
	}
	for _, at := range l.checkpoints {
		if at.Version == last.Version {
			return nil
		}
	}
	c.problem(ProblemPointer, last.Version, c.table.key(logFolder+"_last_checkpoint"), "there is no checkpoint of that version")
	return nil
}
