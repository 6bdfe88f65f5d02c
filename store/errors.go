package store

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
)

// ErrUnknown is wrapped by the error of a write that may have happened.
var ErrUnknown = errors.New("the write may have happened")

// UnknownError is a write whose outcome is not known: its answer was lost, or a repeated
// conditional Put found the key taken, perhaps by its own first attempt. It never wraps
// fs.ErrExist, so that nobody takes it for a conflict.
//
// A caller of a conditional Put finds out by reading the key: its own bytes there mean yes, other
// bytes mean no. Where the key is absent the first attempt may still be under way, and putting
// the same bytes again settles it.
type UnknownError struct {
	Key   string
	Taken bool  // a later attempt found the key taken
	Cause error // why the answer was lost
}

func (e *UnknownError) Error() string {
	if e.Taken {
		return fmt.Sprintf("put %s: %v: taken at the second attempt, after %v", e.Key, ErrUnknown, e.Cause)
	}
	return fmt.Sprintf("put %s: %v: %v", e.Key, ErrUnknown, e.Cause)
}

// Unwrap gives ErrUnknown and the cause.
func (e *UnknownError) Unwrap() []error {
	if e.Cause == nil || errors.Is(e.Cause, fs.ErrExist) {
		return []error{ErrUnknown}
	}
	return []error{ErrUnknown, e.Cause}
}

// Temporary marks an error as one that the same call may not meet again a little later.
func Temporary(err error) error {
	if err == nil || IsTemporary(err) {
		return err
	}
	return &temporary{err}
}

// IsTemporary says whether Retry would try again.
func IsTemporary(err error) bool {
	var t *temporary
	return errors.As(err, &t)
}

type temporary struct{ error }

func (t *temporary) Unwrap() error { return t.error }

// failed is the error of one operation on one key: "put a/b: file already exists".
func failed(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: key, Err: err}
}

func quote(s string) string { return strconv.Quote(s) }
