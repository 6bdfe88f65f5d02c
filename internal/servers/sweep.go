package servers

import (
	"sync"
	"sync/atomic"
	"testing"
)

// atOnce is how many cases of a sweep run at the same time: what they do is wait, before a call that failed is
// made again.
const atOnce = 16

// EachCall runs a case again and again, with the first call to a fake server mistreated, the second, and on,
// until the case makes fewer calls than that. Run returns how many it made; cases run at the same time, and
// share nothing.
func EachCall(t testing.TB, run func(hurt int) (calls int)) {
	t.Helper()
	for from := 1; ; from += atOnce {
		var over atomic.Bool
		var group sync.WaitGroup
		for hurt := from; hurt < from+atOnce; hurt++ {
			group.Go(func() {
				if hurt > run(hurt) {
					over.Store(true)
				}
			})
		}
		group.Wait()
		if over.Load() || t.Failed() {
			return
		}
	}
}
