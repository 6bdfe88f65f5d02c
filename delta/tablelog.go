package delta

import (
	"context"
	"errors"
	"io/fs"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/store"
)

// tableLog is the log of a table in its store: the names of its files, and what stands in them. It remembers nothing.
type tableLog struct {
	store store.Store
	root  string // key prefix of the table without the trailing slash
}

// openCheckpoint opens every file of a checkpoint for its adds. Damage is a *CorruptError.
func (l tableLog) openCheckpoint(ctx context.Context, c *checkpoint.Checkpoint, m *log.MetadataAction) (*checkpoint.Reader, error) {
	r, err := checkpoint.Open(ctx, l.store, l.key(logFolder), c, m)
	return r, ofCheckpoint(err)
}

// checkpointState reads the few rows of a checkpoint that are not files.
func (l tableLog) checkpointState(ctx context.Context, c *checkpoint.Checkpoint) (state, error) {
	st := state{}
	a, err := checkpoint.ReadState(ctx, l.store, l.key(logFolder), c)
	if err == nil {
		st.apply(a)
	}
	return st, ofCheckpoint(err)
}

// pointer is the content of _last_checkpoint; nil where it is gone or damaged.
func (l tableLog) pointer(ctx context.Context) (*checkpoint.Pointer, error) {
	text, err := store.ReadAll(ctx, l.store, l.key(logFolder+"_last_checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	last, err := checkpoint.ParsePointer(text)
	if err != nil {
		return nil, nil
	}
	return last, nil
}

// ofCheckpoint makes the damage of a checkpoint a *CorruptError; an older checkpoint may do instead.
func ofCheckpoint(err error) error {
	var damaged *checkpoint.DamagedError
	if errors.As(err, &damaged) {
		return &CorruptError{Key: damaged.Key, Version: damaged.Version, Line: damaged.Line, Err: damaged.Err, checkpoint: true}
	}
	return err
}
