package rollout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/petalake/petalake/internal/aws/awsx"
)

// pendingDays is how long a key waits before AWS deletes it: the longest that AWS waits, in which the
// deletion can be cancelled.
const pendingDays = 30

// Erase deletes what Held says, for good, but for keys: those are deleted by AWS after thirty days. What
// was cut off is taken up by the next call. The stacks are to be gone before.
func (r *Rollout) Erase(ctx context.Context, tell func(Told)) error {
	held, err := r.Held(ctx)
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { tell(Told{Layer: "data", Text: fmt.Sprintf(format, args...)}) }
	for _, one := range held {
		if err := r.erase(ctx, one, say); err != nil {
			return fmt.Errorf("delete %s: %w", one.Name, err)
		}
	}
	return nil
}

func (r *Rollout) erase(ctx context.Context, one Remnant, say func(string, ...any)) (err error) {
	switch one.Type {
	case "AWS::S3::Bucket":
		return r.eraseBucket(ctx, one.Name, say)
	case "AWS::Kinesis::Stream":
		err = r.eraseStream(ctx, one.Name)
	case "AWS::Logs::LogGroup":
		err = r.eraseLogs(ctx, one.Name)
	case "AWS::SecretsManager::Secret":
		// A secret that waits for its end would keep its name from the next deployment.
		err = r.ask(ctx, "secretsmanager", "secretsmanager.DeleteSecret", map[string]any{"SecretId": one.ARN, "ForceDeleteWithoutRecovery": true})
	case "AWS::KMS::Key":
		err = r.ask(ctx, "kms", "TrentService.ScheduleKeyDeletion", map[string]any{"KeyId": one.Name, "PendingWindowInDays": pendingDays})
		if err == nil {
			say("key %s: AWS deletes it in %d days; until then aws kms cancel-key-deletion keeps it", one.Name, pendingDays)
		}
		return err
	default:
		return fmt.Errorf("%s: it is not known how: %w", one.Type, errors.ErrUnsupported)
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		say("%s is deleted", one.Name)
		return nil
	}
	return err
}

// ask makes a call whose answer says nothing.
func (r *Rollout) ask(ctx context.Context, service, target string, in any) error {
	return awsx.JSON(ctx, r.cfg, service, r.environment.AWS.Region, target, in, nil)
}

// eraseStream waits until a stream is gone: it is paid for until then.
func (r *Rollout) eraseStream(ctx context.Context, name string) error {
	err := r.ask(ctx, "kinesis", "Kinesis_20131202.DeleteStream", map[string]any{"StreamName": name, "EnforceConsumerDeletion": true})
	var said *awsx.Error
	if errors.As(err, &said) && said.Code == "ResourceInUseException" { // it is being deleted already
		err = nil
	}
	for err == nil {
		if err = r.ask(ctx, "kinesis", "Kinesis_20131202.DescribeStreamSummary", map[string]any{"StreamName": name}); err == nil {
			err = awsx.Sleep(ctx, 2*time.Second)
		}
	}
	return err
}

// eraseLogs deletes a group of logs. One that is protected refuses that, and the protection goes first.
func (r *Rollout) eraseLogs(ctx context.Context, name string) error {
	group := map[string]any{"logGroupName": name}
	err := r.ask(ctx, "logs", "Logs_20140328.DeleteLogGroup", group)
	if err == nil || errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil {
		return err
	}
	open := map[string]any{"logGroupIdentifier": name, "deletionProtectionEnabled": false}
	if r.ask(ctx, "logs", "Logs_20140328.PutLogGroupDeletionProtection", open) != nil {
		return err
	}
	return r.ask(ctx, "logs", "Logs_20140328.DeleteLogGroup", group)
}
