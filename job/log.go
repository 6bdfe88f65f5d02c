package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/petalake/petalake/store"
)

// The log of an attempt is a chain of chunks in the lake, each named by the byte at which it begins
// and written once. Of a log that is too long the middle is deleted, while it is written and after.
const (
	chunkSize  = 256 << 10
	logHead    = 16 << 20 // bytes kept from the start
	logTail    = 4 << 20  // and from the end of one that is longer
	mostChunks = 500      // chunks kept of either
	trimEvery  = 32       // chunks
)

// logsFolder is beside the runs, so that finding those does not take a look at every chunk.
func logsFolder(job string, number int64) string {
	return fmt.Sprintf("%s%s/logs/%010d/", folder, job, number)
}

func logFolder(run Run, attempt int) string {
	return fmt.Sprintf("%s%04d/", logsFolder(run.Job, run.Number), attempt)
}

// writeLog adds a chunk at a byte of the log, and returns the byte after it. Where a chunk is
// already, written by another keeper, its end is returned.
func (j *Journal) writeLog(ctx context.Context, run Run, at int64, chunk []byte) (int64, error) {
	key := fmt.Sprintf("%s%012d", logFolder(run, run.Attempt), at)
	err := store.PutBytes(ctx, j.Store, key, chunk, store.IfAbsent)
	if err == nil {
		return at + int64(len(chunk)), nil
	}
	if !errors.Is(err, fs.ErrExist) && !errors.Is(err, store.ErrUnknown) {
		return at, err
	}
	o, look := store.Stat(ctx, j.Store, key)
	if look != nil {
		return at, errors.Join(err, look)
	}
	return at + o.Size, nil
}

// logEnd is the byte after the last chunk of the attempt that is under way.
func (j *Journal) logEnd(ctx context.Context, run Run) (end int64, err error) {
	for o, err := range j.Store.List(ctx, logFolder(run, run.Attempt), "") {
		if err != nil {
			return 0, err
		}
		if at, err := strconv.ParseInt(path.Base(o.Key), 10, 64); err == nil {
			end = max(end, at+o.Size)
		}
	}
	return end, nil
}

// trimLog deletes the middle of a log that is too long.
func (j *Journal) trimLog(ctx context.Context, run Run) error {
	prefix := logFolder(run, run.Attempt)
	var all []store.Object
	for o, err := range j.Store.List(ctx, prefix, "") {
		if err != nil {
			return err
		}
		all = append(all, o)
	}
	head, tail, size := 0, len(all), int64(0)
	for ; head < min(len(all), mostChunks) && size+all[head].Size <= logHead; head++ {
		size += all[head].Size
	}
	for size = 0; tail > max(head, len(all)-mostChunks) && size+all[tail-1].Size <= logTail; tail-- {
		size += all[tail-1].Size
	}
	var keys []string
	for _, o := range all[head:tail] {
		keys = append(keys, o.Key)
	}
	if len(keys) == 0 {
		return nil
	}
	return j.Store.Delete(ctx, keys...)
}

// CopyLog writes the log of an attempt from a byte on, and returns the byte to go on at. Where
// something was left out it says so in a line.
func (j *Journal) CopyLog(ctx context.Context, w io.Writer, run Run, attempt int, from int64) (int64, error) {
	prefix := logFolder(run, attempt)
	for o, err := range j.Store.List(ctx, prefix, "") {
		if err != nil {
			return from, err
		}
		at, err := strconv.ParseInt(strings.TrimPrefix(o.Key, prefix), 10, 64)
		if err != nil || at+o.Size <= from {
			continue
		}
		body, err := store.ReadAll(ctx, j.Store, o.Key)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted just now
		}
		if err != nil {
			return from, err
		}
		if at > from {
			if _, err := fmt.Fprintf(w, "\n... %d bytes left out ...\n", at-from); err != nil {
				return from, err
			}
			from = at
		}
		if _, err := w.Write(body[from-at:]); err != nil {
			return from, err
		}
		from = at + int64(len(body))
	}
	return from, nil
}

// noise is what Spark says beside the matter: lines of its own log, and stacks of the JVM.
var noise = regexp.MustCompile(`^(\d\d/\d\d/\d\d \d\d:\d\d:\d\d (INFO|WARN|DEBUG) |WARNING: Using incubator|Using Spark's default log4j|Setting (Spark|default) log level|\s+at [\w.$/]+\(|\s+\.\.\. \d+ more|\s*$)`)

// lastLines is the end of a text, for a message: its last lines that say something.
func lastLines(text []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(text), "\uFFFD")), "\n")
	lines = slices.DeleteFunc(lines, noise.MatchString)
	lines = lines[max(0, len(lines)-n):]
	for i := range lines {
		lines[i] = strings.ReplaceAll(strings.TrimRight(lines[i], " \t\r"), "\t", "    ")
	}
	return strings.Join(lines, "\n")
}
