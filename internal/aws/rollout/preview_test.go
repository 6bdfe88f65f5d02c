package rollout_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/rollout"
)

// deny refuses one action of a service that speaks forms.
func deny(g *gate, action string) {
	to := g.to
	g.to = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if strings.Contains(string(body), "Action="+action+"&") {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not for you</Message></Error></ErrorResponse>`)
			return
		}
		to.ServeHTTP(w, r)
	})
}

// TestPreviewNotes promises that what CloudFormation cannot be asked is said, and is no failure.
func TestPreviewNotes(t *testing.T) {
	g, cfg := behind(t)
	l, e := lake(t, "")
	r, _ := open(t, l, e)
	driver := rollout.NewStacks(cfg, nil)
	driver.Poll(10 * time.Millisecond)
	small := []byte(`{"Resources":{"Q":{"Type":"AWS::SQS::Queue"}}}`)
	for _, layer := range []string{deploy.Bootstrap, deploy.Compute} {
		set, err := driver.Plan(t.Context(), rollout.Stack{Name: "shop-prod-" + layer, Template: small}, nil)
		if err == nil {
			_, err = driver.Execute(t.Context(), set, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	deny(g, "CreateChangeSet")
	previews, err := r.Preview(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	notes := map[string]string{}
	for _, one := range previews {
		if one.Asked {
			t.Errorf("%s was asked", one.Layer)
		}
		notes[one.Layer] = one.Note
	}
	if !strings.HasPrefix(notes[deploy.Bootstrap], "CloudFormation could not be asked: aws: not for you (AccessDenied)") {
		t.Errorf("no permission: got %q", notes[deploy.Bootstrap])
	}
	if !strings.HasPrefix(notes[deploy.Compute], "CloudFormation is not asked: it is given ") || !strings.HasSuffix(notes[deploy.Compute], " does not have yet") {
		t.Errorf("outputs that are not there yet: got %q", notes[deploy.Compute])
	}
	if notes[deploy.Foundation] != "" {
		t.Errorf("a stack that is not there: got the note %q", notes[deploy.Foundation])
	}
}

// TestFind promises that somebody without credentials is not kept waiting, and told why AWS was not asked; and that
// credentials of another account are an error.
func TestFind(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"} {
		t.Setenv(name, "") // what was set is set again at the end
		os.Unsetenv(name)
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	l, e := lake(t, "")
	stacks, err := deploy.Render(l, e)
	if err != nil {
		t.Fatal(err)
	}
	find := func() (*rollout.Rollout, string, error) { return rollout.Find(t.Context(), l, e, stacks) }
	if r, why, err := find(); r != nil || err != nil || why != "no credentials of AWS were found" {
		t.Errorf("no credentials: got %v, %q, %v", r, why, err)
	}
	_, _ = behind(t)
	if r, why, err := find(); r == nil || why != "" || err != nil {
		t.Errorf("credentials that work: got %v, %q, %v", r, why, err)
	}
	e.AWS.Account = "999999999999"
	if _, _, err := find(); err == nil || !strings.Contains(err.Error(), "the credentials are of the account 123456789012") {
		t.Errorf("another account: got %v", err)
	}
}
