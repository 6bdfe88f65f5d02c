package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/petalake/petalake/store"
)

// UnfitError refuses a server on which two writers could overwrite each other's commits.
type UnfitError struct {
	Endpoint string
	Reason   string
}

func (e *UnfitError) Error() string {
	return fmt.Sprintf("s3 server %s: %s: commits would be lost", e.Endpoint, e.Reason)
}

// Hint names what would do.
func (e *UnfitError) Hint() string {
	return "use a server that honours If-None-Match: * on PutObject (docs/storage.md names some), or upgrade this one"
}

// probe finds out, once, whether the server honours If-None-Match: of two conditional puts of one
// key the second must fail. The key lies in the reserved folder, out of sight of listings.
func (s *Store) probe(ctx context.Context) error {
	if s.proven.Load() {
		return nil
	}
	select {
	case s.probing <- struct{}{}:
		defer func() { <-s.probing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.proven.Load() {
		return nil
	}
	key := ".tmp/probe-" + rand.Text()
	defer func() {
		_, _ = s.client.DeleteObject(context.WithoutCancel(ctx), &s3.DeleteObjectInput{
			Bucket: &s.options.Bucket, Key: aws.String(s.folder + key),
		})
	}()
	put := func() error {
		return s.options.Retry.Put(ctx, key, store.IfAbsent, func(ctx context.Context) error {
			body := []byte("does this server honour If-None-Match?\n")
			return s.putWhole(ctx, key, bytes.NewReader(body), int64(len(body)), store.IfAbsent)
		})
	}
	if err := put(); err != nil && !isTaken(err) {
		return s.unfit(err)
	}
	switch err := put(); {
	case err == nil:
		return &UnfitError{Endpoint: s.endpoint(), Reason: "it ignores If-None-Match"}
	case !isTaken(err):
		return s.unfit(err)
	}
	s.proven.Store(true)
	return nil
}

// isTaken: the key is random, so only we can have taken it, whichever attempt it was.
func isTaken(err error) bool {
	unknown, ok := errors.AsType[*store.UnknownError](err)
	return errors.Is(err, fs.ErrExist) || ok && unknown.Taken
}

// unfit is what a failed probe means. That the probe itself may have been written concerns nobody.
func (s *Store) unfit(err error) error {
	if response, ok := errors.AsType[*Error](err); ok && (response.Code == "NotImplemented" || response.Status == 501) {
		return &UnfitError{Endpoint: s.endpoint(), Reason: "it does not implement If-None-Match"}
	}
	if errors.Is(err, store.ErrUnknown) {
		if unknown, ok := errors.AsType[*store.UnknownError](err); ok && unknown.Cause != nil {
			err = unknown.Cause
		}
	}
	return fmt.Errorf("test whether the server honours If-None-Match: %w", err)
}

func (s *Store) endpoint() string { return aws.ToString(s.client.Options().BaseEndpoint) }
