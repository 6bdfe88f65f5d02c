package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"
)

// Put implements Store. The order of steps is what makes it safe: bytes, sync of the bytes, name,
// sync of the name. Until the name is there nobody sees anything, and an error means that nothing
// happened; after it only a failing sync can leave the outcome unknown.
func (d *Disk) Put(ctx context.Context, key string, body io.ReadSeeker, cond Cond) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	if cond == IfAbsent { // spares the copy; the link below is what decides
		if info, err := d.root.Lstat(key); err == nil && !info.IsDir() {
			return failed("put", key, fs.ErrExist)
		}
	}
	if err := d.prepare(); err != nil {
		return d.failed("put", key, err)
	}
	temp := path.Join(reserved, rand.Text())
	defer d.root.Remove(temp) // gone already after a rename
	if err := d.stage(ctx, temp, body); err != nil {
		return d.failed("put", key, err)
	}
	if err := d.publish(ctx, temp, key, cond); err != nil {
		return d.failed("put", key, err)
	}
	if err := d.syncFolder(path.Dir(key)); err != nil && !isAbsent(err) { // absent: deleted again
		return &UnknownError{Key: key, Cause: err}
	}
	return nil
}

// stage puts the bytes of body, synced, under a temporary name.
func (d *Disk) stage(ctx context.Context, temp string, body io.ReadSeeker) error {
	if f, ok := body.(*os.File); ok && d.adopt(f, temp) {
		return f.Sync()
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	f, err := d.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	err = fill(ctx, f, body)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// fill copies in pieces: each ends early with ctx, and is one copy_file_range where src is a file.
func fill(ctx context.Context, dst *os.File, src io.Reader) error {
	const piece = 16 << 20
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch _, err := io.CopyN(dst, src, piece); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// adopt links a file under a temporary name instead of copying it. It reports false, and leaves
// nothing, where that cannot be done: another file system, another owner, a file that has no
// name any more or whose name is a different file by now.
func (d *Disk) adopt(f *os.File, temp string) bool {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	if os.Link(f.Name(), filepath.Join(d.path, filepath.FromSlash(temp))) != nil {
		return false
	}
	linked, err := d.root.Lstat(temp)
	if err == nil && os.SameFile(info, linked) {
		now := time.Now() // an object is as old as its Put; the sweeper looks at this too
		err = errors.Join(d.root.Chtimes(temp, now, now), d.root.Chmod(temp, d.mode))
		if err == nil {
			return true
		}
	}
	d.root.Remove(temp)
	return false
}

// publish gives a staged file its name. The loop is for a folder that a Delete, here or in
// another process, found empty and removed in between.
func (d *Disk) publish(ctx context.Context, temp, key string, cond Cond) error {
	name := d.root.Link
	if cond == Always {
		name = d.root.Rename
	}
	const tries = 100
	var err error
	for range tries {
		if err = ctx.Err(); err != nil {
			return err
		}
		if err = d.makeFolder(path.Dir(key)); err == nil {
			err = name(temp, key)
		}
		switch info, _ := d.root.Lstat(key); {
		case err == nil:
			return nil
		case info != nil && info.IsDir():
			if d.root.Remove(key) != nil { // goes where it is empty
				return fmt.Errorf("%w: the key is a folder of other keys", fs.ErrInvalid)
			}
		case errors.Is(err, fs.ErrNotExist):
			d.forget(path.Dir(key))
		case errors.Is(err, fs.ErrExist):
			return fs.ErrExist
		default:
			return d.blame(err)
		}
	}
	return d.blame(err)
}

// blame explains the one failure that is the key's own fault.
func (d *Disk) blame(err error) error {
	if errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%w: a folder of the key is an object", fs.ErrInvalid)
	}
	return err
}
