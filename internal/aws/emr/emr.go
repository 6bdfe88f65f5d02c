// Package emr runs Spark programs on Amazon EMR: as job runs of an EMR Serverless application, or as
// steps of a cluster. Both are runners of package job. It also opens sessions of Spark Connect on
// either. Programs must be in S3 before they are submitted; what they say is read from S3 too.
package emr

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/job"
)

// Options say how programs run, wherever it is.
type Options job.Remote

// conf are all settings of a submission, with the files that come with it, and its environment
// under a prefix.
func conf(s job.Submission, env string) map[string]string {
	out := maps.Clone(s.Conf)
	if out == nil {
		out = map[string]string{}
	}
	list := func(key string, files []string) {
		if len(files) > 0 {
			out[key] = strings.Join(append(slices.DeleteFunc([]string{out[key]}, func(x string) bool { return x == "" }), files...), ",")
		}
	}
	list("spark.submit.pyFiles", s.PyFiles)
	list("spark.jars", s.Jars)
	for _, key := range slices.Sorted(maps.Keys(s.Env)) {
		out[env+key] = s.Env[key]
	}
	return out
}

// token makes calls with the same id one call: up to 64 letters, digits and dashes.
func token(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// refused turns an error that asking again cannot help into one that says so. What names the
// application or the cluster.
func refused(what string, err error) error {
	err = awsx.Explain(err)
	var said *awsx.Error
	if !errors.As(err, &said) {
		return err
	}
	hint := said.Hint()
	switch {
	case said.Code == "ValidationException", said.Code == "InvalidRequestException":
		hint = "see the settings of the job in lakehouse.yaml"
	case errors.Is(err, fs.ErrNotExist):
		hint = "write the id of one that exists in the region, under spark.emr in the environment"
	case errors.Is(err, fs.ErrPermission):
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
	return job.Refused(fmt.Errorf("%s: %w", what, err), hint)
}

// parse is what a handle names: the application and the job run, or the cluster and the step.
func parse(scheme, handle string) (place, id string, err error) {
	rest, ok := strings.CutPrefix(handle, scheme)
	place, id, named := strings.Cut(rest, "/")
	if !ok || !named {
		return "", "", fmt.Errorf("handle %q: it does not begin with %s: %w", handle, scheme, fs.ErrInvalid)
	}
	return place, id, nil
}

// gone says that AWS does not know what was asked for.
func gone(err error) bool {
	var said *awsx.Error
	return errors.As(err, &said) && (errors.Is(err, fs.ErrNotExist) ||
		said.Code == "InvalidRequestException" && strings.Contains(said.Message, "not valid"))
}

// chunk is the most of a log that is returned at once.
const chunk = 64 << 10

// said returns what a program said from a byte on: what it wrote to its output, and, once it is over,
// to its error output too. EMR writes both as files of gzip, anew every now and then.
func (o Options) said(ctx context.Context, folder string, over bool, from int64) ([]byte, error) {
	text, err := o.read(ctx, folder+"/stdout.gz")
	if err == nil && over {
		var more []byte
		if more, err = o.read(ctx, folder+"/stderr.gz"); len(more) > 0 {
			text = slices.Concat(text, []byte("\n-- stderr --\n"), more)
		}
	}
	if err != nil || from >= int64(len(text)) {
		return nil, err
	}
	return text[from:min(from+chunk, int64(len(text)))], nil
}

// largest is how much of a log is kept in memory to be read.
const largest = 64 << 20

// read is a file of a log, without what a file that is being written lacks at its end; nothing where
// there is none yet.
func (o Options) read(ctx context.Context, key string) ([]byte, error) {
	body, err := o.Store.Get(ctx, o.LogKey+"/"+key, 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, largest))
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("log %s: %w", key, err)
	}
	text, err := io.ReadAll(io.LimitReader(z, largest))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return text, err
}
