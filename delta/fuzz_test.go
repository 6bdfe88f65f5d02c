package delta

import (
	"bytes"
	"context"
	"testing"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/store"
)

func FuzzChecksum(f *testing.F) {
	f.Add([]byte(`{"txnId":"a","tableSizeBytes":1,"numFiles":2,"numMetadata":1,"numProtocol":1,"setTransactions":[],"domainMetadata":null,"metadata":{"schemaString":"{}"},"protocol":{"minReaderVersion":1,"minWriterVersion":2}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := parseChecksum(text); err == nil && c.complete() {
			if again, err := parseChecksum(c.format()); err != nil || again.totals != c.totals {
				t.Fatalf("written again: %v, %+v", err, again)
			}
		}
	})
}

// A damaged checkpoint is an error, whatever is in it.
func FuzzCheckpoint(f *testing.F) {
	mem := store.NewMem()
	tab := At(mem, "t")
	m := everyType()
	m.Configuration = map[string]string{"delta.checkpointInterval": "2"}
	fill(f, tab, m, 4)
	good, err := store.ReadAll(context.Background(), mem, tab.checkpointKey(4))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, byte(0), good)
	f.Add(len(good)-40, byte(0xff), good)
	f.Add(100, byte(3), good)
	meta := latest(f, tab).state.metadata
	f.Fuzz(func(t *testing.T, at int, with byte, text []byte) {
		if len(text) > 1<<16 {
			return
		}
		text = bytes.Clone(text)
		if at >= 0 && at < len(text) {
			text[at] ^= with
		}
		s := store.NewMem()
		if err := store.PutBytes(context.Background(), s, tab.checkpointKey(4), text, store.Always); err != nil {
			t.Fatal(err)
		}
		c := &checkpoint.Checkpoint{Version: 4, Kind: checkpoint.Classic, Files: []store.Object{{Key: tab.checkpointKey(4), Size: int64(len(text))}}}
		other := At(s, "t")
		_, _ = other.checkpointState(context.Background(), c) // an error or a state, no panic
		r, err := other.openCheckpoint(context.Background(), c, meta)
		if err != nil {
			return
		}
		defer r.Close()
		n := 0
		_ = r.Scan(context.Background(), checkpoint.NewPlan(meta, nil, true), nil, true, func(*log.AddAction) bool { n++; return n < 1000 })
		_ = r.Tombstones(context.Background(), func(*Remove) error { return nil })
	})
}

func TestCommitErrorNamesLine(t *testing.T) {
	mem := store.NewMem()
	tab := At(mem, "t")
	create(t, tab, Metadata{Schema: idSchema()})
	body := "{\"commitInfo\":{}}\n{\"txn\":{\"appId\":\"a\",\"version\":1}}\n{\"add\":{\"path\":\"x\",\"size\":tru}}\n"
	if err := store.PutBytes(context.Background(), mem, tab.commitKey(1), []byte(body), store.Always); err != nil {
		t.Fatal(err)
	}
	_, err := At(mem, "t").Snapshot(context.Background(), When{})
	want := `t/_delta_log/00000000000000000001.json: line 3: add: size: invalid JSON: expected a number at byte 26`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
