package duck

import (
	"time"

	"github.com/petalake/petalake/internal/duckdb"
)

// reporter tells a job's progress, which never goes back.
type reporter struct {
	report func(Progress)
	bytes  int64 // of the raw files
	last   Progress
	// fraction is how much is done, where DuckDB does not know; nil where it does.
	fraction func() float64
}

// watch tells the progress of what runs on a connection until done is closed.
func (r *reporter) watch(conn *duckdb.Conn, done <-chan struct{}) {
	if r.report == nil {
		return
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			fraction, rows, _ := conn.Progress()
			if r.fraction != nil {
				fraction = r.fraction()
			}
			r.tell(fraction, int64(rows))
		}
	}
}

func (r *reporter) tell(fraction float64, rows int64) {
	p := Progress{
		Done:  max(r.last.Done, min(fraction, 1)),
		Rows:  max(r.last.Rows, rows),
		Bytes: max(r.last.Bytes, int64(min(max(fraction, 0), 1)*float64(r.bytes))),
	}
	if p != r.last {
		r.last = p
		r.report(p)
	}
}
