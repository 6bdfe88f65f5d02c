package delta

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/storetest"
)

// The model of a table is a map from file to partition, for each version. A history is a sequence of
// random operations by two writers, some of whose answers are lost; after each the table must be
// what the model is, read anew or through a writer's memory.

// model is what the table should hold.
type model struct {
	files    map[string]int // partition, by path
	versions []map[string]int
	sources  map[string]int64
}

func (m *model) commit() {
	c := map[string]int{}
	for k, v := range m.files {
		c[k] = v
	}
	m.versions = append(m.versions, c)
}

// history is one run. Its text is the log of what was done.
type history struct {
	*testing.T
	rand    *rand.Rand
	mem     *store.Mem
	writers []*Table
	model   model
	log     []string
	clock   time.Time
	names   int
}

func (h *history) note(format string, args ...any) {
	h.log = append(h.log, fmt.Sprintf(format, args...))
}

func (h *history) fatal(format string, args ...any) {
	for _, l := range h.log {
		h.Log(l)
	}
	h.Fatalf(format, args...)
}

func TestModel(t *testing.T) {
	t.Parallel()
	// A history of 10 to 40 steps meets a fault at every third. 150 of them, new ones each time, show a
	// protocol rule that is broken; by night they look for rare orders of two writers.
	seed, runs := uint64(time.Now().UnixNano()), sweep.Of(30, 150, 3000)
	if n, err := strconv.Atoi(os.Getenv("PETALAKE_RUNS")); err == nil {
		runs = n
	}
	if text := os.Getenv("PETALAKE_SEED"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed, runs = n, 1
	}
	for i := range runs {
		s := seed + uint64(i)
		t.Run(fmt.Sprintf("PETALAKE_SEED=%d", s), func(t *testing.T) { runHistory(t, s) })
	}
}

func runHistory(t *testing.T, seed uint64) {
	h := &history{T: t, rand: rand.New(rand.NewPCG(seed, 1)), mem: store.NewMem(), clock: time.Now()}
	h.model = model{files: map[string]int{}, sources: map[string]int64{}}
	h.writers = []*Table{At(h.mem, "t"), At(h.mem, "t")}
	m := Metadata{Schema: idSchema(), PartitionColumns: []string{"day"}, Configuration: map[string]string{
		"delta.checkpointInterval":            strconv.Itoa(1 + h.rand.IntN(6)),
		"delta.checkpoint.writeStatsAsJson":   strconv.FormatBool(h.rand.IntN(2) == 0),
		"delta.checkpoint.writeStatsAsStruct": strconv.FormatBool(h.rand.IntN(2) == 0),
	}}
	create(t, h.writers[0], m)
	h.model.commit()
	for range 10 + h.rand.IntN(30) {
		h.step()
	}
	h.compare()
	whole(t, h.mem, "t")
}

// file is a new data file of a partition.
func (h *history) file() (Add, int) {
	h.names++
	day := h.rand.IntN(4)
	text := strconv.Itoa(day)
	a := someFile(fmt.Sprintf("f %d.parquet", h.names), int64(day)*100, int64(day)*100+99)
	a.PartitionValues = map[string]*string{"day": &text}
	putFile(h, h.mem, h.writers[0], a)
	return a, day
}

// writer picks one, sometimes behind a store that loses an answer or repeats a put.
func (h *history) writer() *Table {
	i := h.rand.IntN(len(h.writers))
	switch h.rand.IntN(6) {
	case 0:
		h.writers[i] = At(h.mem, "t") // a new process
	case 1:
		p := &storetest.Plan{Fault: storetest.Lose, At: h.rand.IntN(3), Match: storetest.Writes}
		if h.rand.IntN(2) == 0 {
			p.Fault = storetest.Echo
		}
		h.note("writer %d meets %v", i, p)
		return At(storetest.Faulty(h.mem, p), "t")
	}
	return h.writers[i]
}

func (h *history) step() {
	ctx, tab := context.Background(), h.writer()
	var err error
	var c Commit
	switch op := h.rand.IntN(12); {
	case op < 6:
		a, day := h.file()
		h.note("append %s day %d", a.Path, day)
		c, err = tab.Update(ctx, func(x *Txn) error { x.Add(a); return nil })
		h.model.files[a.Path] = day
	case op < 7:
		a, day := h.file()
		h.note("overwrite by %s day %d", a.Path, day)
		c, err = tab.Update(ctx, func(x *Txn) error { x.Add(a); return x.RemoveAll(ctx) })
		h.model.files = map[string]int{a.Path: day}
	case op < 9:
		a, _ := h.file()
		day := h.rand.IntN(4)
		text := strconv.Itoa(day)
		a.PartitionValues["day"] = &text
		h.note("replace day %d by %s", day, a.Path)
		c, err = tab.Update(ctx, func(x *Txn) error {
			x.Add(a)
			return x.RemoveWhere(ctx, stats.Compare{Path: []string{"day"}, Op: stats.EQ, Value: text})
		})
		for path, d := range h.model.files {
			if d == day {
				delete(h.model.files, path)
			}
		}
		h.model.files[a.Path] = day
	case op < 11:
		c, err = h.advance(tab)
	default:
		h.note("checkpoint")
		if err := tab.Checkpoint(ctx); err != nil && !errors.Is(err, storetest.ErrInjected) && !errors.Is(err, os.ErrExist) {
			h.fatal("checkpoint: %v", err)
		}
		return
	}
	if err != nil {
		h.fatal("got %v, want a commit", err)
	}
	if c.ID == "" {
		return
	}
	h.model.commit()
	if want := int64(len(h.model.versions) - 1); c.Version != want {
		h.fatal("got version %d, want %d", c.Version, want)
	}
}

// advance commits a batch of a source, or one that it committed before.
func (h *history) advance(tab *Table) (Commit, error) {
	a, day := h.file()
	app := fmt.Sprint("src", h.rand.IntN(2))
	have, known := h.model.sources[app]
	if !known {
		have = -1
	}
	again := known && h.rand.IntN(3) == 0
	from := have
	if again {
		from = have - 1
	}
	h.note("source %s from %d, again: %v", app, from, again)
	c, err := tab.Update(context.Background(), func(x *Txn) error {
		x.Advance(app, from, from+1)
		x.Add(a)
		return nil
	})
	if again {
		if !errors.Is(err, ErrAdvanced) {
			h.fatal("batch again: got %v, want ErrAdvanced", err)
		}
		return Commit{}, nil
	}
	h.model.files[a.Path], h.model.sources[app] = day, from+1
	return c, err
}

// compare holds the newest version, and one older, against the model.
func (h *history) compare() {
	fresh := At(h.mem, "t")
	for _, tab := range append(h.writers, fresh) {
		s := latest(h, tab)
		h.same(s, len(h.model.versions)-1)
		for app, v := range h.model.sources {
			if got := s.Transaction(app); got != v {
				h.fatal("source %s: got %d, want %d", app, got, v)
			}
		}
	}
	v := int64(h.rand.IntN(len(h.model.versions)))
	s, err := fresh.Snapshot(context.Background(), When{Version: &v})
	if err != nil {
		h.fatal("version %d: %v", v, err)
	}
	h.same(s, int(v))
}

func (h *history) same(s *Snapshot, v int) {
	if s.Version() != int64(v) {
		h.fatal("got version %d, want %d", s.Version(), v)
	}
	want := sortedKeys(h.model.versions[v])
	if got := paths(h, s, nil); !slices.Equal(got, want) {
		h.fatal("version %d: got %q, want %q", v, got, want)
	}
	day := h.rand.IntN(4)
	want = slices.DeleteFunc(want, func(p string) bool { return h.model.versions[v][p] != day })
	if got := paths(h, s, stats.Compare{Path: []string{"day"}, Op: stats.EQ, Value: strconv.Itoa(day)}); !slices.Equal(got, want) {
		h.fatal("version %d, day %d: got %q, want %q", v, day, got, want)
	}
	n, err := s.NumFiles(context.Background())
	if err != nil || n != int64(len(h.model.versions[v])) {
		h.fatal("version %d: got %d files, %v; want %d", v, n, err, len(h.model.versions[v]))
	}
}
