package lake

import (
	"context"
	"iter"
	"time"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/spec"
)

// TableState is what a listing of tables shows.
type TableState struct {
	Name     spec.TableName
	Version  int64
	Files    int64
	Bytes    int64
	Rows     int64 // -1: not known without reading
	Modified time.Time
	Schema   *schema.Struct
	Metadata delta.Metadata
	Declared string // "table", "model", or "" for one that lakehouse.yaml does not name
	Err      error  // set where the table cannot be opened; the other fields are then zero
}

// Tables yields the tables of the lake, ordered by name. It names a table that cannot be opened
// too, with its error.
func (e *Env) Tables(ctx context.Context) iter.Seq2[TableState, error] {
	return func(yield func(TableState, error) bool) {
		names, err := e.Names(ctx)
		if err != nil {
			yield(TableState{}, err)
			return
		}
		for _, name := range names {
			if !yield(e.state(ctx, name), nil) {
				return
			}
		}
	}
}

// state looks at one table.
func (e *Env) state(ctx context.Context, name spec.TableName) TableState {
	state := TableState{Name: name, Declared: e.declared(name)}
	t, err := e.Table(ctx, name)
	if err != nil {
		state.Err = err
		return state
	}
	s, err := t.Snapshot(ctx, delta.When{})
	if err != nil {
		state.Err = err
		return state
	}
	state.Version, state.Modified, state.Metadata = s.Version(), s.Time(), s.Metadata()
	state.Schema = state.Metadata.Schema
	if state.Files, state.Bytes, state.Err = s.Totals(ctx); state.Err == nil {
		state.Rows, state.Err = rowsOf(ctx, s, state.Files)
	}
	return state
}

// countedFiles is up to how many files a listing of tables counts rows.
const countedFiles = 200_000

func rowsOf(ctx context.Context, s *delta.Snapshot, files int64) (int64, error) {
	if files > countedFiles {
		return -1, nil
	}
	var rows int64
	for f, err := range s.Plan(ctx, nil) {
		if err != nil || f.Stats.NumRecords < 0 {
			return -1, err
		}
		rows += f.Stats.NumRecords
	}
	return rows, nil
}

func (e *Env) declared(name spec.TableName) string {
	switch {
	case e.Spec.Model(name) != nil:
		return "model"
	case e.Spec.Table(name) != nil:
		return "table"
	}
	return ""
}
