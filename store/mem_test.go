package store_test

import (
	"testing"

	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/storetest"
)

func TestMem(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMem() })
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store {
		whole := store.NewMem()
		for _, key := range []string{"sub", "sub-", "sub0", "su/b"} { // must stay out of sight
			if err := store.PutBytes(t.Context(), whole, key, nil, store.IfAbsent); err != nil {
				t.Fatal(err)
			}
		}
		s, err := store.Prefix(whole, "sub")
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestWrappersKeepTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Store {
		return store.Retry(store.Observe(store.NewMem(), func(store.Op) {}), store.Policy{})
	})
}
