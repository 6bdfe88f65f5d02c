package petalake

import (
	"strings"

	"github.com/petalake/petalake/ingest/files"
)

// rawFiles is where the paths of sources start: the folder of lakehouse.yaml, and in AWS the bucket.
func (l *Lake) rawFiles() files.Place {
	if l.place.raw == nil {
		return files.Folder(l.dir)
	}
	temp := string(l.environment.Temp)
	if temp != "" {
		temp = absolute(l.dir, temp)
	}
	return &files.Bucket{Store: l.place.raw, Temp: temp}
}

// called are the names of raw files that were fetched, by their paths here; nil for files that were
// here anyway.
func (l *Lake) called(found []files.File, paths []string) map[string]string {
	if l.place.raw == nil {
		return nil
	}
	bucket, _, _ := strings.Cut(strings.TrimPrefix(string(l.environment.Storage), "s3://"), "/")
	names := map[string]string{}
	for i, f := range found {
		names[paths[i]] = "s3://" + bucket + "/" + f.Path
	}
	return names
}

// recalledError is an error that names files as they are called.
type recalledError struct {
	error
	names *strings.Replacer
}

func (e *recalledError) Error() string { return e.names.Replace(e.error.Error()) }
func (e *recalledError) Unwrap() error { return e.error }

// recalled names the files of an error as they are called.
func recalled(err error, called map[string]string) error {
	if err == nil || len(called) == 0 {
		return err
	}
	var pairs []string
	for path, name := range called {
		pairs = append(pairs, path, name)
	}
	return &recalledError{err, strings.NewReplacer(pairs...)}
}
