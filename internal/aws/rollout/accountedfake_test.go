package rollout_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/rollout"
)

// TestAccountedReplications promises of replications and streams, which the server that plays AWS does not know, what
// TestAccounted promises of the rest.
func TestAccountedReplications(t *testing.T) {
	g, cfg := behind(t)
	running, there := true, true
	answers(g, func(_ url.Values, target string, w http.ResponseWriter) bool {
		_, action, _ := strings.Cut(target, ".")
		switch action {
		case "DescribeReplicationConfigs":
			fmt.Fprint(w, `{"ReplicationConfigs":[{"ReplicationConfigIdentifier":"shop-prod-crm","ReplicationConfigArn":"arn:crm"}]}`)
		case "DescribeReplications":
			fmt.Fprintf(w, `{"Replications":[{"Status":%q}]}`, map[bool]string{true: "running", false: "stopped"}[running])
		case "StopReplication":
			running = false
			fmt.Fprint(w, `{}`)
		case "GetResources":
			fmt.Fprint(w, `{"ResourceTagMappingList":[{"ResourceARN":"arn:aws:kinesis:us-east-1:123456789012:stream/shop-prod-clicks"}]}`)
		case "DeleteStream":
			there = false
			fmt.Fprint(w, `{}`)
		case "DescribeStreamSummary":
			if !there {
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"__type":"ResourceNotFoundException","message":"no such stream"}`)
			}
		default:
			return false
		}
		return true
	})
	rec := record(t, g)
	h := &house{t: t, rec: rec, cfg: cfg}
	h.l, h.e = lake(t, "")
	h.change("sources:\n", "sources:\n  crm: {kind: database, engine: postgres, host: crm.acme.internal, database: crm, tables: [public.contacts], network: 10.8.0.0/16, into: crm}\n")
	driver := rollout.NewStacks(cfg, nil)
	driver.Poll(10 * time.Millisecond)
	set, err := driver.Plan(t.Context(), rollout.Stack{Name: "shop-prod-ingest", Template: []byte(
		`{"Resources":{"Q":{"Type":"AWS::SQS::Queue"},"ReplicationCrm":{"Type":"AWS::DMS::ReplicationConfig","Properties":{}}}}`)}, nil)
	if err == nil {
		_, err = driver.Execute(t.Context(), set, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.open().End(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	h.want("taken down", h.run(p, nothing), deploy.StopReplications, deploy.ClearCatalog, deploy.RemoveStack, deploy.EraseStream)
	if running || there || rec.seen[deploy.StopReplications] == "" || rec.seen[deploy.EraseStream] == "" {
		t.Errorf("the replication runs: %t, the stream is there: %t", running, there)
	}
}

// TestExecutors promises that there is an executor for each kind of steps, which says how it changes AWS; and that what
// deploy cannot do without is in the list of what it has to be allowed.
func TestExecutors(t *testing.T) {
	allowances := read(t, "permission.go")
	ends := []deploy.Kind{deploy.RemoveStack, deploy.StopDaemon, deploy.EndClusters, deploy.ClearCatalog, deploy.StopReplications}
	without := []string{"s3:AbortMultipartUpload", "ce:UpdateCostAllocationTagsStatus"}
	for _, k := range deploy.Kinds() {
		calls, ok := rollout.Changes(k)
		if !ok || len(calls) == 0 {
			t.Errorf("the kind %s: got %q, %t, want something that does its steps", k, calls, ok)
		}
		for _, c := range calls {
			if service, _, ok := strings.Cut(c, ":"); !ok || service == "" || (callOf{action: c}).reads() {
				t.Errorf("the kind %s: %s is no call that changes AWS", k, c)
			}
			if !k.Erases() && !slices.Contains(ends, k) && !slices.Contains(without, c) && !strings.Contains(allowances, strconv.Quote(c)) {
				t.Errorf("the kind %s calls %s, and allowances in permission.go does not have it", k, c)
			}
		}
	}
}
