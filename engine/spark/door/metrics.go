package door

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
)

// counts are what a door counts since it was opened.
type counts struct {
	in, out       atomic.Int64 // bytes of messages
	opened, idled atomic.Int64 // sessions
	refused       atomic.Int64 // calls without a good token
	mu            sync.Mutex
	ended         map[outcome]int64
}

type outcome struct {
	method string
	code   codes.Code
}

// methods are the calls that are counted by name. Others are counted together: a client can make up any.
var methods = []string{
	"ExecutePlan", "AnalyzePlan", "Config", "AddArtifacts", "ArtifactStatus", "Interrupt", "ReattachExecute",
	"ReleaseExecute", "ReleaseSession", "FetchErrorDetails", "CloneSession", "GetStatus",
}

// call notes that a call ended.
func (c *counts) call(method string, code codes.Code) {
	if !slices.Contains(methods, method) {
		method = "other"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		c.ended = map[outcome]int64{}
	}
	c.ended[outcome{method, code}]++
}

// ServeHTTP answers with the door's metrics in the text format of Prometheus.
func (d *Door) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write([]byte(d.metrics()))
}

func (d *Door) metrics() string {
	var b strings.Builder
	one := func(name, kind, help string, value int64) {
		fmt.Fprintf(&b, "# HELP petalake_connect_%[1]s %[2]s\n# TYPE petalake_connect_%[1]s %[3]s\npetalake_connect_%[1]s %[4]d\n", name, help, kind, value)
	}
	c := &d.counts
	one("sessions", "gauge", "Sessions that are open.", int64(d.sessions.count()))
	one("sessions_opened_total", "counter", "Sessions that began.", c.opened.Load())
	one("sessions_idle_total", "counter", "Sessions that were ended since they were idle.", c.idled.Load())
	one("refused_total", "counter", "Calls without a good token.", c.refused.Load())
	one("received_bytes_total", "counter", "Bytes of messages that came from clients.", c.in.Load())
	one("sent_bytes_total", "counter", "Bytes of messages that went to clients.", c.out.Load())
	b.WriteString("# HELP petalake_connect_calls_total Calls that ended, by method and gRPC status.\n# TYPE petalake_connect_calls_total counter\n")
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range slices.SortedFunc(maps.Keys(c.ended), func(a, b outcome) int {
		return cmp.Or(strings.Compare(a.method, b.method), cmp.Compare(a.code, b.code))
	}) {
		fmt.Fprintf(&b, "petalake_connect_calls_total{method=%q,code=%q} %d\n", o.method, o.code, c.ended[o])
	}
	return b.String()
}
