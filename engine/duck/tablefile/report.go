package tablefile

import (
	"time"

	"github.com/petalake/petalake/internal/duckdb"
)

// Reporter tells the progress of a statement, which never goes back.
type Reporter struct {
	Report func(Progress) // nil for none
	Bytes  int64          // of the raw files
	last   Progress
	// Fraction is how much is done, where DuckDB does not know; nil where it does.
	Fraction func() float64
}

// Watch tells the progress of what runs on a connection until done is closed.
func (r *Reporter) Watch(conn *duckdb.Conn, done <-chan struct{}) {
	if r.Report == nil {
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
			if r.Fraction != nil {
				fraction = r.Fraction()
			}
			r.tell(fraction, int64(rows))
		}
	}
}

func (r *Reporter) tell(fraction float64, rows int64) {
	p := Progress{
		Done:  max(r.last.Done, min(fraction, 1)),
		Rows:  max(r.last.Rows, rows),
		Bytes: max(r.last.Bytes, int64(min(max(fraction, 0), 1)*float64(r.Bytes))),
	}
	if p != r.last {
		r.last = p
		r.Report(p)
	}
}
