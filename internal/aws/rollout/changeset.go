package rollout

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/petalake/petalake/internal/aws/awsx"
)

// StackChange is what a change set would do to one resource.
type StackChange struct {
	Action   string // Add, Modify, Remove, Import or Dynamic
	Resource string // its name in the template
	Type     string // as in AWS::S3::Bucket
	Physical string // its id in AWS; empty before it is made
	Replaced bool   // another takes its place, or may do so
	Unsure   bool   // whether it is replaced shows when it is done
	InPlace  bool   // it is changed as it is; with neither, CloudFormation does not say
	Kept     bool   // what is replaced or removed stays in the account

	Properties []StackProperty // that change, and why it does
}

// changeSet is a change set of CloudFormation: what an update would do to one stack.
type changeSet struct {
	Stack   stack
	New     bool // the stack does not exist yet
	Changes []StackChange

	id, stackID string
}

// Empty says that there is nothing to do.
func (c changeSet) Empty() bool { return c.id == "" }

// Losing are the changes that take what a resource holds out of reach: it is replaced, or it is
// removed and not kept. Holds says which types hold anything.
func (c changeSet) Losing(holds func(typ string) bool) []StackChange {
	var out []StackChange
	for _, x := range c.Changes {
		if holds(x.Type) && (x.Replaced || x.Action == string(types.ChangeActionRemove) && !x.Kept) {
			out = append(out, x)
		}
	}
	return out
}

// Plan asks CloudFormation what would be done to make a stack as it should be. What is being done to
// the stack already is waited for, and what is left of one that never came to be is removed. Execute
// does it; Discard forgets it.
func (s *stacks) Plan(ctx context.Context, want stack, tell func(StackEvent)) (changeSet, error) {
	if len(want.Template) > largestTemplate {
		return changeSet{}, fmt.Errorf("stack %s: the template has %d bytes, and CloudFormation takes at most %d: %w", want.Name, len(want.Template), largestTemplate, fs.ErrInvalid)
	}
	state, err := s.waitUntilIdle(ctx, want.Name, tell)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return changeSet{}, err
	}
	set := changeSet{Stack: want, New: err != nil || state.Status == string(types.StackStatusReviewInProgress)}
	in, err := s.request(ctx, want)
	if err != nil {
		return changeSet{}, err
	}
	if set.New {
		in.ChangeSetType = types.ChangeSetTypeCreate
		in.ImportExistingResources = aws.Bool(true) // what an earlier stack of the name left behind, such as buckets
	}
	return s.propose(ctx, set, in)
}

// Preview is Plan for a stack that came to be, and leaves nothing behind: the change set is forgotten again.
// A stack that is being changed, or cannot be, is not waited for: it is a *failedError with what it is.
func (s *stacks) Preview(ctx context.Context, want stack) (changeSet, error) {
	state, err := s.State(ctx, want.Name)
	if err != nil {
		return changeSet{}, err
	}
	if !state.Steady() {
		return changeSet{}, &failedError{Stack: want.Name, Status: state.Status, Reason: state.Reason}
	}
	in, err := s.request(ctx, want)
	if err != nil {
		return changeSet{}, err
	}
	set := changeSet{Stack: want, id: *in.ChangeSetName}
	defer s.Discard(ctx, set) // whatever the answer was
	return s.propose(ctx, set, in)
}

// propose has CloudFormation work out a change set.
func (s *stacks) propose(ctx context.Context, set changeSet, in *cloudformation.CreateChangeSetInput) (changeSet, error) {
	out, err := s.client.CreateChangeSet(ctx, in)
	if err = awsx.Explain(err); err != nil && unchanged(err.Error()) {
		return changeSet{Stack: set.Stack}, nil
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return changeSet{}, fmt.Errorf("stack %s: %w", set.Stack.Name, err)
	}
	// The name is random: one that exists already was made by ourselves, and the answer was lost.
	set.id = *in.ChangeSetName
	if out != nil {
		set.id, set.stackID = cmp.Or(aws.ToString(out.Id), set.id), aws.ToString(out.StackId)
	}
	return s.describe(ctx, set)
}

// unchanged says whether a reason for having no change set is that there is nothing to change.
func unchanged(reason string) bool {
	return strings.Contains(reason, "didn't contain changes") || strings.Contains(reason, "No updates are to be performed")
}

// request is the input of CreateChangeSet.
func (s *stacks) request(ctx context.Context, want stack) (*cloudformation.CreateChangeSetInput, error) {
	name := "petalake-" + strings.ToLower(rand.Text())
	in := &cloudformation.CreateChangeSetInput{
		StackName: &want.Name, ChangeSetName: &name, ClientToken: &name, ChangeSetType: types.ChangeSetTypeUpdate,
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam},
	}
	for _, key := range slices.Sorted(maps.Keys(want.Parameters)) {
		in.Parameters = append(in.Parameters, types.Parameter{ParameterKey: &key, ParameterValue: aws.String(want.Parameters[key])})
	}
	for _, key := range slices.Sorted(maps.Keys(want.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: &key, Value: aws.String(want.Tags[key])})
	}
	if want.Role != "" {
		in.RoleARN = &want.Role
	}
	if len(want.Template) <= inlineTemplate {
		in.TemplateBody = aws.String(string(want.Template))
		return in, nil
	}
	if s.upload == nil {
		return nil, fmt.Errorf("stack %s: the template has %d bytes, over the %d that CloudFormation takes without a bucket", want.Name, len(want.Template), inlineTemplate)
	}
	url, err := s.upload(ctx, want.Template)
	in.TemplateURL = &url
	return in, err
}

// describe waits until a change set is complete and reads it.
func (s *stacks) describe(ctx context.Context, set changeSet) (changeSet, error) {
	var next *string
	for looks := 0; ; looks++ {
		out, err := s.client.DescribeChangeSet(ctx, &cloudformation.DescribeChangeSetInput{
			StackName: &set.Stack.Name, ChangeSetName: &set.id, NextToken: next, IncludePropertyValues: aws.Bool(true),
		})
		if err != nil {
			return changeSet{}, fmt.Errorf("stack %s: %w", set.Stack.Name, awsx.Explain(err))
		}
		switch out.Status {
		case types.ChangeSetStatusCreatePending, types.ChangeSetStatusCreateInProgress:
			if err := s.pause(ctx, looks); err != nil {
				return changeSet{}, err
			}
			continue
		case types.ChangeSetStatusFailed:
			reason := aws.ToString(out.StatusReason)
			s.Discard(ctx, set)
			if unchanged(reason) {
				return changeSet{Stack: set.Stack}, nil
			}
			return changeSet{}, &failedError{Stack: set.Stack.Name, Status: "the change set failed", Reason: reason, hint: "nothing was changed"}
		}
		set.stackID = cmp.Or(aws.ToString(out.StackId), set.stackID)
		for _, c := range out.Changes {
			if c.ResourceChange != nil {
				set.Changes = append(set.Changes, changeOf(c.ResourceChange))
			}
		}
		if next = out.NextToken; next == nil {
			return set, nil
		}
	}
}

func changeOf(r *types.ResourceChange) StackChange {
	return StackChange{
		Action: string(r.Action), Resource: aws.ToString(r.LogicalResourceId), Type: aws.ToString(r.ResourceType), Physical: aws.ToString(r.PhysicalResourceId),
		Replaced: r.Replacement == types.ReplacementTrue || r.Replacement == types.ReplacementConditional,
		Unsure:   r.Replacement == types.ReplacementConditional, InPlace: r.Replacement == types.ReplacementFalse,
		Kept:       r.PolicyAction == types.PolicyActionRetain || r.PolicyAction == types.PolicyActionReplaceAndRetain,
		Properties: propertiesOf(r),
	}
}

// Discard forgets a change set. A stack that would have been new is gone with it. Failing to is no
// error: CloudFormation drops it with the next change.
func (s *stacks) Discard(ctx context.Context, set changeSet) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, _ = s.client.DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{StackName: &set.Stack.Name, ChangeSetName: &set.id})
	if set.New {
		_, _ = s.client.DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: &set.Stack.Name})
	}
}
