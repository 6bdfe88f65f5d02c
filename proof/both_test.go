package proof

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/petalake/petalake/delta"
)

// TestBothAppend promises that two writers at once lose nothing and double nothing: 50 commits of
// Spark and 50 of petalake, checkpoints of both among them.
func TestBothAppend(t *testing.T) {
	const commits = 50
	o := others(t)
	p := newPlace(t)
	s := columns(t, "id int, by string")
	p.create(t, delta.Metadata{Schema: s})
	statements := []string{"select * from " + p.sql()} // Spark knows the table before the race
	o.spark(t, statements...)
	var want rows
	want.schema = "id int, by string"
	statements = nil
	for i := range commits {
		statements = append(statements, fmt.Sprintf("insert into %s values (%d, 'spark')", p.sql(), i))
		want.rows = append(want.rows, fmt.Sprintf(`%d, "spark"`, i), fmt.Sprintf(`%d, "petalake"`, i))
	}
	slices.Sort(want.rows)

	done := make(chan error, 1)
	go func() {
		_, err := o.ask(request{Do: "spark", SQL: statements})
		done <- err
	}()
	// Petalake is faster: it begins each commit when Spark has made another, or is done, so that
	// Spark finds the version taken which it is about to write. On a local disk stock Spark looks
	// whether a version is taken and then renames: a commit in the moment between would be lost.
	seen := int64(0)
	for i := range commits {
		p.past(t, seen, done)
		b := batch(t, s, fmt.Sprintf(`[{"id": %d, "by": "petalake"}]`, i))
		c, err := delta.Append(context.Background(), p.table, one(b), delta.AppendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		seen = c.Version
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if v := p.snapshot(t, latest).Version(); v != 2*commits {
		t.Errorf("got version %d, want %d: a commit for each append", v, 2*commits)
	}
	p.seen(t, latest, want, readers()...)
	p.sound(t)
}

// past waits until the table is past a version, or the other writer is done.
func (p place) past(t *testing.T, seen int64, done chan error) {
	t.Helper()
	for {
		if p.snapshot(t, latest).Version() > seen || len(done) > 0 {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}
