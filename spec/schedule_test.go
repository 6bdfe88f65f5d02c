package spec_test

import (
	"testing"
	"time"

	"github.com/petalake/petalake/spec"
)

func TestSchedule(t *testing.T) {
	for _, c := range []struct{ schedule, zone, after, want string }{
		{"0 6 * * *", "UTC", "2026-11-27T05:59:59Z", "2026-11-27T06:00:00Z"},
		{"0 6 * * *", "UTC", "2026-11-27T06:00:00Z", "2026-11-28T06:00:00Z"},
		{"*/15 * * * *", "UTC", "2026-11-27T06:07:08Z", "2026-11-27T06:15:00Z"},
		{"5,50-52/2 9 * * *", "UTC", "2026-11-27T09:50:00Z", "2026-11-27T09:52:00Z"},
		{"30 6 * * mon-fri", "UTC", "2026-11-27T07:00:00Z", "2026-11-30T06:30:00Z"},
		{"0 0 * * 7", "UTC", "2026-11-27T07:00:00Z", "2026-11-29T00:00:00Z"},
		{"0 0 13 * fri", "UTC", "2026-11-27T07:00:00Z", "2026-12-04T00:00:00Z"},
		{"0 0 13 * *", "UTC", "2026-11-27T07:00:00Z", "2026-12-13T00:00:00Z"},
		{"0 0 29 feb *", "UTC", "2026-11-27T07:00:00Z", "2028-02-29T00:00:00Z"},
		{"0 0 31 4 *", "UTC", "2026-11-27T07:00:00Z", "0001-01-01T00:00:00Z"},
		{"@hourly", "UTC", "2026-11-27T07:00:01Z", "2026-11-27T08:00:00Z"},
		{"@Monthly", "UTC", "2026-11-27T07:00:01Z", "2026-12-01T00:00:00Z"},
		{"0 6 * * *", "Europe/Berlin", "2026-11-27T05:00:00Z", "2026-11-28T05:00:00Z"},
		// Clocks go back from three to two: once, not twice.
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", "2026-10-26T01:30:00Z"},
		// They go forward from two to three: an hour later, not never.
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T22:00:00Z", "2026-03-29T01:30:00Z"},
		// Every hour that passes.
		{"0 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},
		{"0 * * * *", "Asia/Kolkata", "2026-10-25T00:10:00Z", "2026-10-25T00:30:00Z"},
	} {
		after, err := time.Parse(time.RFC3339, c.after)
		if err != nil {
			t.Fatal(err)
		}
		job := spec.Job{Schedule: spec.Schedule(c.schedule), TimeZone: spec.TimeZone(c.zone)}
		if got := job.Due(after).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s in %s after %s: got %s, want %s", c.schedule, c.zone, c.after, got, c.want)
		}
	}
	every := spec.Job{Every: spec.Duration(time.Minute)}
	if at := time.Unix(100, 0); !every.Due(at).Equal(at.Add(time.Minute)) || !(&spec.Job{}).Due(at).IsZero() {
		t.Errorf("got %v, want a minute later", every.Due(at))
	}
}
