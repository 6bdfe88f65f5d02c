package eventlog

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// Keep says which logs of a folder stay: those that something was added to within an age, and of these the
// latest that have room in a number of bytes. Of one that an application may still write, and of the
// latest of all, as many parts stay as have room, the last one always.
type Keep struct {
	Age   time.Duration
	Bytes int64
}

// Clean deletes the logs of a folder of this machine that do not stay. There being no folder is no error.
func Clean(folder string, keep Keep, now time.Time) error {
	logs, err := FindLocal(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var failed []error
	room := keep.Bytes
	for i, l := range logs { // the latest first
		switch {
		case now.Sub(l.Modified) > keep.Age, l.Size > room && !l.InProgress && i > 0:
			failed = append(failed, os.RemoveAll(l.Name))
			continue
		case l.Size > room:
			err := l.shorten(room)
			failed = append(failed, err)
		}
		room -= l.Size
	}
	return errors.Join(failed...)
}

// shorten deletes the first parts of a local log, so that the others have room; the last one stays.
func (l *Log) shorten(room int64) error {
	for len(l.parts) > 1 && l.Size > room {
		info, err := os.Stat(l.parts[0])
		if err == nil {
			err = os.Remove(l.parts[0])
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil {
			l.Size -= info.Size()
		}
		l.parts = l.parts[1:]
	}
	return nil
}
