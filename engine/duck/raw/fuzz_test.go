package raw

import (
	"strings"
	"testing"
)

func FuzzZstdComplete(f *testing.F) {
	f.Add([]byte("\x28\xb5\x2f\xfd\x04\x00\x09\x00\x00a\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole := zstdComplete(strings.NewReader(string(b)), int64(len(b)))
		if whole && len(b) == 0 {
			t.Error("nothing is complete")
		}
	})
}

func FuzzSplitRecord(f *testing.F) {
	f.Add("a,\"b \"\"c\",d\n1", ",", `"`, `"`)
	f.Add("a|'b\\'c'\r\n", "|", "'", `\`)
	f.Fuzz(func(t *testing.T, text, delimiter, quote, escape string) {
		if fields := splitRecord(text, delimiter, quote, escape); len(fields) == 0 {
			t.Errorf("%q has no field", text)
		}
	})
}
