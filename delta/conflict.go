package delta

import (
	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/stats"
)

// conflict says why a transaction that was built on an older version cannot follow a commit that
// came first, or nil. Base is the version before that commit. The rules are those of the reference
// implementation's conflict checker.
func (x *Txn) conflict(base *Snapshot, won *log.Actions) *ConflictError {
	switch {
	case won.Protocol != nil:
		return &ConflictError{Kind: ProtocolChanged}
	case won.Metadata != nil:
		return &ConflictError{Kind: MetadataChanged}
	}
	for _, theirs := range won.Txns {
		for _, ours := range x.txns {
			if ours.App == theirs.App {
				return &ConflictError{Kind: ConcurrentTransaction, Detail: ours.App}
			}
		}
	}
	if c := x.appended(base, won); c != nil {
		return c
	}
	return x.deleted(base, won)
}

// appended: rows were added that the transaction would have read. At the default level,
// WriteSerializable, a blind append may be put after us in the order of things, although it stands
// before us in the log.
func (x *Txn) appended(base *Snapshot, won *log.Actions) *ConflictError {
	if len(x.reads) == 0 || len(won.Adds) == 0 || x.rearranges() {
		return nil
	}
	blind := won.Info != nil && won.Info.BlindAppend
	if p, err := propertiesOf(&base.state.metadata.Metadata); blind && (err != nil || !p.serializable) {
		return nil
	}
	for _, where := range x.reads {
		p := checkpoint.NewPlan(base.state.metadata, where, false)
		for i := range won.Adds {
			if p.Keeps(&won.Adds[i]) {
				return &ConflictError{Kind: ConcurrentAppend, Detail: won.Adds[i].Path}
			}
		}
	}
	return nil
}

// deleted: a file that we remove or have read is gone.
func (x *Txn) deleted(base *Snapshot, won *log.Actions) *ConflictError {
	if len(won.Removes) == 0 {
		return nil
	}
	ours := make(map[string]bool, len(x.removes))
	for _, r := range x.removes {
		ours[r.Path] = true
	}
	for _, r := range won.Removes {
		if ours[r.Path] {
			return &ConflictError{Kind: ConcurrentDelete, Detail: r.Path}
		}
	}
	for _, where := range x.reads {
		p := checkpoint.NewPlan(base.state.metadata, where, false)
		for i := range won.Removes {
			if p.Keeps(asAdd(&won.Removes[i])) {
				return &ConflictError{Kind: ConcurrentDeleteRead, Detail: won.Removes[i].Path}
			}
		}
	}
	return nil
}

// asAdd is the file that was removed, as far as the tombstone describes it.
func asAdd(r *log.RemoveAction) *log.AddAction {
	return &log.AddAction{StatsText: r.StatsText, Add: Add{Path: r.Path, PartitionValues: r.PartitionValues, Stats: stats.File{NumRecords: -1}}}
}
