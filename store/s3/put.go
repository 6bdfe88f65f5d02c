package s3

import (
	"context"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/petalake/petalake/store"
)

// checksum goes with every body; the server refuses one that it does not fit.
const checksum = types.ChecksumAlgorithmCrc32c

// Put implements store.Store. Its attempts are those of store.Policy.Put: a key found taken after
// an answer was lost is a store.UnknownError, for the reader of the key to settle.
func (s *Store) Put(ctx context.Context, key string, body io.ReadSeeker, cond store.Cond) error {
	if err := store.CheckKey(key); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if cond == store.IfAbsent {
		if err := s.probe(ctx); err != nil {
			return err
		}
	}
	size, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return &fs.PathError{Op: "put", Path: s.place(key), Err: err}
	}
	attempt := s.putWhole
	if size > s.options.MultipartFrom {
		attempt = s.putParts
	}
	return s.options.Retry.Put(ctx, key, cond, func(ctx context.Context) error {
		return attempt(ctx, key, body, size, cond)
	})
}

// putWhole is one PutObject.
func (s *Store) putWhole(ctx context.Context, key string, body io.ReadSeeker, size int64, cond store.Cond) error {
	watched := &watchedBody{ReadSeeker: body}
	if _, err := watched.Seek(0, io.SeekStart); err != nil {
		return &fs.PathError{Op: "put", Path: s.place(key), Err: err}
	}
	input := &s3.PutObjectInput{
		Bucket: &s.options.Bucket, Key: aws.String(s.folder + key), Body: watched, ContentLength: &size,
		ChecksumAlgorithm: checksum, IfNoneMatch: ifNoneMatch(cond),
		ServerSideEncryption: types.ServerSideEncryption(s.options.Encryption.Mode),
		SSEKMSKeyId:          optional(s.options.Encryption.KeyID),
	}
	if s.options.Encryption.BucketKey {
		input.BucketKeyEnabled = aws.Bool(true)
	}
	_, err := s.client.PutObject(ctx, input)
	if watched.err != nil { // too few bytes went out for the server to take them
		return &fs.PathError{Op: "put", Path: s.place(key), Err: watched.err}
	}
	return s.classify(ctx, "put", key, true, err)
}

func ifNoneMatch(cond store.Cond) *string {
	if cond == store.IfAbsent {
		return aws.String("*")
	}
	return nil
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// watchedBody tells a body that cannot be read from a connection that broke.
type watchedBody struct {
	io.ReadSeeker
	err error
}

func (w *watchedBody) Read(p []byte) (int, error) {
	n, err := w.ReadSeeker.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}
