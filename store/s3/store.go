package s3

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/petalake/petalake/store"
)

// Store is a bucket, or a folder of one.
type Store struct {
	client  *s3.Client
	options Options
	folder  string // Prefix with its slash, or empty

	proven  atomic.Bool   // the server honours If-None-Match
	probing chan struct{} // held by the one who finds out
}

var _ store.Store = (*Store)(nil)

// List implements store.Store, 1,000 objects a request. What no key can name, such as the markers
// of folders that some tools make, is left out.
func (s *Store) List(ctx context.Context, prefix, start string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		input := &s3.ListObjectsV2Input{
			Bucket: &s.options.Bucket, Prefix: aws.String(s.folder + prefix), EncodingType: types.EncodingTypeUrl,
		}
		if start != "" {
			input.StartAfter = aws.String(s.folder + start)
		}
		last := start
		for {
			page, err := s.page(ctx, prefix, input)
			if err != nil {
				yield(store.Object{}, err)
				return
			}
			for _, o := range page.Contents {
				object, err := s.object(page, o)
				if err == nil && object.Key < last {
					err = fmt.Errorf("list %s: %q after %q: the server does not list in the byte order of keys", s.place(prefix), object.Key, last)
				}
				if err != nil {
					yield(store.Object{}, err)
					return
				}
				if object.Key == last || store.CheckKey(object.Key) != nil || !strings.HasPrefix(object.Key, prefix) {
					continue
				}
				if last = object.Key; !yield(object, nil) {
					return
				}
			}
			if !aws.ToBool(page.IsTruncated) {
				return
			}
			if aws.ToString(page.NextContinuationToken) == "" {
				yield(store.Object{}, fmt.Errorf("list %s: the server has more objects but no token to go on", s.place(prefix)))
				return
			}
			input.ContinuationToken = page.NextContinuationToken
		}
	}
}

func (s *Store) page(ctx context.Context, prefix string, input *s3.ListObjectsV2Input) (page *s3.ListObjectsV2Output, err error) {
	if !listable(prefix) || !listable(aws.ToString(input.StartAfter)) {
		return &s3.ListObjectsV2Output{}, ctx.Err()
	}
	err = s.options.Retry.Do(ctx, func(ctx context.Context) error {
		page, err = s.client.ListObjectsV2(ctx, input)
		return s.classify(ctx, "list", prefix, false, err)
	})
	return page, err
}

// listable is false for text that servers refuse in a request, and that no key begins with.
func listable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\ufffd' })
}

func (s *Store) object(page *s3.ListObjectsV2Output, o types.Object) (store.Object, error) {
	key := aws.ToString(o.Key)
	if page.EncodingType == types.EncodingTypeUrl {
		decoded, err := url.QueryUnescape(key)
		if err != nil {
			return store.Object{}, fmt.Errorf("list %s: key %q: %w", s.place(""), key, err)
		}
		key = decoded
	}
	return store.Object{
		Key: strings.TrimPrefix(key, s.folder), Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified).UTC(),
	}, nil
}

// Delete implements store.Store, 1,000 keys a request.
func (s *Store) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := store.CheckKey(key); err != nil {
			return err
		}
	}
	const batch = 1000
	for chunk := range slices.Chunk(keys, batch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.options.Retry.Do(ctx, func(ctx context.Context) error { return s.deleteBatch(ctx, chunk) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) deleteBatch(ctx context.Context, keys []string) error {
	ids := make([]types.ObjectIdentifier, len(keys))
	for i, key := range keys {
		ids[i].Key = aws.String(s.folder + key)
	}
	out, err := s.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &s.options.Bucket, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)},
	})
	if err != nil {
		return s.classify(ctx, "delete", keys[0], false, err)
	}
	for _, e := range out.Errors {
		code, key := aws.ToString(e.Code), strings.TrimPrefix(aws.ToString(e.Key), s.folder)
		m := meaningOf(code, 0)
		if code == "AccessDenied" {
			m = meaningOfStatus(403)
		}
		if errors.Is(m.is, fs.ErrNotExist) {
			continue
		}
		err := s.errorOf("delete", key, code, aws.ToString(e.Message), 0, m)
		if m.temporary {
			return store.Temporary(err)
		}
		return err
	}
	return nil
}
