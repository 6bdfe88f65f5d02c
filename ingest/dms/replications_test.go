package dms

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/spec"
)

// fake is a DMS that mistreats one call of its choice.
type fake struct {
	calls, hurt int
	how         string
	status      map[string]string // of replications that were started, by ARN
	names       map[string]string // of configurations, by ARN
	started     []string          // how, and which
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.calls++
	hurt := f.calls == f.hurt
	var in struct {
		ReplicationConfigArn, StartReplicationType, Marker string
		Filters                                            []struct{ Values []string }
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	if hurt && f.how == "cut" {
		panic(http.ErrAbortHandler)
	}
	code := ""
	var out any = map[string]any{}
	action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonDMSv20160101.")
	if hurt && f.how == "throttled" {
		code = "ThrottlingException"
	} else {
		out, code = f.answer(action, in.ReplicationConfigArn, in.StartReplicationType, in.Marker, in.Filters)
	}
	if hurt && f.how == "lost" {
		panic(http.ErrAbortHandler)
	}
	if code != "" {
		w.WriteHeader(http.StatusBadRequest)
		out = map[string]string{"__type": code, "message": code}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (f *fake) answer(action, arn, how, marker string, filters []struct{ Values []string }) (any, string) {
	switch action {
	case "DescribeReplicationConfigs": // a page each
		var all []string
		for a := range f.names {
			all = append(all, a)
		}
		slices.Sort(all)
		i := slices.Index(all, marker) + 1
		out := map[string]any{"ReplicationConfigs": []map[string]string{{"ReplicationConfigIdentifier": f.names[all[i]], "ReplicationConfigArn": all[i]}}}
		if i+1 < len(all) {
			out["Marker"] = all[i]
		}
		return out, ""
	case "DescribeReplications":
		status, ok := f.status[filters[0].Values[0]]
		if !ok {
			return nil, "ResourceNotFoundFault"
		}
		if status == "stopping" {
			f.status[filters[0].Values[0]] = "stopped"
		}
		return map[string]any{"Replications": []map[string]any{{"Status": status, "FailureMessages": []string{"cannot connect"}}}}, ""
	case "StartReplication":
		if f.status[arn] == "running" {
			return nil, "InvalidResourceStateFault"
		}
		f.status[arn] = "running"
		f.started = append(f.started, how+" "+f.names[arn])
	case "StopReplication":
		f.status[arn] = "stopping"
	}
	return map[string]any{}, ""
}

// newReplications are those of two databases, beside others of the account.
func newReplications(t *testing.T, f *fake) *Replications {
	f.names = map[string]string{"arn:1": "shop-prod-crm", "arn:2": "shop-prod-erp", "arn:3": "shop-prod-eu-crm", "arn:4": "theirs"}
	f.status = map[string]string{"arn:3": "failed", "arn:4": "running"}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	l := &spec.Lakehouse{Name: "shop", Databases: []*spec.Source{{Name: "crm"}, {Name: "erp"}}}
	e := &spec.Environment{Name: "prod", AWS: spec.AWS{Region: "us-east-1"}}
	return Of(servers.AWS(t, server.URL), l, e)
}

// TestKeep promises that a replication is started once, and after a while again where it failed; that one
// which somebody stopped stays so, and those of others are let alone.
func TestKeep(t *testing.T) {
	f := &fake{}
	r := newReplications(t, f)
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	r.Now = func() time.Time { return now }
	keep := func() []Event {
		t.Helper()
		events, err := r.Keep(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
		return events
	}
	if events := keep(); len(events) != 2 || events[0].Text != "it is started" {
		t.Errorf("at first: %+v", events)
	}
	f.status["arn:1"], f.status["arn:2"] = "failed", "stopped"
	for range 9 {
		if events := keep(); len(events) != 0 {
			t.Errorf("within ten minutes: %+v", events)
		}
	}
	events := keep()
	var failed *Error
	if len(events) != 2 || !errors.As(events[0].Err, &failed) || failed.Why != "cannot connect" || failed.Hint() == "" || events[1].Text != "it is started again where it was" {
		t.Errorf("after ten minutes: %+v", events)
	}
	if got := strings.Join(f.started, ", "); got != "start-replication shop-prod-crm, start-replication shop-prod-erp, resume-processing shop-prod-crm" {
		t.Errorf("started: %s", got)
	}
}

// TestStop promises that all are stopped before it returns, and none of others.
func TestStop(t *testing.T) {
	f := &fake{}
	r := newReplications(t, f)
	f.status["arn:1"] = "running"
	var told []string
	if err := r.Stop(t.Context(), time.Millisecond, func(name string) { told = append(told, name) }); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0] != "crm" || f.status["arn:1"] != "stopped" || f.status["arn:4"] != "running" {
		t.Errorf("told %v, %v", told, f.status)
	}
}

// TestSweep mistreats each call in turn: each replication is started once all the same.
func TestSweep(t *testing.T) {
	for _, how := range []string{"throttled", "cut", "lost"} {
		servers.EachCall(t, func(hurt int) int {
			f := &fake{hurt: hurt, how: how}
			r := newReplications(t, f)
			for range 2 {
				events, err := r.Keep(t.Context())
				for _, e := range events {
					err = errors.Join(err, e.Err)
				}
				if err != nil {
					t.Errorf("%s at call %d: %v", how, hurt, err)
				}
			}
			if f.status["arn:1"] != "running" || f.status["arn:2"] != "running" || len(f.started) != 2 {
				t.Errorf("%s at call %d: %v, started %v", how, hurt, f.status, f.started)
			}
			return f.calls
		})
	}
}
