package delta

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/store"
)

func FuzzLastCheckpoint(f *testing.F) {
	f.Add((&lastCheckpoint{Version: 3, Size: 4, Bytes: 5, Adds: 6}).format())
	f.Add([]byte(`{"version":1,"size":2,"parts":3,"checkpointSchema":{"type":"struct","fields":[{"a":null}]},"checksum":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if last, err := parseLastCheckpoint(text); err == nil && (last.Version < 0 || !json.Valid(text)) {
			t.Fatalf("accepted %q as %+v", text, last)
		}
	})
}

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
		c := &checkpoint{version: 4, kind: classic, files: []store.Object{{Key: tab.checkpointKey(4), Size: int64(len(text))}}}
		other := At(s, "t")
		_, _ = other.checkpointState(context.Background(), c) // an error or a state, no panic
		r, err := other.openCheckpoint(context.Background(), c, meta)
		if err != nil {
			return
		}
		defer r.close()
		n := 0
		_ = r.scan(context.Background(), newPlan(meta, nil, true), nil, true, func(*log.AddAction) bool { n++; return n < 1000 })
		_ = r.tombstones(context.Background(), func(*Remove) error { return nil })
	})
}

// The test vector of PROTOCOL.md, JSON checksum.
func TestChecksumVector(t *testing.T) {
	got, err := checksum([]byte(`{"k0":"'v 0'", "checksum": "adsaskfljadfkjadfkj", "k1":{"k2": 2, "k3": ["v3", [1, 2], {"k4": "v4", "k5": ["v5", "v6", "v7"]}]}}`))
	if want := "6a92d155a59bf2eecbd4b4ec7fd1f875"; got != want || err != nil {
		t.Errorf("checksum: got %s, %v; want %s", got, err, want)
	}
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
