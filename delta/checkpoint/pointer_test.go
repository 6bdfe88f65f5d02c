package checkpoint

import (
	"encoding/json"
	"testing"
)

func FuzzPointer(f *testing.F) {
	f.Add((&Pointer{Version: 3, Size: 4, Bytes: 5, Adds: 6}).Format())
	f.Add([]byte(`{"version":1,"size":2,"parts":3,"checkpointSchema":{"type":"struct","fields":[{"a":null}]},"checksum":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if last, err := ParsePointer(text); err == nil && (last.Version < 0 || !json.Valid(text)) {
			t.Fatalf("accepted %q as %+v", text, last)
		}
	})
}

// The test vector of PROTOCOL.md, JSON checksum.
func TestChecksumVector(t *testing.T) {
	got, err := checksum([]byte(`{"k0":"'v 0'", "checksum": "adsaskfljadfkjadfkj", "k1":{"k2": 2, "k3": ["v3", [1, 2], {"k4": "v4", "k5": ["v5", "v6", "v7"]}]}}`))
	if want := "6a92d155a59bf2eecbd4b4ec7fd1f875"; got != want || err != nil {
		t.Errorf("checksum: got %s, %v; want %s", got, err, want)
	}
}
