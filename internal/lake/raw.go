package lake

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/store"
)

// RawFiles is where raw files are, and their patterns in that place: in a folder of this machine, which relative paths start in, in the
// bucket of the lake, where the environment is in AWS, or in another bucket, where they are s3://bucket/key.
func (e *Env) RawFiles(ctx context.Context, folder string, paths []string) (files.Place, []string, error) {
	const scheme = "s3://"
	if !slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, scheme) }) {
		if e.Storage.Raw == nil {
			return files.Folder(folder), paths, nil
		}
		bucket, _, _ := strings.Cut(strings.TrimPrefix(string(e.Environment.Storage), scheme), "/")
		return &files.Bucket{Name: bucket, Store: e.Storage.Raw, Temp: e.Absolute(string(e.Environment.Temp))}, paths, nil
	}
	var bucket string
	keys := make([]string, len(paths))
	for i, path := range paths {
		rest, ok := strings.CutPrefix(path, scheme)
		name, key, _ := strings.Cut(rest, "/")
		if !ok || name == "" || i > 0 && name != bucket {
			return nil, nil, &PlacesError{paths[0], path}
		}
		bucket, keys[i] = name, key
	}
	opened, err := e.bucket(ctx, bucket)
	return &files.Bucket{Name: bucket, Store: opened, Temp: e.Absolute(string(e.Environment.Temp))}, keys, err
}

// bucket opens a bucket once.
func (e *Env) bucket(ctx context.Context, name string) (store.Store, error) {
	e.bucketsMu.Lock()
	defer e.bucketsMu.Unlock()
	if opened := e.buckets[name]; opened != nil {
		return opened, nil
	}
	opened, err := OpenBucket(ctx, e.Environment, name)
	if err != nil {
		return nil, fmt.Errorf("open s3://%s: %w", name, err)
	}
	if e.buckets == nil {
		e.buckets = map[string]store.Store{}
	}
	e.buckets[name] = opened.Store
	return opened.Store, nil
}

// PlacesError says that raw files are in two places.
type PlacesError struct{ Path, Other string }

// Error implements error.
func (e *PlacesError) Error() string {
	return fmt.Sprintf("%s and %s are not in one place", e.Path, e.Other)
}

// Hint says what to do.
func (*PlacesError) Hint() string { return "write a source for each bucket, and one for the folder" }

// OriginalNames are the names of raw files that were fetched from a bucket, by the paths of their copies
// on this machine; nil for files that were never elsewhere.
type OriginalNames map[string]string

// NamesIn names the files of a place whose copies have these paths, in this order.
func NamesIn(place files.Place, found []files.File, paths []string) OriginalNames {
	bucket, ok := place.(*files.Bucket)
	if !ok {
		return nil
	}
	names := OriginalNames{}
	for i, f := range found {
		names[paths[i]] = "s3://" + bucket.Name + "/" + f.Path
	}
	return names
}

// In names the files of an error by their original names.
func (n OriginalNames) In(err error) error {
	if err == nil || len(n) == 0 {
		return err
	}
	var pairs []string
	for path, name := range n {
		pairs = append(pairs, path, name)
	}
	return &renamedError{err, strings.NewReplacer(pairs...)}
}

// renamedError is an error whose text has the original names of files.
type renamedError struct {
	error
	names *strings.Replacer
}

func (e *renamedError) Error() string { return e.names.Replace(e.error.Error()) }
func (e *renamedError) Unwrap() error { return e.error }
