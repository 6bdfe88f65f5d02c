package rollout

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

// stack is one stack as it should be.
type stack struct {
	Name       string
	Template   []byte // JSON; at most largestTemplate bytes
	Parameters map[string]string
	Tags       map[string]string
	Policy     []byte // which updates are refused, a stack policy; nil leaves it as it is
	Protected  bool   // against being deleted without being unprotected first
	Role       string // the ARN of the role that makes it; "" for whoever calls
}

// The limits of CloudFormation for a template, in bytes.
const (
	inlineTemplate  = 51_200    // larger ones are uploaded first
	largestTemplate = 1_000_000 //
)

// uploader puts a template where CloudFormation can read it, and returns the URL.
type uploader func(ctx context.Context, template []byte) (url string, err error)

// stacks makes, changes and removes the stacks of an account in a region: a change set says what would be done
// before it is done, events tell what is being done, and whoever was cut off takes it up again. AWS keeps the state.
type stacks struct {
	client *cloudformation.Client
	upload uploader
	poll   time.Duration // between looks at a stack that changes
}

// newStacks prepares to work on stacks. Nothing is sent yet. Upload may be nil while no template is large.
func newStacks(cfg aws.Config, upload uploader) *stacks {
	return &stacks{client: cloudformation.NewFromConfig(cfg), upload: upload, poll: 2 * time.Second}
}

// Poll sets how long to wait between two looks at a stack that changes; it is two seconds.
func (s *stacks) Poll(d time.Duration) { s.poll = d }

// StackState is a stack as it is.
type StackState struct {
	Name, ID        string
	Status, Reason  string // Status as in CREATE_COMPLETE
	Created, Change time.Time
	Outputs         map[string]string
	Parameters      map[string]string
	Tags            map[string]string
	Protected       bool
}

// Came says that the stack came to be. One whose making failed is there, and has to be removed first.
func (s StackState) Came() bool {
	switch types.StackStatus(s.Status) {
	case types.StackStatusRollbackComplete, types.StackStatusRollbackFailed, types.StackStatusCreateFailed, types.StackStatusDeleteFailed:
		return false
	}
	return true
}

// Steady says that a change can begin: nothing changes the stack, and nothing is in the way.
func (s StackState) Steady() bool {
	return s.Came() && !strings.HasSuffix(s.Status, "_IN_PROGRESS") && s.Status != string(types.StackStatusUpdateRollbackFailed)
}

// Proposed says that the stack is no more than a change set that nobody has executed.
func (s StackState) Proposed() bool { return s.Status == string(types.StackStatusReviewInProgress) }

// State looks at a stack, by name or id. One that does not exist, or never came to be more than a
// change set, is fs.ErrNotExist.
func (s *stacks) State(ctx context.Context, name string) (StackState, error) {
	state, err := s.describeStack(ctx, name)
	if err == nil && (state.Proposed() || state.Status == string(types.StackStatusDeleteComplete)) {
		return StackState{}, missing(name)
	}
	return state, err
}

// Look is State for a stack in any state: one that never came to be more than a change set is there, too.
func (s *stacks) Look(ctx context.Context, name string) (StackState, error) {
	state, err := s.describeStack(ctx, name)
	if err == nil && state.Status == string(types.StackStatusDeleteComplete) {
		return StackState{}, missing(name)
	}
	return state, err
}

// Await waits until nothing changes a stack any more, and tells of each event until then. It changes nothing. There
// being no stack is no error; a stack that only people can mend is a *failedError.
func (s *stacks) Await(ctx context.Context, name string, tell func(StackEvent)) error {
	state, err := s.describeStack(ctx, name)
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
func stuck(state StackState) error {
	return &failedError{Stack: state.Name, Status: state.Status, Reason: state.Reason,
		hint: "mend what the events name, then continue the rollback in the console of CloudFormation, and deploy again"}
}

// idle waits until nothing changes a stack any more that is being changed.
func (s *stacks) idle(ctx context.Context, state StackState, tell func(StackEvent)) (StackState, error) {
	from, err := s.newest(ctx, state.ID)
	if err != nil {
		return StackState{}, err
	}
	return s.await(ctx, state.ID, &watch{after: from, tell: tell, seen: true})
}

func (s *stacks) describeStack(ctx context.Context, name string) (StackState, error) {
	out, err := s.client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		err = awsx.Explain(err)
		if errors.Is(err, fs.ErrNotExist) {
			return StackState{}, missing(name)
		}
		return StackState{}, fmt.Errorf("stack %s: %w", name, err)
	}
	if len(out.Stacks) == 0 {
		return StackState{}, missing(name)
	}
	d := out.Stacks[0]
	state := StackState{
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
func (s *stacks) Template(ctx context.Context, name string) ([]byte, error) {
	out, err := s.client.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: &name, TemplateStage: types.TemplateStageOriginal})
	if err != nil {
		return nil, fmt.Errorf("stack %s: %w", name, awsx.Explain(err))
	}
	return []byte(aws.ToString(out.TemplateBody)), nil
}

// waitUntilIdle waits until nothing changes a stack any more, and clears away one that never came to be.
// It returns the stack as it then is; the error is fs.ErrNotExist where there is none.
func (s *stacks) waitUntilIdle(ctx context.Context, name string, tell func(StackEvent)) (StackState, error) {
	state, err := s.describeStack(ctx, name)
	if err != nil {
		return StackState{}, err
	}
	if running(state.Status) {
		if state, err = s.idle(ctx, state, tell); err != nil {
			return StackState{}, err
		}
	}
	switch {
	case state.Status == string(types.StackStatusDeleteComplete):
		return StackState{}, missing(name)
	case !state.Came(): // it can only be removed
		if err := s.Delete(ctx, name, tell); err != nil {
			return StackState{}, err
		}
		return StackState{}, missing(name)
	case state.Status == string(types.StackStatusUpdateRollbackFailed):
		return StackState{}, stuck(state)
	}
	return state, nil
}
