package eventlog

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// NotLogError is a file that is no event log.
type NotLogError struct {
	File string
	Err  error
}

func (e *NotLogError) Error() string {
	return fmt.Sprintf("event log %s: not an event log of Spark: %v", e.File, e.Err)
}
func (e *NotLogError) Unwrap() error { return e.Err }

// Hint says what an event log is.
func (e *NotLogError) Hint() string {
	if errors.Is(e.Err, errEmpty) {
		return "a log stays empty until the driver writes its first block; look again later"
	}
	return "give a file or an eventlog_v2_ folder from the spark.eventLog.dir of an application that ran with spark.eventLog.enabled=true"
}

// DamagedError is a log whose bytes cannot be decompressed, or not be had.
type DamagedError struct {
	File string
	Err  error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("event log %s: %v", e.File, e.Err) }
func (e *DamagedError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *DamagedError) Hint() string {
	if errors.Is(e.Err, fs.ErrPermission) || errors.Is(e.Err, fs.ErrNotExist) {
		return ""
	}
	known := []string{".zstd", ".zst", ".lz4", ".snappy", ".lzf", ".gz"}
	if ext := path.Ext(strings.TrimSuffix(e.File, ".inprogress")); ext != "" {
		for _, k := range known {
			if ext == k {
				return "the file is damaged where it was written or copied: copy it anew, or decompress it by other means and give the plain file"
			}
		}
	}
	return "copy the file anew: it is damaged"
}

// NoLogError is a place without a log.
type NoLogError struct{ Place string }

func (e *NoLogError) Error() string { return fmt.Sprintf("event logs in %s: there are none", e.Place) }
func (e *NoLogError) Unwrap() error { return fs.ErrNotExist }

// Hint says where logs come from.
func (e *NoLogError) Hint() string {
	return "Spark writes them where spark.eventLog.dir says, with spark.eventLog.enabled=true"
}
