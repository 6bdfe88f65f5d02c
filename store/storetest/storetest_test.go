package storetest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/storetest"
)

// TestFaults shows what each fault does to the first put, and to what follows.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault   storetest.Fault
		want    error
		written bool
		crashed bool
	}{
		{storetest.Fail, storetest.ErrInjected, false, false},
		{storetest.Lose, store.ErrUnknown, true, false},
		{storetest.Echo, fs.ErrExist, true, false},
		{storetest.Crash, storetest.ErrCrashed, false, true},
		{storetest.CrashAfter, storetest.ErrCrashed, true, true},
	} {
		t.Run(c.fault.String(), func(t *testing.T) {
			mem := store.NewMem()
			p := &storetest.Plan{Fault: c.fault, At: 1, Match: storetest.Writes}
			s := storetest.Faulty(mem, p)
			if err := store.PutBytes(t.Context(), s, "before", []byte("x"), store.IfAbsent); err != nil || p.Hit() {
				t.Fatalf("operation 0: got %v, hit %v; want it to pass", err, p.Hit())
			}
			err := store.PutBytes(t.Context(), s, "key", []byte("x"), store.IfAbsent)
			if !errors.Is(err, c.want) || !p.Hit() {
				t.Errorf("operation 1: got %v, hit %v; want %v", err, p.Hit(), c.want)
			}
			if _, err := store.Stat(t.Context(), mem, "key"); (err == nil) != c.written {
				t.Errorf("below: got %v, want written %v", err, c.written)
			}
			_, err = store.ReadAll(t.Context(), s, "before")
			if errors.Is(err, storetest.ErrCrashed) != c.crashed {
				t.Errorf("a read after: got %v, want crashed %v", err, c.crashed)
			}
		})
	}
}

// TestLostReads: a read breaks off half way.
func TestLostReads(t *testing.T) {
	mem := store.NewMem()
	for i := range 4 {
		if err := store.PutBytes(t.Context(), mem, fmt.Sprint(i), []byte("0123456789"), store.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	got, err := store.ReadAll(t.Context(), storetest.Faulty(mem, &storetest.Plan{Fault: storetest.Lose}), "0")
	if string(got) != "01234" || !errors.Is(err, storetest.ErrInjected) {
		t.Errorf("read: got %q, %v; want half and an injected fault", got, err)
	}
	n, last := 0, error(nil)
	for _, err := range storetest.Faulty(mem, &storetest.Plan{Fault: storetest.Lose}).List(t.Context(), "", "") {
		if last = err; err == nil {
			n++
		}
	}
	if n != 2 || !errors.Is(last, storetest.ErrInjected) {
		t.Errorf("list: got %d objects, %v; want 2 and an injected fault", n, last)
	}
}

// TestSweepReachesEveryOperation counts the runs over three puts: each fault at each, and once none.
func TestSweepReachesEveryOperation(t *testing.T) {
	hits := map[storetest.Fault]int{}
	storetest.Sweep(t, nil, func(t *testing.T, p *storetest.Plan) {
		s := storetest.Faulty(store.NewMem(), p)
		for i := range 3 {
			_ = store.PutBytes(t.Context(), s, fmt.Sprint(i), nil, store.IfAbsent)
		}
		if p.Hit() {
			hits[p.Fault]++
		}
	})
	for _, fault := range storetest.Faults() {
		if hits[fault] != 3 {
			t.Errorf("%v: got %d hits, want 3", fault, hits[fault])
		}
	}
}
