package cli

import (
	"fmt"

	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/words"
)

// eventRow is a piece of work that is over: a batch of a source, a load, a model, a table that
// became what lakehouse.yaml says.
type eventRow struct {
	Kind     string  `json:"kind"` // "source", "model", "load", "job", "table", "fleet", "catalog" or "replication"
	Name     string  `json:"name"`
	Table    string  `json:"table"`
	State    string  `json:"state"` // "built", "current" or "failed"
	Version  *int64  `json:"version"`
	Files    int     `json:"files"`
	Rows     int64   `json:"rows"`
	Bytes    int64   `json:"bytes"`
	Rejected int64   `json:"rejected"`
	Seconds  float64 `json:"seconds"`
	Note     string  `json:"note,omitempty"`
	Error    string  `json:"error,omitempty"`
}

func eventRowOf(e lake.Event) eventRow {
	row := eventRow{
		Kind: string(e.Kind), Name: e.Name, Table: e.Table.String(), State: string(e.State), Files: e.Files,
		Rows: e.Rows, Bytes: e.Bytes, Rejected: e.Rejected, Seconds: e.Took.Seconds(), Note: e.Note,
	}
	if e.State == lake.Built {
		row.Version = &e.Version
	}
	if e.Err != nil {
		row.Error = e.Err.Error()
	}
	return row
}

// event shows one event that is not Running: as text, or as a row of a list that goes on.
func (a *app) event(e lake.Event, out rows[eventRow]) error {
	switch {
	case a.output != "text":
		if err := out.add(eventRowOf(e)); err != nil {
			return err
		}
		return out.flush()
	case e.State == lake.Failed:
		printProblems(a.err, a.style(a.err), e.Err)
		return nil
	}
	_, err := fmt.Fprintln(a.out, eventLine(e))
	return err
}

// eventLine is an event on one line: what, which table, how much, how long.
func eventLine(e lake.Event) string {
	verb := map[lake.Kind]string{lake.ModelEvent: "built", lake.SourceEvent: "loaded", lake.LoadEvent: "loaded"}[e.Kind]
	name := render.Escape(e.Table.String())
	if e.Kind == lake.JobEvent {
		return fmt.Sprintf("%-7s %-22s %15s %-22s %8s", "ran", render.Escape(fmt.Sprintf("%s/%d", e.Name, e.Version)), words.Counted(e.Rows, "row"), render.Escape(e.Note), words.Duration(e.Took))
	}
	if e.Kind == lake.FleetEvent || e.Kind == lake.CatalogEvent || e.Kind == lake.ReplicationEvent || e.Kind == lake.HookEvent {
		return fmt.Sprintf("%-7s %-22s     %s", e.Kind, render.Escape(e.Name), render.Escape(e.Note))
	}
	if e.Kind == lake.TableEvent {
		return fmt.Sprintf("%-7s %-22s     %s", "changed", name, render.Escape(e.Note))
	}
	if e.State == lake.Current {
		line := fmt.Sprintf("%-7s %-22s     nothing new", "current", name)
		if e.Note != "" {
			line += "; " + render.Escape(e.Note)
		}
		return line
	}
	from := ""
	if e.Files > 0 {
		from = "from " + words.Counted(int64(e.Files), "file")
		if e.Bytes > 0 {
			from += ", " + words.Bytes(e.Bytes)
		}
	}
	line := fmt.Sprintf("%-7s %-22s %15s %-22s %8s", verb, name, words.Counted(e.Rows, "row"), from, words.Duration(e.Took))
	if e.Rejected > 0 {
		line += fmt.Sprintf("\n%-7s %-22s %15s put aside", "", "_quarantine", words.Counted(e.Rejected, "bad row"))
	}
	if e.Note != "" && (e.Version > 0 || e.Kind != lake.ModelEvent) { // a first version needs no reason
		line += "\n        " + render.Escape(e.Note)
	}
	return line
}

// amountOf is a running event for the bar.
func amountOf(e lake.Event) amount {
	part := e.Done
	if part == 0 {
		part = -1
	}
	verb := "loading "
	switch e.Kind {
	case lake.ModelEvent:
		verb = "building "
	case lake.JobEvent:
		return amount{label: "running " + e.Note, part: -1}
	}
	return amount{label: verb + e.Table.String(), part: part, bytes: e.Bytes, rows: e.Rows}
}
