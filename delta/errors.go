package delta

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Sentinels, for errors.Is; the types below carry the details.
var (
	// ErrAdvanced: the source's batch was committed before. See AdvancedError.
	ErrAdvanced = errors.New("batch already committed")
	// ErrRewritten: data was removed, so the new rows alone do not say what changed. See RewrittenError.
	ErrRewritten = errors.New("table was rewritten")
	// ErrUnknownOutcome: a commit may or may not have happened. See UnknownOutcomeError.
	ErrUnknownOutcome = errors.New("commit outcome unknown")
	// ErrConflict: another writer's commit contradicts ours. See ConflictError.
	ErrConflict = errors.New("conflict")
)

// CorruptError says that a file of the log cannot be what it should be.
type CorruptError struct {
	Key     string // of the file, in the store
	Version int64  // -1 where it is not of one version
	Line    int    // from 1; 0 where lines mean nothing

	checkpoint bool // an older checkpoint may do instead
	Err        error
}

func (e *CorruptError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s: line %d: %v", e.Key, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Key, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *CorruptError) Hint() string {
	return "run `petalake check` on the table: it lists every damaged file"
}

// GapError says that the log lacks a version it needs.
type GapError struct {
	Table   string
	Version int64 // the first one missing
	Wanted  int64 // the version that was asked for
}

func (e *GapError) Error() string {
	return fmt.Sprintf("%s: version %d needs version %d, which is missing from the log and in no checkpoint", e.Table, e.Wanted, e.Version)
}

// Hint says what to do.
func (e *GapError) Hint() string {
	return "restore the missing file of _delta_log, or read a version that a newer checkpoint covers"
}

// UnsupportedError refuses a table by the features that are not understood.
type UnsupportedError struct {
	Table    string
	Features []string // by their names in PROTOCOL.md
	Reader   bool     // true: it cannot be read; false: it can be read but not written
}

func (e *UnsupportedError) Error() string {
	verb := "written"
	if e.Reader {
		verb = "read"
	}
	return fmt.Sprintf("%s: cannot be %s: the table needs %s", e.Table, verb, strings.Join(e.Features, ", "))
}

// Hint says what to do.
func (e *UnsupportedError) Hint() string {
	if len(e.Features) == 0 {
		return "use an engine that supports the table's protocol"
	}
	if e.Features[0] == featureAbsolute {
		return "in Spark, CREATE TABLE ... AS SELECT * FROM the clone makes a table with files of its own"
	}
	if strings.Contains(e.Features[0], " ") { // a version, a type: not a feature that can be dropped
		return "use an engine that supports it"
	}
	if e.Features[0] == featureDeletionVectors {
		return "in Spark, REORG TABLE ... APPLY (PURGE) rewrites the files that have deletion vectors"
	}
	return fmt.Sprintf("use an engine that supports it, or in Spark: ALTER TABLE ... DROP FEATURE %s", e.Features[0])
}

// Conflict is a way in which two commits contradict each other.
type Conflict string

// The conflicts, named as the reference implementation's exceptions are.
const (
	ProtocolChanged       Conflict = "protocol changed"
	MetadataChanged       Conflict = "metadata changed"
	ConcurrentAppend      Conflict = "rows were added where we read"
	ConcurrentDeleteRead  Conflict = "rows we read were deleted"
	ConcurrentDelete      Conflict = "a file we remove was removed"
	ConcurrentTransaction Conflict = "the same source committed"
	AlreadyExists         Conflict = "the table was created"
)

// ConflictError says which commit of another writer contradicts ours. Nothing was committed.
type ConflictError struct {
	Table    string
	Kind     Conflict
	Version  int64  // the other writer's
	Detail   string // the path or the source, where there is one
	Attempts int
}

func (e *ConflictError) Error() string {
	detail := ""
	if e.Detail != "" {
		detail = " (" + e.Detail + ")"
	}
	return fmt.Sprintf("%s: conflict with version %d: %s%s, after %d attempts", e.Table, e.Version, e.Kind, detail, e.Attempts)
}

// Is makes errors.Is(err, ErrConflict) true.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Hint says what to do.
func (e *ConflictError) Hint() string {
	return "run the command again: nothing was committed, and it will start from the newer version"
}

// AdvancedError is returned where a source is not at the version its batch follows.
type AdvancedError struct {
	App        string
	From, Have int64 // what the batch follows, what the table holds
}

func (e *AdvancedError) Error() string {
	return fmt.Sprintf("source %s: batch after %d: the table is at %d", e.App, e.From, e.Have)
}

// Is makes errors.Is(err, ErrAdvanced) true.
func (e *AdvancedError) Is(target error) bool { return target == ErrAdvanced }

// RewrittenError is returned by Snapshot.Since where a commit removed data.
type RewrittenError struct {
	Table   string
	Version int64
}

func (e *RewrittenError) Error() string {
	return fmt.Sprintf("%s: version %d removed rows", e.Table, e.Version)
}

// Is makes errors.Is(err, ErrRewritten) true.
func (e *RewrittenError) Is(target error) bool { return target == ErrRewritten }

// Hint says what to do.
func (e *RewrittenError) Hint() string { return "build what depends on the table anew, in full" }

// UnknownOutcomeError says that a commit was sent, and neither its answer nor the log tells whether
// it happened. If it did, the log holds version Version with the txnId ID.
type UnknownOutcomeError struct {
	Table   string
	Version int64
	ID      string
	Err     error
}

func (e *UnknownOutcomeError) Error() string {
	return fmt.Sprintf("%s: commit %s as version %d: outcome unknown: %v", e.Table, e.ID, e.Version, e.Err)
}

func (e *UnknownOutcomeError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrUnknownOutcome) true.
func (e *UnknownOutcomeError) Is(target error) bool { return target == ErrUnknownOutcome }

// Hint says what to do.
func (e *UnknownOutcomeError) Hint() string {
	return fmt.Sprintf("look for txnId %s in `petalake history`: if it is there, the commit happened", e.ID)
}

// RangeError is returned for a version or a time the log cannot give.
type RangeError struct {
	Table        string
	Asked        string
	First, Last  int64
	Since, Until time.Time
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("%s: %s: available are versions %d (%s) to %d (%s)", e.Table, e.Asked,
		e.First, e.Since.UTC().Format(time.RFC3339Nano), e.Last, e.Until.UTC().Format(time.RFC3339Nano))
}

// Hint says what to do.
func (e *RangeError) Hint() string {
	return fmt.Sprintf("ask for a version from %d to %d, or for a time from %s", e.First, e.Last, e.Since.UTC().Format(time.RFC3339Nano))
}
