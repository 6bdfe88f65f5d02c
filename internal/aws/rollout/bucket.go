package rollout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/deploy"
)

// LockedError says that nobody can delete what is in a bucket yet.
type LockedError struct {
	Bucket, Mode string
	Days         int
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("bucket %s: what was written in the last %d days can be deleted by nobody: object lock, %s", e.Bucket, e.Days, e.Mode)
}

// Hint says what to do.
func (e *LockedError) Hint() string {
	return fmt.Sprintf("nothing was deleted: say it again when the last write is %d days old", e.Days)
}

func (r *Rollout) buckets() *s3.Client {
	return s3.NewFromConfig(r.cfg, func(o *s3.Options) {
		o.UsePathStyle = r.environment.S3.PathStyle || r.cfg.BaseEndpoint != nil
	})
}

// Locked is a *LockedError where object lock keeps what a bucket holds.
func (r *Rollout) Locked(ctx context.Context, held []Remnant) error {
	client := r.buckets()
	for _, one := range held {
		if one.Type != "AWS::S3::Bucket" {
			continue
		}
		if err := locked(ctx, client, one.Name, time.Now()); err != nil {
			return err
		}
	}
	return nil
}

func locked(ctx context.Context, client *s3.Client, bucket string, now time.Time) error {
	out, err := client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &bucket})
	if err = awsx.Explain(err); err != nil {
		var said *awsx.Error
		if errors.Is(err, fs.ErrNotExist) || errors.As(err, &said) && said.Code == "ObjectLockConfigurationNotFoundError" {
			return nil
		}
		return fmt.Errorf("bucket %s: %w", bucket, err)
	}
	lock := out.ObjectLockConfiguration
	if lock == nil || lock.Rule == nil || lock.Rule.DefaultRetention == nil {
		return nil
	}
	keep := lock.Rule.DefaultRetention
	days := int(aws.ToInt32(keep.Days)) + 365*int(aws.ToInt32(keep.Years))
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &bucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("bucket %s: %w", bucket, awsx.Explain(err))
		}
		for _, v := range page.Versions {
			if aws.ToTime(v.LastModified).AddDate(0, 0, days).After(now) {
				return &LockedError{Bucket: bucket, Mode: string(keep.Mode), Days: days}
			}
		}
	}
	return nil
}

// eraseBucket deletes a bucket and all that is in it. What is written meanwhile, such as a log of
// accesses that comes late, is deleted too, a few times over.
func (x *execution) eraseBucket(ctx context.Context, step deploy.Step) error {
	client, total, bucket := x.buckets(), int64(0), step.Object
	for try := 0; ; try++ {
		n, err := empty(ctx, client, bucket, func(n int64) { x.say(step, "bucket %s: %d versions are deleted so far", bucket, total+n) })
		total += n
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("delete %s: %w", bucket, err)
		}
		_, err = client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket})
		err = ignoreMissing(awsx.Explain(err))
		if err == nil {
			x.say(step, "bucket %s is deleted, with %d versions of objects", bucket, total)
			return nil
		}
		var said *awsx.Error
		if !errors.As(err, &said) || said.Code != "BucketNotEmpty" || try == 4 {
			return fmt.Errorf("delete %s: %w", bucket, err)
		}
	}
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// abreast is how many requests delete at once, each a thousand versions.
const abreast = 8

// empty deletes all versions, delete markers and unfinished uploads, and returns how many of the first
// two. Progress is told every few seconds.
func empty(ctx context.Context, client *s3.Client, bucket string, progress func(int64)) (int64, error) {
	uploads := s3.NewListMultipartUploadsPaginator(client, &s3.ListMultipartUploadsInput{Bucket: &bucket})
	for uploads.HasMorePages() {
		page, err := uploads.NextPage(ctx)
		if err != nil {
			return 0, awsx.Explain(err)
		}
		for _, u := range page.Uploads {
			_, err := client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: u.Key, UploadId: u.UploadId})
			if err := ignoreMissing(awsx.Explain(err)); err != nil {
				return 0, err
			}
		}
	}
	var done atomic.Int64
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(abreast)
	told := time.Now()
	versions := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &bucket})
	var listing error
	for versions.HasMorePages() && inner.Err() == nil {
		page, err := versions.NextPage(inner)
		if err != nil {
			listing = awsx.Explain(err)
			break
		}
		group.Go(func() error { return deletePage(inner, client, bucket, page, &done) })
		if time.Since(told) > 5*time.Second {
			told = time.Now()
			progress(done.Load())
		}
	}
	if err := group.Wait(); err != nil { // it is what ended the listing
		return done.Load(), err
	}
	return done.Load(), listing
}

// deletePage deletes what a page of a listing names: at most a thousand, as one request takes.
func deletePage(ctx context.Context, client *s3.Client, bucket string, page *s3.ListObjectVersionsOutput, done *atomic.Int64) error {
	var ids []types.ObjectIdentifier
	for _, v := range page.Versions {
		ids = append(ids, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
	}
	for _, m := range page.DeleteMarkers {
		ids = append(ids, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
	}
	if len(ids) == 0 {
		return nil
	}
	out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)}})
	if err != nil {
		return awsx.Explain(err)
	}
	done.Add(int64(len(ids) - len(out.Errors)))
	if len(out.Errors) > 0 {
		e := out.Errors[0]
		return fmt.Errorf("%d of %d versions, the first %s: %s (%s)", len(out.Errors), len(ids), aws.ToString(e.Key), aws.ToString(e.Message), aws.ToString(e.Code))
	}
	return nil
}
