package text

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/sweep"
)

// pieces are what records are made of, and what breaks them.
var pieces = map[bool][]string{
	false: {"a", "1", ",", ",", "\n", "\n", "\r\n", "\r", `"`, `""`, `"x,y"`, `"two` + "\n" + `lines"`, " ", "é", "\xff", "a longer text than twelve bytes", "2024-01-02"},
	true:  {`{"v":1}`, `{"v":"x","w":"y"}`, "{", "}", "[", "]", ",", "\n", "\n", "\r\n", `"`, `\"`, `{"w":"}]\""}`, `{"w":{"a":[1]}}`, " ", "null", "\xff", `{"v":1,` + "\n" + `"w":"z"}`},
}

// TestBlocks promises that the same rows and faults come of a text, however it is cut into blocks.
func TestBlocks(t *testing.T) {
	for seed := range sweep.Of(500, 4000, 200_000) {
		rnd := rand.New(rand.NewPCG(uint64(seed), 5))
		json := seed%2 == 1
		var b strings.Builder
		for range 1 + rnd.IntN(30) {
			b.WriteString(pieces[json][rnd.IntN(len(pieces[json]))])
		}
		same(t, json, b.String())
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func same(t *testing.T, json bool, text string) {
	t.Helper()
	want := ""
	for _, size := range []int{1 << 20, 1, 7} {
		rows, faults := read(t, Source{JSON: json, block: size}, "v string, w string", text)
		got := fmt.Sprintf("%q", rows)
		for _, f := range faults {
			got += fmt.Sprintf("\n%d %q %s", f.Line, f.Raw, f.Reason)
		}
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%q in blocks of %d bytes:\n got %s\nwant %s", text, size, got, want)
			return
		}
	}
}

// FuzzCSV promises the same of all bytes.
func FuzzCSV(f *testing.F) {
	for _, piece := range pieces[false] {
		f.Add("v,w\n1," + piece + "\n" + piece + ",2\n")
	}
	f.Fuzz(func(t *testing.T, text string) { same(t, false, text) })
}

// FuzzJSON promises it of JSON.
func FuzzJSON(f *testing.F) {
	for _, piece := range pieces[true] {
		f.Add(`[{"v":` + piece + "}\n" + piece + `]`)
	}
	f.Fuzz(func(t *testing.T, text string) { same(t, true, text) })
}
