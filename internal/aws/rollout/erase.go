package rollout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/deploy"
)

// pendingDays is how long a key waits before AWS deletes it: the longest that AWS waits, in which the
// deletion can be cancelled.
const pendingDays = 30

// erase does a step that deletes data by a call. That there is nothing to delete any more is no error.
func (x *execution) erase(step deploy.Step, err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		x.say(step, "%s is deleted", step.Object)
		return nil
	}
	return fmt.Errorf("delete %s: %w", step.Object, err)
}

func (x *execution) eraseStream(ctx context.Context, step deploy.Step) error {
	return x.erase(step, x.deleteStream(ctx, step.Object))
}

func (x *execution) eraseLogs(ctx context.Context, step deploy.Step) error {
	return x.erase(step, x.deleteLogs(ctx, step.Object))
}

// eraseSecret deletes a secret at once: one that waits for its end would keep its name from the next deployment.
func (x *execution) eraseSecret(ctx context.Context, step deploy.Step) error {
	return x.erase(step, x.ask(ctx, "secretsmanager", "secretsmanager.DeleteSecret", map[string]any{"SecretId": x.plan.arns[step.Object], "ForceDeleteWithoutRecovery": true}))
}

// eraseKey has AWS delete a key, when pendingDays are over.
func (x *execution) eraseKey(ctx context.Context, step deploy.Step) error {
	err := x.ask(ctx, "kms", "TrentService.ScheduleKeyDeletion", map[string]any{"KeyId": step.Object, "PendingWindowInDays": pendingDays})
	if err != nil {
		return fmt.Errorf("delete %s: %w", step.Object, err)
	}
	x.say(step, "key %s: AWS deletes it in %d days; until then aws kms cancel-key-deletion keeps it", step.Object, pendingDays)
	return nil
}

// ask makes a call whose answer says nothing.
func (x *execution) ask(ctx context.Context, service, target string, in any) error {
	return awsx.JSON(ctx, x.cfg, service, x.environment.AWS.Region, target, in, nil)
}

// deleteStream deletes a stream, and waits until a stream is gone: it is paid for until then.
func (x *execution) deleteStream(ctx context.Context, name string) error {
	err := x.ask(ctx, "kinesis", "Kinesis_20131202.DeleteStream", map[string]any{"StreamName": name, "EnforceConsumerDeletion": true})
	var said *awsx.Error
	if errors.As(err, &said) && said.Code == "ResourceInUseException" { // it is being deleted already
		err = nil
	}
	for err == nil {
		if err = x.ask(ctx, "kinesis", "Kinesis_20131202.DescribeStreamSummary", map[string]any{"StreamName": name}); err == nil {
			err = awsx.Sleep(ctx, 2*time.Second)
		}
	}
	return err
}

// deleteLogs deletes a group of logs. One that is protected refuses that, and the protection goes first.
func (x *execution) deleteLogs(ctx context.Context, name string) error {
	group := map[string]any{"logGroupName": name}
	err := x.ask(ctx, "logs", "Logs_20140328.DeleteLogGroup", group)
	if err == nil || errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil {
		return err
	}
	open := map[string]any{"logGroupIdentifier": name, "deletionProtectionEnabled": false}
	if x.ask(ctx, "logs", "Logs_20140328.PutLogGroupDeletionProtection", open) != nil {
		return err
	}
	return x.ask(ctx, "logs", "Logs_20140328.DeleteLogGroup", group)
}
