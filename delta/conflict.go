package delta

import "github.com/petalake/petalake/delta/stats"

// conflict says why a transaction that was built on an older version cannot follow a commit that
// came first, or nil. Base is the version before that commit. The rules are those of the reference
// implementation's conflict checker.
func (x *Txn) conflict(base *Snapshot, won *actions) *ConflictError {
	switch {
	case won.protocol != nil:
		return &ConflictError{Kind: ProtocolChanged}
	case won.metadata != nil:
		return &ConflictError{Kind: MetadataChanged}
	}
	for _, theirs := range won.txns {
		for _, ours := range x.txns {
			if ours.app == theirs.app {
				return &ConflictError{Kind: ConcurrentTransaction, Detail: ours.app}
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
func (x *Txn) appended(base *Snapshot, won *actions) *ConflictError {
	if len(x.reads) == 0 || len(won.adds) == 0 || x.rearranges() {
		return nil
	}
	blind := won.info != nil && won.info.BlindAppend
	if p, err := base.state.metadata.properties(); blind && (err != nil || !p.serializable) {
		return nil
	}
	for _, where := range x.reads {
		p := newPlan(base.state.metadata, where, false)
		for i := range won.adds {
			if p.keeps(&won.adds[i]) {
				return &ConflictError{Kind: ConcurrentAppend, Detail: won.adds[i].Path}
			}
		}
	}
	return nil
}

// deleted: a file that we remove or have read is gone.
func (x *Txn) deleted(base *Snapshot, won *actions) *ConflictError {
	if len(won.removes) == 0 {
		return nil
	}
	ours := make(map[string]bool, len(x.removes))
	for _, r := range x.removes {
		ours[r.Path] = true
	}
	for _, r := range won.removes {
		if ours[r.Path] {
			return &ConflictError{Kind: ConcurrentDelete, Detail: r.Path}
		}
	}
	for _, where := range x.reads {
		p := newPlan(base.state.metadata, where, false)
		for i := range won.removes {
			if p.keeps(won.removes[i].asAdd()) {
				return &ConflictError{Kind: ConcurrentDeleteRead, Detail: won.removes[i].Path}
			}
		}
	}
	return nil
}

// asAdd is the file that was removed, as far as the tombstone describes it.
func (r *logRemove) asAdd() *logAdd {
	return &logAdd{stats: r.stats, Add: Add{Path: r.Path, PartitionValues: r.PartitionValues, Stats: stats.File{NumRecords: -1}}}
}
