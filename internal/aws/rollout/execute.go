package rollout

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/petalake/petalake/internal/aws/awsx"
)

// StackEvent is one thing that happened to a stack or a resource of it.
type StackEvent struct {
	Stack    string
	Time     time.Time
	Resource string // its name in the template, or that of the stack
	Type     string
	Status   string // as in CREATE_IN_PROGRESS
	Reason   string

	id, token string
}

// Failed says that the event is of something that did not work.
func (e StackEvent) Failed() bool { return strings.HasSuffix(e.Status, "_FAILED") }

// failedError says that a stack did not become what it should.
type failedError struct {
	Stack, Status string
	Reason        string
	Events        []StackEvent // those that failed, the first first
	hint          string
}

func (e *failedError) Error() string {
	out := fmt.Sprintf("stack %s: %s", e.Stack, e.Status)
	if e.Reason != "" {
		out += ": " + e.Reason
	}
	for _, x := range e.Events {
		out += fmt.Sprintf("\n%s (%s): %s", x.Resource, x.Type, cmp.Or(x.Reason, x.Status))
	}
	return out
}

// Hint says what to do.
func (e *failedError) Hint() string { return e.hint }

// Execute does what a change set says, tells of each event, and returns the outputs of the stack. If
// it fails CloudFormation puts the stack back as it was, and the error is a *failedError. When ctx ends
// AWS goes on: the next Plan waits for it.
func (s *stacks) Execute(ctx context.Context, set changeSet, tell func(StackEvent)) (map[string]string, error) {
	if set.Empty() {
		state, err := s.State(ctx, set.Stack.Name)
		return state.Outputs, err
	}
	name := cmp.Or(set.stackID, set.Stack.Name)
	from, err := s.newest(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := s.begin(ctx, set, from); err != nil {
		return nil, err
	}
	w := watch{after: from, tell: tell}
	state, err := s.await(ctx, name, &w)
	if err == nil {
		err = w.verdict(state, types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusImportComplete)
	}
	if err != nil {
		return nil, err
	}
	return state.Outputs, s.Protect(ctx, set.Stack)
}

// begin starts a change set. If the answer was lost, and the call is made again, CloudFormation
// refuses it: the change set, or the stack's events, then say that it was begun.
func (s *stacks) begin(ctx context.Context, set changeSet, from string) error {
	token := token(set.id)
	_, err := s.client.ExecuteChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{
		StackName: &set.Stack.Name, ChangeSetName: &set.id, ClientRequestToken: &token,
	})
	if err == nil {
		return nil
	}
	err = awsx.Explain(err)
	var said *awsx.Error
	if !errors.As(err, &said) || said.Code != "InvalidChangeSetStatus" && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("stack %s: %w", set.Stack.Name, err)
	}
	out, look := s.client.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{StackName: &set.Stack.Name, ChangeSetName: &set.id})
	if look == nil && (out.ExecutionStatus == types.ExecutionStatusExecuteInProgress || out.ExecutionStatus == types.ExecutionStatusExecuteComplete ||
		out.ExecutionStatus == types.ExecutionStatusExecuteFailed) {
		return nil
	}
	events, look := s.since(ctx, cmp.Or(set.stackID, set.Stack.Name), from)
	if look != nil {
		return look
	}
	if slices.ContainsFunc(events, func(e StackEvent) bool { return e.token == token }) {
		return nil
	}
	return &failedError{Stack: set.Stack.Name, Status: "the plan is out of date", Reason: said.Message, hint: "somebody changed the stack since: plan again"}
}

// token is the client request token, by which CloudFormation takes two calls for one: from the name of a change set, or from its ARN.
func token(id string) string {
	if parts := strings.Split(id, "/"); len(parts) > 1 {
		id = parts[1]
	}
	return id[:min(len(id), 128)]
}

// Protect sets what a change set cannot: the policy of a stack, and its protection. Execute does it for a stack that it
// changed.
func (s *stacks) Protect(ctx context.Context, want stack) error {
	if want.Policy != nil {
		if err := s.SetPolicy(ctx, want.Name, want.Policy); err != nil {
			return err
		}
	}
	if want.Protected {
		return s.unprotect(ctx, want.Name, true)
	}
	return nil
}

// HasProtection says whether a stack has the policy and the protection that it should, as Protect sets them.
func (s *stacks) HasProtection(ctx context.Context, want stack, is StackState) (bool, error) {
	if want.Protected && !is.Protected {
		return false, nil
	}
	if want.Policy == nil {
		return true, nil
	}
	out, err := s.client.GetStackPolicy(ctx, &cloudformation.GetStackPolicyInput{StackName: &want.Name})
	if err != nil {
		return false, fmt.Errorf("stack %s: its policy: %w", want.Name, awsx.Explain(err))
	}
	return sameJSON(want.Policy, []byte(aws.ToString(out.StackPolicyBody))), nil
}

// sameJSON says whether two texts are the same value of JSON. A text that is none is the same as nothing.
func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

func (s *stacks) unprotect(ctx context.Context, name string, protected bool) error {
	_, err := s.client.UpdateTerminationProtection(ctx, &cloudformation.UpdateTerminationProtectionInput{StackName: &name, EnableTerminationProtection: &protected})
	if err != nil {
		return fmt.Errorf("stack %s: its protection: %w", name, awsx.Explain(err))
	}
	return nil
}

// Delete removes a stack, and what its template does not keep. There being none is fs.ErrNotExist. It
// takes the protection away first: whoever calls has asked.
func (s *stacks) Delete(ctx context.Context, name string, tell func(StackEvent)) error {
	state, err := s.describeStack(ctx, name)
	if err != nil {
		return err
	}
	if state.Protected {
		if err := s.unprotect(ctx, name, false); err != nil {
			return err
		}
	}
	from, err := s.newest(ctx, state.ID)
	if err != nil {
		return err
	}
	if _, err := s.client.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &name}); err != nil {
		return fmt.Errorf("stack %s: %w", name, awsx.Explain(err))
	}
	w := watch{after: from, tell: tell}
	switch state, err = s.await(ctx, state.ID, &w); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	return w.verdict(state, types.StackStatusDeleteComplete)
}

// running says that a stack is being changed.
func running(status string) bool {
	return strings.HasSuffix(status, "_IN_PROGRESS") && status != string(types.StackStatusReviewInProgress)
}

// watch is how far the events of a stack were told.
type watch struct {
	after  string // the id of the last one
	tell   func(StackEvent)
	seen   bool // that the change began
	failed []StackEvent
	reason string // of going back
}

// quiet is how many looks at a stack without an event mean that there will be none.
const quiet = 30

// await tells of a stack's events until nothing changes it any more. A stack looks as it did before
// for a moment after a change was asked for: only an event says that it began.
func (s *stacks) await(ctx context.Context, name string, w *watch) (StackState, error) {
	for looks := 0; ; looks++ {
		state, err := s.describeStack(ctx, name) // before the events: none that led to this state is missed
		if err != nil {
			return StackState{}, err
		}
		events, err := s.since(ctx, name, w.after)
		if err != nil {
			return StackState{}, err
		}
		for _, e := range events {
			w.take(e)
		}
		if !running(state.Status) && state.Status != string(types.StackStatusReviewInProgress) && (w.seen || looks == quiet) {
			return state, nil
		}
		// What was seen just now may be later than the state.
		w.seen = w.seen || len(events) > 0
		if err := s.pause(ctx, looks); err != nil {
			return StackState{}, err
		}
	}
}

func (w *watch) take(e StackEvent) {
	w.after = e.id
	if w.tell != nil {
		w.tell(e)
	}
	if e.Resource == e.Stack && strings.HasSuffix(e.Status, "ROLLBACK_IN_PROGRESS") {
		w.reason = e.Reason
	}
	if e.Failed() && e.Resource != e.Stack && !strings.Contains(strings.ToLower(e.Reason), "cancelled") {
		w.failed = append(w.failed, e)
	}
}

// verdict is nil where the change ended as one that is good.
func (w *watch) verdict(state StackState, good ...types.StackStatus) error {
	status := types.StackStatus(state.Status)
	if slices.Contains(good, status) {
		return nil
	}
	return &failedError{Stack: state.Name, Status: state.Status, Reason: cmp.Or(w.reason, state.Reason), Events: w.failed, hint: hints[status]}
}

var hints = map[types.StackStatus]string{
	types.StackStatusUpdateRollbackComplete: "everything is as it was before: mend the reason, and deploy again",
	types.StackStatusRollbackComplete:       "nothing was made: mend the reason, and deploy again",
	types.StackStatusRollbackFailed:         "mend the reason, and deploy again: what is left of the stack is removed first",
	types.StackStatusDeleteFailed:           "mend the reason, and destroy again",
}

// newest is the id of a stack's last event; "" for none.
func (s *stacks) newest(ctx context.Context, name string) (string, error) {
	out, err := s.client.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: &name})
	if err != nil {
		return "", fmt.Errorf("stack %s: %w", name, awsx.Explain(err))
	}
	if len(out.StackEvents) == 0 {
		return "", nil
	}
	return aws.ToString(out.StackEvents[0].EventId), nil
}

// since returns the events after one, the oldest first.
func (s *stacks) since(ctx context.Context, name, after string) ([]StackEvent, error) {
	var events []StackEvent
	var next *string
	for {
		out, err := s.client.DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: &name, NextToken: next})
		if err != nil {
			return nil, fmt.Errorf("stack %s: %w", name, awsx.Explain(err))
		}
		for _, e := range out.StackEvents {
			if aws.ToString(e.EventId) == after {
				slices.Reverse(events)
				return events, nil
			}
			events = append(events, StackEvent{
				Stack: aws.ToString(e.StackName), Time: aws.ToTime(e.Timestamp), Resource: aws.ToString(e.LogicalResourceId), Type: aws.ToString(e.ResourceType),
				Status: string(e.ResourceStatus), Reason: aws.ToString(e.ResourceStatusReason), id: aws.ToString(e.EventId), token: aws.ToString(e.ClientRequestToken),
			})
		}
		if next = out.NextToken; next == nil {
			slices.Reverse(events)
			return events, nil
		}
	}
}

// pause waits before the next look, longer and longer up to poll.
func (s *stacks) pause(ctx context.Context, looks int) error {
	return awsx.Sleep(ctx, min(s.poll, 100*time.Millisecond<<min(looks, 10)))
}

// unlocked is a policy that refuses no update.
var unlocked = []byte(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"Update:*","Resource":"*"}]}`)

// SetPolicy sets which updates of a stack are refused.
func (s *stacks) SetPolicy(ctx context.Context, name string, policy []byte) error {
	if _, err := s.client.SetStackPolicy(ctx, &cloudformation.SetStackPolicyInput{StackName: &name, StackPolicyBody: aws.String(string(policy))}); err != nil {
		return fmt.Errorf("stack %s: its policy: %w", name, awsx.Explain(err))
	}
	return nil
}
