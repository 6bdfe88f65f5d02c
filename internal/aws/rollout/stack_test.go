package rollout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/servers"
)

// at is the stacks of a server.
func at(t *testing.T, endpoint string) *stacks {
	t.Helper()
	s := newStacks(servers.AWS(t, endpoint), nil)
	s.Poll(time.Millisecond)
	return s
}

// template has a bucket of each name; one that ends in ! fails.
func template(names ...string) []byte {
	var parts []string
	for _, n := range names {
		name, fails := strings.CutSuffix(n, "!")
		parts = append(parts, fmt.Sprintf(`%q:{"Type":"AWS::S3::Bucket","Properties":{"Fail":%t}}`, name, fails))
	}
	return []byte(`{"Resources":{` + strings.Join(parts, ",") + `}}`)
}

// losing are the changes of buckets that lose what they hold.
func losing(set changeSet) []StackChange {
	return set.Losing(func(typ string) bool { return typ == "AWS::S3::Bucket" })
}

// putUp plans and executes.
func putUp(ctx context.Context, s *stacks, want stack, tell func(StackEvent)) (map[string]string, error) {
	set, err := s.Plan(ctx, want, tell)
	if err != nil {
		return nil, err
	}
	return s.Execute(ctx, set, tell)
}

// TestLife promises that a stack is made, changed and removed, with its events told once each and in
// order; that a plan after a deployment is empty; and what is lost by a change.
func TestLife(t *testing.T) {
	f := &fake{}
	s, ctx := at(t, f.serve(t)), t.Context()
	if _, err := s.State(ctx, "lake"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("before: got %v, want that there is none", err)
	}
	var told []string
	tell := func(e StackEvent) { told = append(told, e.Resource+" "+e.Status) }
	want := stack{Name: "lake", Template: template("A", "B"), Protected: true}
	outputs, err := putUp(ctx, s, want, tell)
	if err != nil || outputs["A"] != "id-A" || outputs["B"] != "id-B" {
		t.Fatalf("create: got %v, %v", outputs, err)
	}
	if got, want := strings.Join(told, ", "), "lake CREATE_IN_PROGRESS, A CREATE_COMPLETE, B CREATE_COMPLETE, lake CREATE_COMPLETE"; got != want {
		t.Errorf("events of a creation:\ngot  %s\nwant %s", got, want)
	}
	again, err := s.Plan(ctx, want, nil)
	if err != nil || !again.Empty() {
		t.Fatalf("plan after deploy: got %+v, %v, want nothing to do", again, err)
	}
	if outputs, err := s.Execute(ctx, again, nil); err != nil || outputs["A"] != "id-A" {
		t.Errorf("nothing to do: got %v, %v, want the outputs", outputs, err)
	}

	want.Template = template("A", "C")
	set, err := s.Plan(ctx, want, nil)
	if err != nil || set.New || len(set.Changes) != 2 || len(losing(set)) != 1 || losing(set)[0].Resource != "A" {
		t.Fatalf("plan of a change: got %+v, %v, want that A is replaced, which loses what it holds", set, err)
	}
	if outputs, err := s.Execute(ctx, set, nil); err != nil || outputs["C"] != "id-C" {
		t.Fatalf("update: got %v, %v", outputs, err)
	}
	if got, err := s.Template(ctx, "lake"); err != nil || string(got) != string(want.Template) {
		t.Errorf("template: got %s, %v", got, err)
	}
	if drift, err := s.Drift(ctx, "lake"); err != nil || len(drift) != 2 || drift[0].Property != "/EnableKeyRotation" || drift[0].Actual != "false" || drift[1].Actual != "(not shown)" || drift[1].Expected != "(not shown)" {
		t.Errorf("drift: got %+v, %v", drift, err)
	}
	if err := s.Delete(ctx, "lake", nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(ctx, "lake", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("delete again: got %v, want that there is none", err)
	}
}

// TestPreview promises that a preview says what would be done and why, shows no secret, and leaves nothing
// behind, whichever call fails; and that it waits for nothing.
func TestPreview(t *testing.T) {
	for _, how := range []string{"", "throttled", "cut", "lost"} {
		for n := 1; ; n++ {
			f := &fake{}
			s, ctx := at(t, f.serve(t)), t.Context()
			if _, err := s.Preview(ctx, stack{Name: "lake", Template: template("A")}); !errors.Is(err, fs.ErrNotExist) || len(f.stacks) != 0 {
				t.Fatalf("of no stack: got %v and %d stacks, want that there is none", err, len(f.stacks))
			}
			if _, err := putUp(ctx, s, stack{Name: "lake", Template: template("A")}, nil); err != nil {
				t.Fatal(err)
			}
			f.calls, f.hurt, f.how = 0, n, how
			set, err := s.Preview(ctx, stack{Name: "lake", Template: template("A", "B")})
			if err != nil || len(set.Changes) != 2 || set.Changes[1].Action != "Add" {
				t.Fatalf("call %d %s: got %+v, %v", n, how, set, err)
			}
			want := []StackProperty{
				{Path: "BucketName", Before: "a", After: "b", Replaces: true},
				{Path: "Database.MasterPassword"},
				{Path: "Logging.DestinationBucketName", Cause: "Logs"},
				{Path: "Tags"},
			}
			if got := set.Changes[0]; !got.Replaced || !slices.Equal(got.Properties, want) {
				t.Fatalf("why a resource is replaced: got %+v, want %+v", got, want)
			}
			if left := f.sets(); left != 0 || f.executed != 1 {
				t.Errorf("call %d %s: %d change sets are left, %d were executed, want 0 and 1", n, how, left, f.executed)
			}
			if how == "" || f.calls < n {
				break
			}
		}
	}
	f := &fake{}
	s := at(t, f.serve(t))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, _ = putUp(ctx, s, stack{Name: "lake", Template: template("A", "B", "C", "D")}, func(StackEvent) { cancel() })
	var failed *failedError
	if _, err := s.Preview(t.Context(), stack{Name: "lake", Template: template("A")}); !errors.As(err, &failed) || failed.Status != "CREATE_IN_PROGRESS" {
		t.Errorf("of a stack that is being made: got %v, want a failure that says so", err)
	}
}

// TestFailed promises that a failure names the resource and why; that an update that failed leaves
// the stack as it was; and that a stack that never came to be is made anew.
func TestFailed(t *testing.T) {
	f := &fake{}
	s, ctx := at(t, f.serve(t)), t.Context()
	var failed *failedError
	_, err := putUp(ctx, s, stack{Name: "lake", Template: template("A", "B!")}, nil)
	if !errors.As(err, &failed) || failed.Status != "ROLLBACK_COMPLETE" || !strings.Contains(err.Error(), "B (AWS::S3::Bucket): the bucket name is taken") || failed.Hint() == "" {
		t.Fatalf("a creation that fails: got %v", err)
	}
	if _, err := putUp(ctx, s, stack{Name: "lake", Template: template("A")}, nil); err != nil {
		t.Fatalf("after it was mended: %v", err)
	}
	_, err = putUp(ctx, s, stack{Name: "lake", Template: template("A", "B!")}, nil)
	if !errors.As(err, &failed) || failed.Status != "UPDATE_ROLLBACK_COMPLETE" || len(failed.Events) != 1 {
		t.Fatalf("an update that fails: got %v", err)
	}
	if got, _ := s.Template(ctx, "lake"); string(got) != string(template("A")) {
		t.Errorf("after an update that failed: got %s, want the template before", got)
	}
}

// TestResumed promises that a deployment that was cut off is waited for, not begun a second time.
func TestResumed(t *testing.T) {
	f := &fake{}
	s := at(t, f.serve(t))
	want := stack{Name: "lake", Template: template("A", "B", "C")}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := putUp(ctx, s, want, func(e StackEvent) {
		if e.Resource == "A" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("cut off: got %v, want %v", err, context.Canceled)
	}
	var told []string
	set, err := s.Plan(t.Context(), want, func(e StackEvent) { told = append(told, e.Resource) })
	if err != nil || !set.Empty() || f.executed != 1 {
		t.Fatalf("afterwards: got %+v, %v and %d executions, want nothing left to do, and one", set, err, f.executed)
	}
	if len(told) == 0 || told[len(told)-1] != "lake" {
		t.Errorf("the events of the rest: got %v, want those up to the stack's end", told)
	}
}

// TestGuarded promises that a stack that lost its policy or its protection is found and can be given them again, and
// that nothing is set where nothing changes.
func TestGuarded(t *testing.T) {
	f := &fake{}
	s, ctx := at(t, f.serve(t)), t.Context()
	want := stack{Name: "lake", Template: template("A"), Protected: true, Policy: []byte(`{"Statement": [{"Effect": "Deny"}]}`)}
	guarded := func() bool {
		t.Helper()
		state, err := s.State(ctx, "lake")
		if err != nil {
			t.Fatal(err)
		}
		ok, err := s.HasProtection(ctx, want, state)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if _, err := putUp(ctx, s, want, nil); err != nil {
		t.Fatal(err)
	}
	if !guarded() {
		t.Error("a stack that was made: it is not guarded")
	}
	for what, lose := range map[string]func(){
		"protection": func() { f.find("lake").protected = false }, "policy": func() { f.find("lake").policy = string(unlocked) }, "a policy at all": func() { f.find("lake").policy = "" },
	} {
		lose()
		if guarded() {
			t.Errorf("without %s: it is guarded", what)
		}
		if _, err := putUp(ctx, s, want, nil); err != nil || guarded() {
			t.Errorf("without %s, deployed again with nothing to do: %v, or it was set by the way", what, err)
		}
		if err := s.Protect(ctx, want); err != nil || !guarded() {
			t.Errorf("without %s, and protected again: %v, or it is not guarded", what, err)
		}
	}
	f.find("lake").policy = `{"Statement":[{"Effect":"Deny"}]}`
	if !guarded() {
		t.Error("the same policy with other blanks: it is not guarded")
	}
}

// TestAwait promises that what goes on is waited for and told, that nothing is changed, and that a stack that only people
// can mend is an error with what to do.
func TestAwait(t *testing.T) {
	f := &fake{}
	s, ctx := at(t, f.serve(t)), t.Context()
	if err := s.Await(ctx, "lake", nil); err != nil || len(f.stacks) != 0 {
		t.Errorf("of no stack: got %v and %d stacks", err, len(f.stacks))
	}
	set, err := s.Plan(ctx, stack{Name: "lake", Template: template("A", "B")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if state, err := s.Look(ctx, "lake"); err != nil || !state.Proposed() {
		t.Errorf("a stack that is no more than a change set: got %+v, %v", state, err)
	}
	cut, stop := context.WithCancel(ctx)
	if _, err := s.Execute(cut, set, func(StackEvent) { stop() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("cut off: got %v", err)
	}
	var told []string
	if err := s.Await(ctx, "lake", func(e StackEvent) { told = append(told, e.Resource+" "+e.Status) }); err != nil || !slices.Contains(told, "lake CREATE_COMPLETE") {
		t.Errorf("got %v, told %q, want all until it is done", err, told)
	}
	if f.executed != 1 {
		t.Errorf("%d change sets ran, want one", f.executed)
	}
	f.find("lake").status = "UPDATE_ROLLBACK_FAILED"
	var failed *failedError
	if err := s.Await(ctx, "lake", nil); !errors.As(err, &failed) || failed.Hint() == "" {
		t.Errorf("a stack that could not be put back: got %v, want what to do", err)
	}
}

// TestAnyCallFails promises that whichever call is throttled, cut off before it is heard, or answered
// in vain, the stack is made, changed and removed just once each.
func TestAnyCallFails(t *testing.T) {
	for _, how := range []string{"throttled", "cut", "lost"} {
		for n := 1; ; n++ {
			f := &fake{hurt: n, how: how}
			s, ctx := at(t, f.serve(t)), t.Context()
			want := stack{Name: "lake", Template: template("A"), Protected: true}
			_, first := putUp(ctx, s, want, nil)
			want.Template = template("A", "B")
			outputs, second := putUp(ctx, s, want, nil)
			if first != nil || second != nil || outputs["B"] != "id-B" {
				t.Fatalf("call %d %s: got %v, then %v, %v", n, how, first, outputs, second)
			}
			if f.executed != 2 {
				t.Errorf("call %d %s: %d change sets ran, want 2", n, how, f.executed)
			}
			if err := s.Delete(ctx, "lake", nil); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("call %d %s: delete: %v", n, how, err)
			}
			if f.find("lake") != nil {
				t.Errorf("call %d %s: the stack is still there", n, how)
			}
			if f.calls < n {
				break
			}
		}
	}
}

// TestMoto promises the same of a server that others wrote, with resources that come to be.
func TestMoto(t *testing.T) {
	moto := servers.Moto(t)
	s, ctx := at(t, moto.Endpoint), t.Context()
	one := `{"Parameters":{"Days":{"Type":"Number"}},"Resources":{"Logs":{"Type":"AWS::Logs::LogGroup","Properties":{"LogGroupName":"petalake","RetentionInDays":{"Ref":"Days"}}}},
		"Outputs":{"Name":{"Value":{"Ref":"Logs"}}}}`
	want := stack{Name: "lake", Template: []byte(one), Parameters: map[string]string{"Days": "30"}, Tags: map[string]string{"petalake": "lake"}}
	outputs, err := putUp(ctx, s, want, nil)
	if err != nil || outputs["Name"] != "petalake" {
		t.Fatalf("create: got %v, %v", outputs, err)
	}
	state, err := s.State(ctx, "lake")
	if err != nil || state.Status != "CREATE_COMPLETE" || state.Tags["petalake"] != "lake" || state.Parameters["Days"] != "30" {
		t.Errorf("state: got %+v, %v", state, err)
	}
	want.Template = []byte(strings.Replace(one, `"Resources":{`, `"Resources":{"Topic":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":"alarms"}},`, 1))
	set, err := s.Plan(ctx, want, nil)
	if err != nil || len(set.Changes) == 0 {
		t.Fatalf("plan of a change: got %+v, %v", set, err)
	}
	if _, err := s.Execute(ctx, set, nil); err != nil {
		t.Fatal(err)
	}
	good := want.Template
	want.Template = []byte(strings.Replace(one, `"Resources":{`, `"Resources":{"Policy":{"Type":"AWS::IAM::ManagedPolicy","Properties":{"PolicyDocument":{"Version":"1999-01-01"}}},`, 1))
	var failed *failedError
	if _, err := putUp(ctx, s, want, nil); !errors.As(err, &failed) || failed.Status != "UPDATE_ROLLBACK_COMPLETE" || failed.Reason == "" {
		t.Errorf("an update that fails: got %v, want that it was rolled back, and why", err)
	}
	want.Template = good
	if set, err := s.Plan(ctx, want, nil); err != nil || !set.Empty() {
		t.Errorf("after the rollback: got %+v, %v, want nothing to do", set, err)
	}
	if err := s.Delete(ctx, "lake", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.State(ctx, "lake"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after delete: got %v, want that there is none", err)
	}
}
