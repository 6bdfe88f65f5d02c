package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// Put implements Store. The order of steps is what makes it safe: bytes, sync of the bytes, name,
// sync of the name. Until the name is there nobody sees anything, and an error means that nothing
// happened; after it only a failing sync can leave the outcome unknown.
func (d *Disk) Put(ctx context.Context, key string, body io.ReadSeeker, cond Cond) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	if cond == IfAbsent { // spares the copy; the link below is what decides
		if info, err := d.lstat(key); err == nil && !info.IsDir() {
			return failed("put", key, fs.ErrExist)
		}
	}
	if err := d.prepare(); err != nil {
		return d.failed("put", key, err)
	}
	temp := &staged{disk: d}
	defer temp.discard()
	if err := temp.write(ctx, body); err != nil {
		return d.failed("put", key, err)
	}
	folder, err := d.publish(ctx, temp, key, cond)
	if err != nil {
		return d.failed("put", key, err)
	}
	defer d.release(folder)
	if err := folder.sync(); err != nil {
		return &UnknownError{Key: key, Cause: err}
	}
	return nil
}

// fill copies in pieces: each ends early with ctx, and is one copy_file_range where src is a file.
func fill(ctx context.Context, dst *os.File, src io.Reader) error {
	const piece = 16 << 20
	if memory, ok := src.(*bytes.Reader); ok && memory.Len() <= piece {
		_, err := memory.WriteTo(dst) // without another buffer
		return err
	}
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

// publish gives a staged file its name, and returns the folder, which the caller releases. The loop
// is for a folder that a Delete, here or in another process, found empty and removed in between.
func (d *Disk) publish(ctx context.Context, temp *staged, key string, cond Cond) (*folder, error) {
	const tries = 100
	var err error
	for range tries {
		if err = ctx.Err(); err != nil {
			return nil, err
		}
		var f *folder
		if err = d.makeFolder(path.Dir(key)); err == nil {
			f, err = d.folder(path.Dir(key))
		}
		if err == nil {
			if err = temp.publish(f, key, cond); err == nil {
				return f, nil
			}
			d.release(f)
		}
		switch info, _ := d.root.Lstat(key); {
		case info != nil && info.IsDir():
			if d.root.Remove(key) != nil { // goes where it is empty
				return nil, fmt.Errorf("%w: the key is a folder of other keys", fs.ErrInvalid)
			}
		case errors.Is(err, fs.ErrNotExist):
			d.forget(path.Dir(key))
		case errors.Is(err, fs.ErrExist):
			return nil, fs.ErrExist
		default:
			return nil, d.blame(err)
		}
	}
	return nil, d.blame(err)
}

// blame explains the one failure that is the key's own fault.
func (d *Disk) blame(err error) error {
	if errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%w: a folder of the key is an object", fs.ErrInvalid)
	}
	return err
}
