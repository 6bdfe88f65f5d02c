package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/petalake/petalake/store"
)

// Get implements store.Store. A connection that breaks while the body is read is opened anew where
// it broke, as long as the object is the same by its ETag.
func (s *Store) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := store.CheckKey(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if n == 0 && off >= 0 { // a range of no bytes cannot be asked for
		if err := s.head(ctx, key); err != nil {
			return nil, err
		}
		return nothing(), nil
	}
	b := &body{ctx: ctx, store: s, key: key}
	if err := b.open(rangeHeader(off, n)); err != nil {
		if response, ok := errors.AsType[*Error](err); ok && response.Status == http.StatusRequestedRangeNotSatisfiable {
			return nothing(), nil // it begins after the end of the object
		}
		return nil, err
	}
	return b, nil
}

func nothing() io.ReadCloser { return io.NopCloser(bytes.NewReader(nil)) }

func (s *Store) head(ctx context.Context, key string) error {
	return s.options.Retry.Do(ctx, func(ctx context.Context) error {
		_, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.options.Bucket, Key: aws.String(s.folder + key)})
		return s.classify(ctx, "get", key, false, err)
	})
}

// rangeHeader says [off, off+n) as HTTP does; empty for the whole object.
func rangeHeader(off, n int64) string {
	switch {
	case off == math.MinInt64:
		return ""
	case off < 0:
		return fmt.Sprintf("bytes=-%d", -off)
	case n < 0 && off == 0:
		return ""
	case n < 0 || n > math.MaxInt64-off:
		return fmt.Sprintf("bytes=%d-", off)
	}
	return fmt.Sprintf("bytes=%d-%d", off, off+n-1)
}

// body is the rest of the Get that made it, and holds that call's ctx.
type body struct {
	ctx    context.Context
	store  *Store
	key    string
	etag   string // of the object as first answered
	next   int64  // offset in the object of the byte read next
	end    int64  // offset after the last one asked for
	stuck  int    // connections since the last byte arrived
	stream io.ReadCloser
}

// open asks for a range, and learns from the answer which bytes come.
func (b *body) open(want string) error {
	s := b.store
	input := &s3.GetObjectInput{Bucket: &s.options.Bucket, Key: aws.String(s.folder + b.key)}
	if want != "" {
		input.Range = &want
	}
	if b.etag != "" {
		input.IfMatch = &b.etag
	}
	return s.options.Retry.Do(b.ctx, func(ctx context.Context) error {
		out, err := s.client.GetObject(ctx, input)
		if err != nil {
			return s.classify(ctx, "get", b.key, false, err)
		}
		first, last, err := extent(out, want)
		if err != nil || b.etag != "" && first != b.next {
			out.Body.Close()
			return fmt.Errorf("get %s: asked for %s, got content range %q", s.place(b.key), want, aws.ToString(out.ContentRange))
		}
		b.etag, b.next, b.end, b.stream = aws.ToString(out.ETag), first, last, out.Body
		return nil
	})
}

// extent is which bytes an answer holds. A server may answer with the whole object where the last
// bytes asked for are at least as many.
func extent(out *s3.GetObjectOutput, want string) (first, end int64, err error) {
	length := aws.ToInt64(out.ContentLength)
	suffix, isSuffix := strings.CutPrefix(want, "bytes=-")
	if n, err := strconv.ParseInt(suffix, 10, 64); out.ContentRange == nil && isSuffix && err == nil && length <= n {
		return 0, length, nil
	}
	if want == "" {
		return 0, length, nil
	}
	return parseContentRange(aws.ToString(out.ContentRange))
}

// parseContentRange reads "bytes 2-5/10" (RFC 9110, section 14.4) as [2, 6).
func parseContentRange(header string) (first, end int64, err error) {
	span, ok := strings.CutPrefix(header, "bytes ")
	span, _, found := strings.Cut(span, "/")
	from, to, dash := strings.Cut(span, "-")
	if !ok || !found || !dash {
		return 0, 0, fmt.Errorf("content range %q: not understood", header)
	}
	a, errA := strconv.ParseUint(from, 10, 62)
	b, errB := strconv.ParseUint(to, 10, 62)
	if errA != nil || errB != nil || b < a {
		return 0, 0, fmt.Errorf("content range %q: not understood", header)
	}
	return int64(a), int64(b) + 1, nil
}

func (b *body) Read(p []byte) (int, error) {
	for {
		n, err := b.stream.Read(p)
		b.next += int64(n)
		if n > 0 {
			b.stuck = 0
			return n, nil // a lasting error comes again
		}
		switch {
		case err == nil:
			return 0, nil
		case err == io.EOF && b.next >= b.end:
			return 0, io.EOF
		case b.ctx.Err() != nil:
			return 0, b.ctx.Err()
		}
		if err := b.resume(err); err != nil {
			return 0, err
		}
	}
}

// resume opens the rest of the range after a break.
func (b *body) resume(broke error) error {
	failed := func(err error) error { return &fs.PathError{Op: "get", Path: b.store.place(b.key), Err: err} }
	if broke == io.EOF {
		broke = io.ErrUnexpectedEOF
	}
	const tries = 5
	if b.stuck++; b.stuck > tries || b.next >= b.end || b.etag == "" { // at the end: a checksum that is wrong
		return failed(broke)
	}
	b.stream.Close()
	err := b.open(fmt.Sprintf("bytes=%d-%d", b.next, b.end-1))
	if response, ok := errors.AsType[*Error](err); ok && response.Status == http.StatusPreconditionFailed {
		return failed(fmt.Errorf("the object changed while it was read"))
	}
	return err
}

func (b *body) Close() error { return b.stream.Close() }
