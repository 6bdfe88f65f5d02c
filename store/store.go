// Package store keeps the bytes of a lake: objects, named by keys, on a disk, in memory or in S3.
//
// A key is a slash-separated path relative to the root of the store, such as
// "flights/_delta_log/00000000000000000000.json": no leading slash, no empty, "." or ".." segment
// (CheckKey has the rest). An object appears whole or not at all, and once Put has returned nil it
// survives a crash. No key should be a folder of another ("a" beside "a/b"): a disk has no such.
//
// Everything above this package relies on one operation that others leave out: a Put that
// succeeds only where no object is. A driver that cannot do it does not exist.
package store

import (
	"context"
	"io"
	"iter"
	"time"
)

// Store holds objects. All methods are safe for concurrent use, stop early when ctx ends, and
// return errors that wrap fs.ErrNotExist, fs.ErrExist, fs.ErrPermission or fs.ErrInvalid (a bad
// key) where one of these is the reason.
type Store interface {
	// Get returns the bytes [off, off+n) of an object, fewer where the object ends before.
	// n < 0 means to the end; off < 0 means the last -off bytes (n is then ignored).
	// The caller closes the reader. A missing object is fs.ErrNotExist, returned by Get itself.
	Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error)

	// Put writes a whole object. With IfAbsent it returns an error that wraps fs.ErrExist, and
	// changes nothing, where the key is taken. An error that wraps ErrUnknown means that the write
	// may have happened, any other that it did not. Body is read from its start, more than once
	// where a retry needs it, and by several goroutines where it is an io.ReaderAt. Where body is
	// an *os.File, Disk may link the file instead of copying it: it then belongs to the store, and
	// the caller must not change it afterwards.
	Put(ctx context.Context, key string, body io.ReadSeeker, cond Cond) error

	// List yields the objects whose key begins with prefix and is greater than start, in the
	// byte order of their keys. Prefix need not end at a slash. A prefix that holds nothing
	// yields nothing and no error. After an error the sequence ends.
	List(ctx context.Context, prefix, start string) iter.Seq2[Object, error]

	// Delete removes objects. A key that does not exist is not an error.
	Delete(ctx context.Context, keys ...string) error
}

// Cond says under which condition a Put writes.
type Cond int

const (
	// Always overwrites.
	Always Cond = iota
	// IfAbsent writes only where no object has the key.
	IfAbsent
)

// Object is an entry of a listing.
type Object struct {
	Key      string
	Size     int64     // bytes
	Modified time.Time // by the store's clock, UTC
}
