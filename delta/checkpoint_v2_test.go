package delta

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/petalake/petalake/delta/checkpoint"
	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/store"
)

// v2Form is a way to write a checkpoint (PROTOCOL.md, V2 spec): the manifest's format, and into how
// many sidecars its files go; none: into the manifest.
type v2Form struct {
	manifest string // "json" or "parquet"
	sidecars int
}

// v2 takes the classic checkpoint of a version, and the commits up to it, away, and puts a V2
// checkpoint of the same content in its place. It returns the keys of manifest and sidecars.
func v2(t *testing.T, tab *Table, version int64, form v2Form) (manifest string, cars []string) {
	t.Helper()
	s, err := At(tab.store, tab.root).Snapshot(t.Context(), When{Version: &version})
	if err != nil {
		t.Fatal(err)
	}
	files, err := liveFiles(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	var removed []Remove
	if err := s.tombstones(t.Context(), 0, func(r *Remove) error { removed = append(removed, *r); return nil }); err != nil {
		t.Fatal(err)
	}
	var list []log.Sidecar
	for i := range form.sidecars {
		text := v2Parquet(t, s, nil, share(files, i, form.sidecars), share(removed, i, form.sidecars), nil)
		car := log.Sidecar{Path: fmt.Sprintf("part %d %s.parquet", i, uuid.NewString()), Size: int64(len(text))}
		list, cars = append(list, car), append(cars, tab.key(logFolder+"_sidecars/"+car.Path))
		v2Put(t, tab, cars[i], text)
	}
	inline, inlineRemoved := files, removed
	if form.sidecars > 0 {
		inline, inlineRemoved = nil, nil
	}
	text := v2JSON(s, inline, inlineRemoved, list)
	if form.manifest == "parquet" {
		text = v2Parquet(t, s, &s.state, inline, inlineRemoved, list)
	}
	manifest = tab.key(logFolder + versionName(version) + ".checkpoint." + uuid.NewString() + "." + form.manifest)
	v2Put(t, tab, manifest, text)
	gone := []string{tab.checkpointKey(version), tab.key(logFolder + "_last_checkpoint")}
	for v := range version + 1 {
		gone = append(gone, tab.commitKey(v), tab.crcKey(v), tab.checkpointKey(v))
	}
	if err := tab.store.Delete(t.Context(), gone...); err != nil {
		t.Fatal(err)
	}
	return manifest, cars
}

// share is what of a list goes into part i of n.
func share[T any](list []T, i, n int) []T { return list[len(list)*i/n : len(list)*(i+1)/n] }

func v2Put(t *testing.T, tab *Table, key string, text []byte) {
	t.Helper()
	if err := store.PutBytes(t.Context(), tab.store, key, text, store.IfAbsent); err != nil {
		t.Fatal(err)
	}
}

// v2Parquet writes a sidecar, or with a state a manifest.
func v2Parquet(t *testing.T, s *Snapshot, st *state, adds []*log.AddAction, removes []Remove, cars []log.Sidecar) []byte {
	t.Helper()
	m := s.state.metadata
	p, err := propertiesOf(&m.Metadata)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	o := p.checkpoints()
	o.Sidecars = true
	c, err := checkpoint.NewWriter(&out, m, o)
	if err != nil {
		t.Fatal(err)
	}
	if st != nil {
		err = c.State(st.actions())
	}
	for _, car := range cars {
		err = errors.Join(err, c.Sidecar(car))
	}
	for i := range removes {
		err = errors.Join(err, c.Remove(&removes[i]))
	}
	for _, a := range adds {
		err = errors.Join(err, c.Add(a))
	}
	if err := errors.Join(err, c.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func v2JSON(s *Snapshot, adds []*log.AddAction, removes []Remove, cars []log.Sidecar) []byte {
	b := fmt.Appendf(nil, "{\"checkpointMetadata\":{\"version\":%d}}\n", s.version)
	b = log.AppendMetadata(log.AppendProtocol(b, s.state.protocol), s.state.metadata)
	for _, x := range s.state.txns {
		b = log.AppendTransaction(b, x)
	}
	for _, car := range cars {
		b = log.AppendText(append(b, `{"sidecar":{"path":`...), log.EncodePath(car.Path))
		b = fmt.Appendf(b, ",\"sizeInBytes\":%d,\"modificationTime\":1}}\n", car.Size)
	}
	for i := range removes {
		b = log.AppendRemove(b, &log.RemoveAction{Remove: removes[i]})
	}
	for _, a := range adds {
		b = log.AppendAdd(b, a)
	}
	return b
}

// v2Table has a table of 35 commits, one of which removes a file, that asks for V2 checkpoints.
func v2Table(t *testing.T) *Table {
	t.Helper()
	m := everyType()
	m.Configuration = map[string]string{"delta.checkpointInterval": "1000000", "delta.checkpointPolicy": "v2"}
	tab := At(store.NewMem(), "t")
	fill(t, tab, m, 17)
	if _, err := tab.Update(t.Context(), func(x *Txn) error {
		x.Read(nil)
		x.Remove(allFiles(t, x.Snapshot(), nil)[3])
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i := range int64(17) {
		if _, err := tab.Update(t.Context(), func(x *Txn) error { x.Add(typedFile(100 + i)); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return tab
}

// TestCheckpointV2 reads every form of V2 checkpoint, with commits after it.
func TestCheckpointV2(t *testing.T) {
	t.Parallel()
	for _, form := range []v2Form{{"json", 0}, {"json", 1}, {"json", 3}, {"parquet", 0}, {"parquet", 1}, {"parquet", 3}} {
		t.Run(fmt.Sprintf("%s, %d sidecars", form.manifest, form.sidecars), func(t *testing.T) {
			tab := v2Table(t)
			was := latest(t, tab)
			want, txns := allFiles(t, was, nil), was.Transactions()
			v2(t, tab, 30, form)
			s := latest(t, At(tab.store, "t"))
			if base := s.currentSegment().base; base == nil || base.Version != 30 || base.Kind != map[string]checkpoint.Kind{"json": checkpoint.JSON, "parquet": checkpoint.Parquet}[form.manifest] {
				t.Fatalf("got base %+v, want the V2 checkpoint of version 30", base)
			}
			if d := sameFiles(want, allFiles(t, s, nil)); d != "" {
				t.Errorf("files (-commits +checkpoint):\n%s", d)
			}
			for name, where := range predicates() {
				if d := sameFiles(allFiles(t, was, where), allFiles(t, s, where)); d != "" {
					t.Errorf("files where %s (-commits +checkpoint):\n%s", name, d)
				}
			}
			if got := s.Transactions(); fmt.Sprint(got) != fmt.Sprint(txns) {
				t.Errorf("transactions: got %v, want %v", got, txns)
			}
			dead := 0
			if err := s.tombstones(t.Context(), 0, func(*Remove) error { dead++; return nil }); err != nil || dead != 1 {
				t.Errorf("tombstones: got %d, %v; want 1", dead, err)
			}
			// Written on from there, with a checkpoint of our own.
			if _, err := tab.Update(t.Context(), func(x *Txn) error { x.Add(typedFile(500)); return nil }); err != nil {
				t.Fatal(err)
			}
			if err := At(tab.store, "t").Checkpoint(t.Context()); err != nil {
				t.Fatal(err)
			}
			s = latest(t, At(tab.store, "t"))
			got := allFiles(t, s, nil)
			if base := s.currentSegment().base; base.Kind != checkpoint.Classic || len(got) != len(want)+1 {
				t.Fatalf("got %d files from %+v, want %d from a classic checkpoint", len(got), base, len(want)+1)
			}
			if d := sameFiles(want, got[:len(want)]); d != "" {
				t.Errorf("files after a further checkpoint (-want +got):\n%s", d)
			}
		})
	}
}

// TestCheckpointV2Damaged: without its commits a checkpoint that lacks a sidecar is damage, named;
// a sidecar is never looked for outside of the log.
func TestCheckpointV2Damaged(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, tab *Table, manifest string, cars []string)
		says   string
	}{
		"sidecar missing": {func(t *testing.T, tab *Table, _ string, cars []string) {
			if err := tab.store.Delete(t.Context(), cars[1]); err != nil {
				t.Fatal(err)
			}
		}, "_sidecars/part 1"},
		"sidecar halved": {func(t *testing.T, tab *Table, _ string, cars []string) {
			if err := halve(tab.store, cars[0]); err != nil {
				t.Fatal(err)
			}
		}, "_sidecars/part 0"},
		"sidecar outside": {func(t *testing.T, tab *Table, manifest string, cars []string) {
			text, err := store.ReadAll(t.Context(), tab.store, manifest)
			if err != nil {
				t.Fatal(err)
			}
			text = bytes.ReplaceAll(text, []byte(`{"path":"part`), []byte(`{"path":"../../part`))
			if err := store.PutBytes(t.Context(), tab.store, manifest, text, store.Always); err != nil {
				t.Fatal(err)
			}
		}, "not in the log"},
		"manifest halved": {func(t *testing.T, tab *Table, manifest string, _ []string) {
			if err := halve(tab.store, manifest); err != nil {
				t.Fatal(err)
			}
		}, ".json"},
	} {
		t.Run(name, func(t *testing.T) {
			tab := v2Table(t)
			manifest, cars := v2(t, tab, 30, v2Form{"json", 2})
			c.damage(t, tab, manifest, cars)
			s, err := At(tab.store, "t").Snapshot(t.Context(), When{})
			if err == nil {
				_, err = liveFiles(s, nil)
			}
			var corrupt *CorruptError
			if !errors.As(err, &corrupt) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want a *CorruptError about %q", err, c.says)
			}
		})
	}
}
