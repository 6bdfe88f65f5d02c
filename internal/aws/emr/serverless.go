package emr

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emrserverless"
	"github.com/aws/aws-sdk-go-v2/service/emrserverless/types"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/job"
)

// Serverless runs attempts as job runs of an EMR Serverless application.
type Serverless struct {
	Options
	client      *emrserverless.Client
	application string
}

var _ job.Runner = (*Serverless)(nil)

// NewServerless prepares to run on an application, named by its id. Nothing is sent yet.
func NewServerless(cfg aws.Config, application string, o Options) *Serverless {
	return &Serverless{Options: o, client: emrserverless.NewFromConfig(cfg), application: application}
}

// serverlessScheme begins the handles of job runs.
const serverlessScheme = "emr-serverless:"

// Submit implements job.Runner. The token of the call makes sure that an attempt is started once.
func (s *Serverless) Submit(ctx context.Context, a job.Attempt) (string, error) {
	p, err := s.Submission(ctx, a)
	if err != nil {
		return "", err
	}
	spark := &types.SparkSubmit{EntryPoint: &p.Main, EntryPointArguments: p.Args}
	if p.Class != "" {
		spark.SparkSubmitParameters = aws.String("--class " + p.Class)
	}
	in := &emrserverless.StartJobRunInput{
		ApplicationId: &s.application, ClientToken: aws.String(token(a.ID)), ExecutionRoleArn: &s.Role, Name: &a.ID,
		JobDriver: &types.JobDriverMemberSparkSubmit{Value: *spark}, Mode: types.JobRunModeBatch,
		ExecutionTimeoutMinutes: aws.Int64(0), // none: the job's own timeout is kept by its keeper
		Tags:                    map[string]string{"petalake:job": a.Job, "petalake:run": fmt.Sprint(a.Number)},
		ConfigurationOverrides: &types.ConfigurationOverrides{
			ApplicationConfiguration: []types.Configuration{{
				Classification: aws.String("spark-defaults"), Properties: conf(p, "spark.emr-serverless.driverEnv."),
			}},
			MonitoringConfiguration: &types.MonitoringConfiguration{S3MonitoringConfiguration: &types.S3MonitoringConfiguration{LogUri: &s.LogURI}},
		},
	}
	if p.Streaming {
		in.Mode = types.JobRunModeStreaming
	}
	if s.KMSKey != "" {
		in.ConfigurationOverrides.MonitoringConfiguration.S3MonitoringConfiguration.EncryptionKeyArn = &s.KMSKey
	}
	out, err := s.client.StartJobRun(ctx, in)
	if err != nil {
		return "", refused("EMR Serverless application "+s.application, err)
	}
	return serverlessScheme + s.application + "/" + aws.ToString(out.JobRunId), nil
}

// Poll implements job.Runner.
func (s *Serverless) Poll(ctx context.Context, handle string) (job.Status, error) {
	application, run, err := parse(serverlessScheme, handle)
	if err != nil {
		return job.Status{}, err
	}
	out, err := s.client.GetJobRun(ctx, &emrserverless.GetJobRunInput{ApplicationId: &application, JobRunId: &run})
	if err = awsx.Explain(err); gone(err) {
		return job.Status{Phase: job.Gone}, nil
	}
	if err != nil {
		return job.Status{}, err
	}
	switch out.JobRun.State {
	case types.JobRunStateSuccess:
		return job.Status{Phase: job.Over}, nil
	case types.JobRunStateCancelled:
		return job.Status{Phase: job.Over, Exit: 1, Error: "it was cancelled"}, nil
	case types.JobRunStateFailed:
		return job.Status{Phase: job.Over, Exit: 1, Error: aws.ToString(out.JobRun.StateDetails)}, nil
	}
	return job.Status{Phase: job.Active}, nil
}

// Cancel implements job.Runner.
func (s *Serverless) Cancel(ctx context.Context, handle string) error {
	application, run, err := parse(serverlessScheme, handle)
	if err != nil {
		return err
	}
	_, err = s.client.CancelJobRun(ctx, &emrserverless.CancelJobRunInput{ApplicationId: &application, JobRunId: &run})
	if err = awsx.Explain(err); gone(err) {
		return nil
	}
	return err
}

// Logs implements job.Runner.
func (s *Serverless) Logs(ctx context.Context, handle string, from int64) ([]byte, error) {
	application, run, err := parse(serverlessScheme, handle)
	if err != nil {
		return nil, err
	}
	status, err := s.Poll(ctx, handle)
	if err != nil {
		return nil, err
	}
	return s.said(ctx, "applications/"+application+"/jobs/"+run+"/SPARK_DRIVER", status.Phase != job.Active, from)
}
