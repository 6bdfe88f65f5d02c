package lake

import (
	"strings"

	"github.com/petalake/petalake/ingest/files"
)

// RawFiles is where the paths of sources start: the folder of lakehouse.yaml, and in AWS the bucket.
func (e *Env) RawFiles() files.Place {
	if e.Storage.Raw == nil {
		return files.Folder(e.Dir)
	}
	return &files.Bucket{Store: e.Storage.Raw, Temp: e.Absolute(string(e.Environment.Temp))}
}

// OriginalNames are the names of raw files that were fetched from a bucket, by the paths of their copies
// on this machine; nil for files that were never elsewhere.
type OriginalNames map[string]string

// OriginalNames names the files whose copies have these paths, in this order.
func (e *Env) OriginalNames(found []files.File, paths []string) OriginalNames {
	if e.Storage.Raw == nil {
		return nil
	}
	bucket, _, _ := strings.Cut(strings.TrimPrefix(string(e.Environment.Storage), "s3://"), "/")
	names := OriginalNames{}
	for i, f := range found {
		names[paths[i]] = "s3://" + bucket + "/" + f.Path
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
