package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/store"
)

// putParts sends a body in parts, several at once, and makes the object of them in one last call,
// which carries the condition. Until then nothing is visible, and a failure aborts the upload.
//
// Each part has retries of its own. The whole is tried again, by the caller, only where the last
// call met 409 or its answer was lost: S3 asks for a new upload then. The look at the key first
// spares an upload that cannot win.
func (s *Store) putParts(ctx context.Context, key string, body io.ReadSeeker, size int64, cond store.Cond) error {
	if cond == store.IfAbsent {
		switch err := s.head(ctx, key); {
		case err == nil:
			return &fs.PathError{Op: "put", Path: s.place(key), Err: fs.ErrExist}
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return &exhausted{err}
		}
	}
	u := &upload{store: s, key: key, size: size, part: partSize(size, s.options.PartSize)}
	if err := u.begin(ctx); err != nil {
		return &exhausted{err}
	}
	err := u.send(ctx, body)
	if err != nil {
		err = &exhausted{err}
	} else {
		err = u.complete(ctx, cond)
	}
	if err != nil {
		u.abort(ctx)
	}
	return err
}

// exhausted is an error whose retries are over. It can be asked what it is, but no longer whether
// it is temporary.
type exhausted struct{ err error }

func (e *exhausted) Error() string        { return e.err.Error() }
func (e *exhausted) Is(target error) bool { return errors.Is(e.err, target) }

// Hint passes the hint of the cause on.
func (e *exhausted) Hint() string {
	if h, ok := errors.AsType[*Error](e.err); ok {
		return h.Hint()
	}
	return ""
}

// partSize is at least the one wanted, and large enough for S3's limit of 10,000 parts.
func partSize(size, want int64) int64 {
	const limit = 10_000
	least := (size + limit - 1) / limit
	least = (least + mebibyte - 1) / mebibyte * mebibyte
	return max(want, least)
}

// upload is one multipart upload.
type upload struct {
	store      *Store
	key, id    string
	size, part int64
	parts      []types.CompletedPart
}

func (u *upload) begin(ctx context.Context) error {
	s := u.store
	input := &s3.CreateMultipartUploadInput{
		Bucket: &s.options.Bucket, Key: aws.String(s.folder + u.key), ChecksumAlgorithm: checksum,
		ServerSideEncryption: types.ServerSideEncryption(s.options.Encryption.Mode),
		SSEKMSKeyId:          optional(s.options.Encryption.KeyID),
	}
	if s.options.Encryption.BucketKey {
		input.BucketKeyEnabled = aws.Bool(true)
	}
	return s.options.Retry.Do(ctx, func(ctx context.Context) error {
		out, err := s.client.CreateMultipartUpload(ctx, input)
		if err == nil {
			u.id = aws.ToString(out.UploadId)
		}
		return s.classify(ctx, "put", u.key, false, err)
	})
}

// send uploads all parts. A body that is an io.ReaderAt is read in several places at once; of any
// other at most Parallel+1 parts are held in memory.
func (u *upload) send(ctx context.Context, body io.ReadSeeker) error {
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	at, direct := body.(io.ReaderAt)
	u.parts = make([]types.CompletedPart, (u.size+u.part-1)/u.part)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(u.store.options.Parallel)
	for i := range u.parts {
		if ctx.Err() != nil {
			break
		}
		off := int64(i) * u.part
		n := min(u.part, u.size-off)
		var piece io.ReadSeeker
		if direct {
			piece = io.NewSectionReader(at, off, n)
		} else {
			buffer := make([]byte, n)
			if _, err := io.ReadFull(body, buffer); err != nil {
				g.Go(func() error { return fmt.Errorf("put %s: read the body: %w", u.store.place(u.key), err) })
				break
			}
			piece = bytes.NewReader(buffer)
		}
		g.Go(func() error { return u.sendPart(ctx, i, piece, n) })
	}
	return g.Wait()
}

func (u *upload) sendPart(ctx context.Context, i int, piece io.ReadSeeker, n int64) error {
	s := u.store
	number := int32(i + 1)
	return s.options.Retry.Do(ctx, func(ctx context.Context) error {
		watched := &watchedBody{ReadSeeker: piece}
		if _, err := watched.Seek(0, io.SeekStart); err != nil {
			return err
		}
		out, err := s.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &s.options.Bucket, Key: aws.String(s.folder + u.key), UploadId: &u.id, PartNumber: &number,
			Body: watched, ContentLength: &n, ChecksumAlgorithm: checksum,
		})
		if watched.err != nil {
			return &fs.PathError{Op: "put", Path: s.place(u.key), Err: watched.err}
		}
		if err != nil {
			return s.classify(ctx, "put", u.key, false, err)
		}
		u.parts[i] = types.CompletedPart{ETag: out.ETag, PartNumber: &number, ChecksumCRC32C: out.ChecksumCRC32C}
		return nil
	})
}

func (u *upload) complete(ctx context.Context, cond store.Cond) error {
	s := u.store
	_, err := s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &s.options.Bucket, Key: aws.String(s.folder + u.key), UploadId: &u.id, IfNoneMatch: ifNoneMatch(cond),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts},
	})
	return s.classify(ctx, "put", u.key, true, err)
}

// abort frees the parts. It is done even after ctx ended; what it cannot do, the bucket's
// lifecycle rule for incomplete uploads does.
func (u *upload) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	s := u.store
	_, _ = s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{
		Bucket: &s.options.Bucket, Key: aws.String(s.folder + u.key), UploadId: &u.id,
	})
}
