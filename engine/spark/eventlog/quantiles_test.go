package eventlog

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func fuzzFile(f *testing.F, name string) []byte {
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		f.Fatal(err)
	}
	return data
}

func fuzzPlain(f *testing.F, name string) []byte {
	r, done, err := decompress(bytes.NewReader(fuzzFile(f, name)))
	if err != nil {
		f.Fatal(err)
	}
	defer done()
	text, err := io.ReadAll(r)
	if err != nil {
		f.Fatal(err)
	}
	return text
}

// Quantiles of a few values are exact; of many, right to 3 %.
func TestQuantiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 2, 7, exactSamples, exactSamples + 1, 100_000} {
		var s sample
		values := make([]int64, n)
		for i := range values {
			values[i] = r.Int64N(1 << r.IntN(40))
			s.add(values[i])
		}
		q := s.quantiles()
		slices.Sort(values)
		if n == 0 {
			if q != (Quantiles{}) {
				t.Errorf("of nothing: got %+v", q)
			}
			continue
		}
		near := func(name string, got int64, p float64) {
			want := values[int(p*float64(n-1))]
			if diff := got - want; max(diff, -diff)*100 > 3*want || n <= exactSamples && diff != 0 {
				t.Errorf("%s of %d: got %d, want %d", name, n, got, want)
			}
		}
		near("p25", q.P25, 0.25)
		near("median", q.P50, 0.5)
		near("p75", q.P75, 0.75)
		if q.N != int64(n) || q.Min != values[0] || q.Max != values[n-1] {
			t.Errorf("of %d: got %+v, want from %d to %d", n, q, values[0], values[n-1])
		}
	}
	for _, v := range []int64{0, 1, 31, 32, 33, 63, 64, 1000, 1<<40 + 12345, 1 << 55} {
		if m := middle(bucket(v)); max(m-v, v-m)*100 > 3*v {
			t.Errorf("the bucket of %d has %d in its middle", v, m)
		}
	}
}

func TestGaps(t *testing.T) {
	at := func(s int64) time.Time { return time.UnixMilli(s * 1000).UTC() }
	spans := []span{{10_000, 20_000, 1}, {30_000, 31_000, 3}, {12_000, 15_000, 2}, {31_000, 40_000, 4}}
	want := []Gap{{at(1), at(10), -1}, {at(20), at(30), 1}, {at(40), at(45), 4}}
	got := gaps(spans, at(1), at(45))
	slices.SortFunc(got, func(a, b Gap) int { return a.From.Compare(b.From) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A log with very many stages is summed up, and no task is lost.
func TestManyStages(t *testing.T) {
	f := newFolder()
	const n = 3*mostStages + 17
	for i := range int64(n) {
		f.add(&stageEvent{ID: i, Query: -1, Tasks: 1, Submitted: 1000 + 10*i})
		f.add(&task{Stage: i, Reason: "Success", Launch: 1000 + 10*i, Finish: 1005 + 10*i + i%3})
		f.add(&stageEvent{Done: true, ID: i, Query: -1, Submitted: 1000 + 10*i, Completed: 1009 + 10*i})
	}
	a := f.finish()
	if got := a.Total().Tasks; got != n || len(a.Stages) > mostStages+1000 || len(a.Stages)+a.OtherStages != n {
		t.Errorf("got %d tasks, %d stages and %d summed up; want %d tasks", got, len(a.Stages), a.OtherStages, n)
	}
}

func TestXXH32(t *testing.T) { // values of the reference implementation
	for text, want := range map[string]uint32{"": 0x02cc5d05, "a": 0x550d7456, "abc": 0x32d153ff, "Nobody inspects the spammish repetition": 0xe2293b2f} {
		if got := xxh32([]byte(text), 0); got != want {
			t.Errorf("xxh32(%q): got %#x, want %#x", text, got, want)
		}
	}
}
