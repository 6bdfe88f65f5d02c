package store

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"syscall"
)

// openFolders is how many folders a Disk keeps open.
const openFolders = 16

// folder is an open folder that was written to. The next write saves the walk down from the root,
// which is two system calls for each name of the path.
type folder struct {
	root *os.Root // for the names in it
	self *os.File // for its own sync
	info fs.FileInfo

	users   int  // guarded by Disk.mu
	dropped bool // closed by its last user
}

// folder opens a folder or takes one that is open. One look by the whole path makes sure that the
// open one is still the one of that name. The caller releases it.
func (d *Disk) folder(dir string) (*folder, error) {
	if f := d.opened(dir); f != nil {
		return f, nil
	}
	f := &folder{users: 1}
	var err error
	if f.root, err = d.root.OpenRoot(dir); err != nil {
		if info, statErr := d.root.Stat(dir); statErr == nil && !info.IsDir() {
			err = syscall.ENOTDIR
		}
		return nil, err
	}
	if f.self, err = f.root.Open("."); err == nil {
		f.info, err = f.self.Stat()
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, idle := range d.open {
		if len(d.open) < openFolders {
			break
		}
		if idle.users == 0 {
			d.dropLocked(name)
		}
	}
	d.dropLocked(dir)
	if d.open[dir] = f; len(d.open) > openFolders {
		d.dropLocked(dir) // all are in use: this one is not kept
	}
	return f, nil
}

// opened is a folder that is open already, or nil. The caller releases it.
func (d *Disk) opened(dir string) *folder {
	d.mu.Lock()
	f := d.open[dir]
	if f != nil {
		f.users++
	}
	d.mu.Unlock()
	if f == nil {
		return nil
	}
	if info, err := os.Lstat(filepath.Join(d.path, filepath.FromSlash(dir))); err == nil && os.SameFile(info, f.info) {
		return f
	}
	d.mu.Lock()
	if d.open[dir] == f {
		d.dropLocked(dir)
	}
	d.mu.Unlock()
	d.release(f)
	return nil
}

func (d *Disk) release(f *folder) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.users--; f.users == 0 && f.dropped {
		_ = f.close() // nothing was written through it that is not synced
	}
}

// dropLocked forgets an open folder, which is closed once nobody uses it.
func (d *Disk) dropLocked(dir string) {
	f := d.open[dir]
	if f == nil {
		return
	}
	delete(d.open, dir)
	if f.dropped = true; f.users == 0 {
		_ = f.close()
	}
}

func (f *folder) close() error {
	var err error
	if f.self != nil {
		err = f.self.Close()
	}
	return errors.Join(err, f.root.Close())
}

// sync makes the names in the folder survive a power failure, on the systems that have a way to
// ask for it.
func (f *folder) sync() error {
	if runtime.GOOS == "windows" {
		return nil
	}
	err := f.self.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}

// openFile opens an object to be read, lstat looks at one: through its folder where that is open.
func (d *Disk) openFile(key string) (*os.File, error) {
	if f := d.opened(path.Dir(key)); f != nil {
		defer d.release(f)
		return f.root.Open(path.Base(key))
	}
	return d.root.Open(key)
}

func (d *Disk) lstat(key string) (fs.FileInfo, error) {
	if f := d.opened(path.Dir(key)); f != nil {
		defer d.release(f)
		return f.root.Lstat(path.Base(key))
	}
	return d.root.Lstat(key)
}
