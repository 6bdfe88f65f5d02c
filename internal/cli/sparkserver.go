package cli

import (
	"errors"
	"time"

	"github.com/petalake/petalake/engine/spark/local"
)

// serverRow is a Spark Connect server of this machine.
type serverRow struct {
	State    string     `json:"state"` // running, starting, died, stopped
	Address  string     `json:"address,omitempty"`
	Token    string     `json:"token,omitempty"`
	Version  string     `json:"version,omitempty"`
	PID      int        `json:"pid,omitempty"`
	Started  *time.Time `json:"started,omitempty"`
	Memory   string     `json:"memory,omitempty"` // most for the heap
	Resident int64      `json:"resident,omitempty"`
	Log      string     `json:"log,omitempty"`
	Reason   string     `json:"reason,omitempty"` // why it died
}

func rowOfServer(s local.Server, err error) serverRow {
	if s.PID == 0 {
		return serverRow{State: "stopped"}
	}
	row := serverRow{State: "starting", Address: s.Address, Version: s.Version, PID: s.PID, Started: &s.Started, Memory: s.Memory, Log: s.Log}
	var died *local.DiedError
	switch {
	case errors.As(err, &died):
		row.State, row.Reason = "died", died.Reason
	case s.Ready:
		row.State = "running"
	}
	if row.State != "died" {
		row.Resident = s.Resident()
	}
	return row
}

// starting shows how far the start of a Spark is; started takes that away.
func (a *app) starting() func(local.Step) {
	said := ""
	return func(s local.Step) {
		label := map[local.Stage]string{local.Installing: "installing " + s.What, local.Starting: "starting Spark"}[s.Stage]
		if s.Stage == local.Ready {
			a.started()
			return
		}
		if a.spark == nil {
			a.spark = a.progress(label)
		}
		if label != said && a.spark == nil {
			a.say("%s", a.style(a.err).Dim(label))
		}
		said = label
		to := amount{label: label, part: -1}
		if s.Bytes > 0 {
			to.part, to.bytes = float64(s.Done)/float64(s.Bytes), s.Done
		}
		a.spark.set(to)
	}
}

func (a *app) started() {
	a.spark.end()
	a.spark = nil
}
