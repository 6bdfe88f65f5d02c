package daemon

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// hooked is an environment whose on_failure is written down by a command and a webhook, which is broken while down is set.
type hooked struct {
	env  *lake.Env
	down bool
	sent []Notice
	file string
}

func newHooked(t *testing.T) *hooked {
	h := &hooked{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n Notice
		body, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(body, &n) != nil || r.Method != http.MethodPost {
			t.Errorf("got %s %s, %v", r.Method, body, err)
		}
		if h.down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		h.sent = append(h.sent, n)
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	h.file = filepath.Join(dir, "told")
	h.env = &lake.Env{
		Spec: &spec.Lakehouse{Name: "shop"}, Dir: dir, Storage: lake.Storage{Store: store.NewMem()},
		Environment: &spec.Environment{Name: "dev", OnFailure: spec.OnFailure{
			Command: []spec.Text{"sh", "-c", `printf '%s %s %s: ' "$PETALAKE_STATE" "$PETALAKE_KIND" "$PETALAKE_NAME" >> told; wc -c < /dev/stdin >> told`},
			Webhook: spec.NewSecret(server.URL + "/secret"),
		}},
	}
	return h
}

// TestOnFailure promises one notice when something begins to fail and one when it is well again, over runs of several processes, and
// that what could not be told is told later.
func TestOnFailure(t *testing.T) {
	h, ctx := newHooked(t), t.Context()
	run := func(err error) error {
		f := &failures{env: h.env, hook: hookOf(h.env)}
		if err := f.open(ctx); err != nil {
			t.Fatal(err)
		}
		f.note(lake.SourceEvent, "orders", err)
		return f.flush(ctx)
	}
	told := func(want ...string) {
		t.Helper()
		var got []string
		for _, n := range h.sent {
			got = append(got, n.State+" "+n.Name)
			if !strings.Contains(n.Text, "shop (dev): source orders") || n.State == "failing" && (len(n.Problems) != 1 || !strings.Contains(n.Text, n.Problems[0].Error)) {
				t.Errorf("got the notice %+v", n)
			}
		}
		if strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	first, second := errors.New("raw/1.csv:2: x"), errors.New("raw/1.csv:3: y")
	for _, step := range []struct {
		err  error
		want []string
	}{
		{nil, nil}, {first, []string{"failing orders"}}, {first, []string{"failing orders"}}, {second, []string{"failing orders"}},
		{nil, []string{"failing orders", "well orders"}}, {nil, []string{"failing orders", "well orders"}},
	} {
		if err := run(step.err); err != nil {
			t.Fatal(err)
		}
		told(step.want...)
		kept, err := Failures(ctx, h.env)
		if err != nil || (len(kept) == 1) != (step.err != nil) || len(kept) == 1 && kept[0].Problems[0].Error != step.err.Error() {
			t.Errorf("got %+v, %v; want what fails now", kept, err)
		}
	}
	text, err := os.ReadFile(h.file)
	if err != nil || !strings.HasPrefix(string(text), "failing source orders: ") || !strings.Contains(string(text), "\nwell source orders: ") {
		t.Errorf("the command: got %q, %v", text, err)
	}
	h.sent, h.down = nil, true
	var failed *HookError
	if err := run(first); !errors.As(err, &failed) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want an error without the URL", err)
	}
	h.down = false
	if err := run(first); err != nil {
		t.Fatal(err)
	}
	told("failing orders")
	h.down = true
	if err := run(nil); !errors.As(err, &failed) {
		t.Errorf("got %v, want that nobody could be told", err)
	}
	h.down = false
	if err := run(nil); err != nil {
		t.Fatal(err)
	}
	told("failing orders", "well orders")
}

// TestFailuresOfOthers promises that what lakehouse.yaml does not name any more does not fail.
func TestFailuresOfOthers(t *testing.T) {
	h, ctx := newHooked(t), t.Context()
	f := &failures{env: h.env}
	f.note(lake.SourceEvent, "gone", errors.New("x"))
	if err := f.flush(ctx); err != nil {
		t.Fatal(err)
	}
	d := &Daemon{Env: h.env, failures: &failures{env: h.env}}
	if err := d.failures.open(ctx); err != nil {
		t.Fatal(err)
	}
	d.failures.keepOnly(d.named)
	if err := d.failures.flush(ctx); err != nil {
		t.Fatal(err)
	}
	if kept, err := Failures(ctx, h.env); err != nil || len(kept) != 0 {
		t.Errorf("got %+v, %v; want none", kept, err)
	}
}
