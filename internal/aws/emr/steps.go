package emr

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/job"
)

// Steps runs attempts as steps of a cluster. The driver runs in the cluster, and outlives the
// loss of a task node.
type Steps struct {
	Options
	client  *emr.Client
	cluster string
}

var _ job.Runner = (*Steps)(nil)

// NewSteps prepares to run on a cluster, named by its id. Nothing is sent yet.
func NewSteps(cfg aws.Config, cluster string, o Options) *Steps {
	return &Steps{Options: o, client: emr.NewFromConfig(cfg), cluster: cluster}
}

// stepScheme begins the handles of steps.
const stepScheme = "emr-step:"

// longest is how much EMR takes as the arguments of a step, in bytes.
const longest = 10_280

// Submit implements job.Runner. A step has no token by which EMR knows it again: it is looked for by
// its name first.
func (s *Steps) Submit(ctx context.Context, a job.Attempt) (string, error) {
	id, err := find(ctx, s.client, s.cluster, a.ID)
	if err == nil && id == "" {
		var args []string
		if args, err = s.arguments(ctx, a); err != nil {
			return "", err
		}
		id, err = add(ctx, s.client, s.cluster, a.ID, s.Role, args)
	}
	if err != nil {
		return "", refused("EMR cluster "+s.cluster, err)
	}
	return stepScheme + s.cluster + "/" + id, nil
}

// arguments put the files of an attempt into S3, and are its command.
func (o Options) arguments(ctx context.Context, a job.Attempt) ([]string, error) {
	p, err := o.Submission(ctx, a)
	if err != nil {
		return nil, err
	}
	args := arguments(p)
	if n := len(strings.Join(args, " ")); n > longest {
		return nil, job.Refused(fmt.Errorf("the arguments of the step have %d bytes, and EMR takes at most %d", n, longest), "shorten args and conf of the job, or put them into a file")
	}
	return args, nil
}

// add adds a step to a cluster. A lost answer must not start it twice: the call is made once, and whoever
// adds looks first.
func add(ctx context.Context, client *emr.Client, cluster, name, role string, args []string) (string, error) {
	in := &emr.AddJobFlowStepsInput{JobFlowId: &cluster, Steps: []types.StepConfig{{
		Name: &name, ActionOnFailure: types.ActionOnFailureContinue,
		HadoopJarStep: &types.HadoopJarStepConfig{Jar: aws.String("command-runner.jar"), Args: args},
	}}}
	if role != "" {
		in.ExecutionRoleArn = &role
	}
	out, err := client.AddJobFlowSteps(ctx, in, once)
	if err != nil {
		return "", err
	}
	if len(out.StepIds) == 0 {
		return "", errors.New("emr: the cluster named no step")
	}
	return out.StepIds[0], nil
}

// once makes a call once: whether it was heard is found out otherwise.
func once(o *emr.Options) { o.Retryer = aws.NopRetryer{} }

// arguments are the command of a submission.
func arguments(s job.Submission) []string {
	args := []string{"spark-submit", "--deploy-mode", "cluster"}
	if s.Class != "" {
		args = append(args, "--class", s.Class)
	}
	conf := conf(s, "spark.yarn.appMasterEnv.")
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		args = append(args, "--conf", key+"="+conf[key])
	}
	return append(append(args, s.Main), s.Args...)
}

// find is the step of a name; "" for none.
func find(ctx context.Context, client *emr.Client, cluster, name string) (string, error) {
	var marker *string
	for {
		out, err := client.ListSteps(ctx, &emr.ListStepsInput{ClusterId: &cluster, Marker: marker})
		if err != nil {
			return "", err
		}
		for _, step := range out.Steps {
			if aws.ToString(step.Name) == name {
				return aws.ToString(step.Id), nil
			}
		}
		if marker = out.Marker; marker == nil {
			return "", nil
		}
	}
}

// Poll implements job.Runner. A step whose cluster ended is gone, and not to blame: another attempt
// goes on behind the last step that was committed.
func (s *Steps) Poll(ctx context.Context, handle string) (job.Status, error) {
	cluster, step, err := parse(stepScheme, handle)
	if err != nil {
		return job.Status{}, err
	}
	out, err := s.client.DescribeStep(ctx, &emr.DescribeStepInput{ClusterId: &cluster, StepId: &step})
	if err = awsx.Explain(err); gone(err) {
		return job.Status{Phase: job.Gone}, nil
	}
	if err != nil {
		return job.Status{}, err
	}
	status := out.Step.Status
	switch status.State {
	case types.StepStateCompleted:
		return job.Status{Phase: job.Over}, nil
	case types.StepStateInterrupted:
		return job.Status{Phase: job.Gone}, nil
	case types.StepStateCancelled, types.StepStateFailed:
		if dead, err := s.dead(ctx, cluster); err != nil || dead {
			return job.Status{Phase: job.Gone}, err
		}
		return job.Status{Phase: job.Over, Exit: 1, Error: why(status)}, nil
	}
	// A cluster that died in the middle may leave a step as it was.
	if dead, err := s.dead(ctx, cluster); err != nil || dead {
		return job.Status{Phase: job.Gone}, err
	}
	return job.Status{Phase: job.Active}, nil
}

// dead says whether a cluster has ended, or is about to, because something went wrong with it.
func (s *Steps) dead(ctx context.Context, cluster string) (bool, error) {
	out, err := s.client.DescribeCluster(ctx, &emr.DescribeClusterInput{ClusterId: &cluster})
	if err = awsx.Explain(err); err != nil {
		return gone(err), ignore(err, gone(err))
	}
	state := out.Cluster.Status.State
	return state == types.ClusterStateTerminated || state == types.ClusterStateTerminatedWithErrors || state == types.ClusterStateTerminating, nil
}

func ignore(err error, known bool) error {
	if known {
		return nil
	}
	return err
}

// why is what EMR says of a step that failed.
func why(s *types.StepStatus) string {
	if s.State == types.StepStateCancelled {
		return "it was cancelled"
	}
	var parts []string
	if d := s.FailureDetails; d != nil {
		for _, text := range []*string{d.Reason, d.Message} {
			if aws.ToString(text) != "" {
				parts = append(parts, *text)
			}
		}
	}
	reason := ""
	if s.StateChangeReason != nil {
		reason = aws.ToString(s.StateChangeReason.Message)
	}
	return cmp.Or(strings.Join(parts, ": "), reason, "the step failed")
}

// Cancel implements job.Runner.
func (s *Steps) Cancel(ctx context.Context, handle string) error {
	cluster, step, err := parse(stepScheme, handle)
	if err != nil {
		return err
	}
	_, err = s.client.CancelSteps(ctx, &emr.CancelStepsInput{
		ClusterId: &cluster, StepIds: []string{step}, StepCancellationOption: types.StepCancellationOptionTerminateProcess,
	})
	if err = awsx.Explain(err); gone(err) {
		return nil
	}
	return err
}

// Logs implements job.Runner. EMR brings the logs of a cluster to S3 every five minutes.
func (s *Steps) Logs(ctx context.Context, handle string, from int64) ([]byte, error) {
	cluster, step, err := parse(stepScheme, handle)
	if err != nil {
		return nil, err
	}
	status, err := s.Poll(ctx, handle)
	if err != nil {
		return nil, err
	}
	return s.said(ctx, cluster+"/steps/"+step, status.Phase != job.Active, from)
}
