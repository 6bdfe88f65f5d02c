// Package stack makes, changes and removes stacks of CloudFormation: a change set says what would be
// done before it is done, events tell what is being done, and whoever was cut off takes it up again.
// AWS keeps the state; the package keeps none.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/petalake/petalake/internal/aws/awsx"
)

// Stack is one stack as it should be.
type Stack struct {
	Name       string
	Template   []byte // JSON; at most Largest bytes
	Parameters map[string]string
	Tags       map[string]string
	Policy     []byte // which updates are refused, a stack policy; nil leaves it as it is
	Protected  bool   // against being deleted without being unprotected first
	Role       string // the ARN of the role that makes it; "" for whoever calls
}

// The limits of CloudFormation for a template, in bytes.
const (
	Inline  = 51_200    // larger ones are uploaded first
	Largest = 1_000_000 //
)

// Upload puts a template where CloudFormation can read it, and returns the URL.
type Upload func(ctx context.Context, template []byte) (url string, err error)

// Stacks are the stacks of an account in a region.
type Stacks struct {
	client *cloudformation.Client
	upload Upload
	poll   time.Duration // between looks at a stack that changes
}

// New prepares to work on stacks. Nothing is sent yet. Upload may be nil while no template is large.
func New(cfg aws.Config, upload Upload) *Stacks {
	return &Stacks{client: cloudformation.NewFromConfig(cfg), upload: upload, poll: 2 * time.Second}
}

// Poll sets how long to wait between two looks at a stack that changes; it is two seconds.
func (s *Stacks) Poll(d time.Duration) { s.poll = d }

// State is a stack as it is.
type State struct {
	Name, ID        string
	Status, Reason  string // Status as in CREATE_COMPLETE
	Created, Change time.Time
	Outputs         map[string]string
	Parameters      map[string]string
	Tags            map[string]string
	Protected       bool
}

// Came says that the stack came to be. One whose making failed is there, and has to be removed first.
func (s State) Came() bool {
	switch types.StackStatus(s.Status) {
	case types.StackStatusRollbackComplete, types.StackStatusRollbackFailed, types.StackStatusCreateFailed, types.StackStatusDeleteFailed:
		return false
	}
	return true
}

// Steady says that a change can begin: nothing changes the stack, and nothing is in the way.
func (s State) Steady() bool {
	return s.Came() && !strings.HasSuffix(s.Status, "_IN_PROGRESS") && s.Status != string(types.StackStatusUpdateRollbackFailed)
}

// Proposed says that the stack is no more than a change set that nobody has executed.
func (s State) Proposed() bool { return s.Status == string(types.StackStatusReviewInProgress) }

// State looks at a stack, by name or id. One that does not exist, or never came to be more than a
// change set, is fs.ErrNotExist.
func (s *Stacks) State(ctx context.Context, name string) (State, error) {
	state, err := s.look(ctx, name)
	if err == nil && (state.Proposed() || state.Status == string(types.StackStatusDeleteComplete)) {
		return State{}, missing(name)
	}
	return state, err
}

// Look is State for a stack in any state: one that never came to be more than a change set is there, too.
func (s *Stacks) Look(ctx context.Context, name string) (State, error) {
	state, err := s.look(ctx, name)
	if err == nil && state.Status == string(types.StackStatusDeleteComplete) {
		return State{}, missing(name)
	}
	return state, err
}

// Await waits until nothing changes a stack any more, and tells of each event until then. It changes nothing. There
// being no stack is no error; a stack that only people can mend is a *FailedError.
func (s *Stacks) Await(ctx context.Context, name string, tell func(Event)) error {
	state, err := s.look(ctx, name)
	if err == nil && running(state.Status) {
		state, err = s.idle(ctx, state, tell)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist): // or it was removed meanwhile
		return nil
	case err != nil:
		return err
	case state.Status == string(types.StackStatusUpdateRollbackFailed):
		return stuck(state)
	}
	return nil
}

// stuck is the error of a stack that could not be put back.
func stuck(state State) error {
	return &FailedError{Stack: state.Name, Status: state.Status, Reason: state.Reason,
		hint: "mend what the events name, then continue the rollback in the console of CloudFormation, and deploy again"}
}

// idle waits until nothing changes a stack any more that is being changed.
func (s *Stacks) idle(ctx context.Context, state State, tell func(Event)) (State, error) {
	from, err := s.newest(ctx, state.ID)
	if err != nil {
		return State{}, err
	}
	return s.await(ctx, state.ID, &watch{after: from, tell: tell, seen: true})
}

func (s *Stacks) look(ctx context.Context, name string) (State, error) {
	out, err := s.client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		err = awsx.Explain(err)
		if errors.Is(err, fs.ErrNotExist) {
			return State{}, missing(name)
		}
		return State{}, fmt.Errorf("stack %s: %w", name, err)
	}
	if len(out.Stacks) == 0 {
		return State{}, missing(name)
	}
	d := out.Stacks[0]
	state := State{
		Name: aws.ToString(d.StackName), ID: aws.ToString(d.StackId), Status: string(d.StackStatus), Reason: aws.ToString(d.StackStatusReason),
		Created: aws.ToTime(d.CreationTime), Change: aws.ToTime(d.LastUpdatedTime), Protected: aws.ToBool(d.EnableTerminationProtection),
		Outputs: map[string]string{}, Parameters: map[string]string{}, Tags: map[string]string{},
	}
	for _, o := range d.Outputs {
		state.Outputs[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	for _, p := range d.Parameters {
		state.Parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	for _, t := range d.Tags {
		state.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return state, nil
}

func missing(name string) error { return fmt.Errorf("stack %s: %w", name, fs.ErrNotExist) }

// Template is the template that a stack was last made or changed with, as it was written.
func (s *Stacks) Template(ctx context.Context, name string) ([]byte, error) {
	out, err := s.client.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &name, TemplateStage: types.TemplateStageOriginal})
	if err != nil {
		return nil, fmt.Errorf("stack %s: %w", name, awsx.Explain(err))
	}
	return []byte(aws.ToString(out.TemplateBody)), nil
}

// settle waits until nothing changes a stack any more, and clears away one that never came to be.
// It returns the stack as it then is; the error is fs.ErrNotExist where there is none.
func (s *Stacks) settle(ctx context.Context, name string, tell func(Event)) (State, error) {
	state, err := s.look(ctx, name)
	if err != nil {
		return State{}, err
	}
	if running(state.Status) {
		if state, err = s.idle(ctx, state, tell); err != nil {
			return State{}, err
		}
	}
	switch {
	case state.Status == string(types.StackStatusDeleteComplete):
		return State{}, missing(name)
	case !state.Came(): // it can only be removed
		if err := s.Delete(ctx, name, tell); err != nil {
			return State{}, err
		}
		return State{}, missing(name)
	case state.Status == string(types.StackStatusUpdateRollbackFailed):
		return State{}, stuck(state)
	}
	return state, nil
}
