package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"
)

// Disk keeps each object in a file of its own, at the path its key names below a root folder.
//
// Many processes may use one root at once. A file is written and synced under a temporary name,
// then linked (IfAbsent) or renamed (Always) to its own: the file system decides, atomically, who
// comes first. Its folder is synced before Put returns. A crash leaves at most a temporary file,
// which a later Put sweeps away, and a power failure may bring back what Delete removed.
//
// Symbolic links below the root are not listed, and no key reaches through one out of the root.
type Disk struct {
	path string // absolute, free of symbolic links
	root *os.Root

	unnamed bool // files without a name can get one

	mu      sync.Mutex
	open    map[string]*folder
	ready   bool            // the folder of temporary files is there and swept
	mode    fs.FileMode     // of new files, as the umask has it
	durable map[string]bool // folders whose own entry is known to be synced
}

var _ Store = (*Disk)(nil)

// OpenDisk opens the store below a folder, which it makes where it is missing. Where it is there
// nothing is written before the first Put, so that a read-only folder can be read.
func OpenDisk(root string) (*Disk, error) {
	if err := os.MkdirAll(root, 0o777); err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	if real, err = filepath.Abs(real); err != nil {
		return nil, err
	}
	r, err := os.OpenRoot(real)
	if err != nil {
		return nil, err
	}
	return &Disk{path: real, root: r, unnamed: canUnnamed(), open: map[string]*folder{}, durable: map[string]bool{}}, nil
}

// Path is where the object of a key lies, or would lie, on the local file system.
func (d *Disk) Path(key string) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", err
	}
	return filepath.Join(d.path, filepath.FromSlash(key)), nil
}

// Get implements Store.
func (d *Disk) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := begin(ctx, key); err != nil {
		return nil, err
	}
	f, err := d.openFile(key)
	if err != nil {
		return nil, d.failed("get", key, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist // a folder
	}
	if err != nil {
		f.Close()
		return nil, d.failed("get", key, err)
	}
	first, last := span(info.Size(), off, n)
	return readCloser(ctx, io.NewSectionReader(f, first, last-first), f), nil
}

// Delete implements Store. It removes the folders it leaves empty.
func (d *Disk) Delete(ctx context.Context, keys ...string) error {
	folders := map[string]bool{}
	defer func() {
		for dir := range folders {
			d.prune(dir)
		}
	}()
	for _, key := range keys {
		if err := begin(ctx, key); err != nil {
			return err
		}
		if err := d.remove(key); err != nil {
			return d.failed("delete", key, err)
		}
		folders[path.Dir(key)] = true
	}
	return nil
}

func (d *Disk) remove(key string) error {
	info, err := d.lstat(key)
	if err == nil && !info.IsDir() {
		err = d.root.Remove(key)
	}
	if isAbsent(err) {
		return nil
	}
	return err
}

// failed gives an error of the file system the key in place of the path, and its meaning.
func (d *Disk) failed(op, key string, err error) error {
	switch cause := bare(err); {
	case cause == nil:
		return nil
	case isAbsent(cause):
		return failed(op, key, fs.ErrNotExist)
	case errors.Is(cause, syscall.EROFS):
		return failed(op, key, fmt.Errorf("%w: %w", fs.ErrPermission, cause))
	case errors.Is(cause, syscall.ENOSPC):
		return failed(op, key, &fullError{error: cause, root: d.path})
	default:
		return failed(op, key, cause)
	}
}

// bare strips the paths, which may be temporary ones, from an error of package os.
func bare(err error) error {
	switch e := err.(type) {
	case *fs.PathError:
		return e.Err
	case *os.LinkError:
		return e.Err
	case *os.SyscallError:
		return e.Err
	}
	return err
}

// isAbsent covers a key below another key, where the file system says "not a directory".
func isAbsent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

type fullError struct {
	error
	root string
}

func (e *fullError) Unwrap() error { return e.error }

func (e *fullError) Hint() string {
	return "free space on the disk that holds " + e.root + " (see df -h), then run the same command again"
}
