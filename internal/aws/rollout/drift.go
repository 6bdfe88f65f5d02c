package rollout

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/petalake/petalake/internal/aws/awsx"
)

// StackDrift is one property of a resource that is not as the template says, or a resource that is gone.
type StackDrift struct {
	Resource string
	Type     string
	Property string // as in /BucketEncryption; empty for a resource that is gone
	Expected string // short values alone, none that may be secret
	Actual   string
}

// Drift has CloudFormation compare a stack with what is in the account, and returns the differences.
// It takes some minutes on AWS. Types of resources that CloudFormation cannot compare are passed over.
func (s *stacks) Drift(ctx context.Context, name string) ([]StackDrift, error) {
	begun, err := s.client.DetectStackDrift(ctx, &cloudformation.DetectStackDriftInput{StackName: &name})
	if err != nil {
		return nil, fmt.Errorf("stack %s: %w", name, awsx.Explain(err))
	}
	for looks := 0; ; looks++ {
		out, err := s.client.DescribeStackDriftDetectionStatus(ctx, &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: begun.StackDriftDetectionId})
		if err != nil {
			return nil, fmt.Errorf("stack %s: %w", name, awsx.Explain(err))
		}
		if out.DetectionStatus == types.StackDriftDetectionStatusDetectionFailed {
			return nil, fmt.Errorf("stack %s: its drift could not be found: %s", name, aws.ToString(out.DetectionStatusReason))
		}
		if out.DetectionStatus == types.StackDriftDetectionStatusDetectionComplete {
			return s.drifted(ctx, name)
		}
		if err := s.pause(ctx, looks); err != nil {
			return nil, err
		}
	}
}

// drifted reads what the last detection found.
func (s *stacks) drifted(ctx context.Context, name string) ([]StackDrift, error) {
	var all []StackDrift
	var next *string
	for {
		out, err := s.client.DescribeStackResourceDrifts(ctx, &cloudformation.DescribeStackResourceDriftsInput{
			StackName: &name, NextToken: next,
			StackResourceDriftStatusFilters: []types.StackResourceDriftStatus{types.StackResourceDriftStatusModified, types.StackResourceDriftStatusDeleted},
		})
		if err != nil {
			return nil, fmt.Errorf("stack %s: %w", name, awsx.Explain(err))
		}
		for _, r := range out.StackResourceDrifts {
			d := StackDrift{Resource: aws.ToString(r.LogicalResourceId), Type: aws.ToString(r.ResourceType)}
			if r.StackResourceDriftStatus == types.StackResourceDriftStatusDeleted {
				all = append(all, d)
			}
			for _, p := range r.PropertyDifferences {
				d.Property = aws.ToString(p.PropertyPath)
				d.Expected, d.Actual = shown(d.Type, d.Property, aws.ToString(p.ExpectedValue)), shown(d.Type, d.Property, aws.ToString(p.ActualValue))
				all = append(all, d)
			}
		}
		if next = out.NextToken; next == nil {
			return all, nil
		}
	}
}
