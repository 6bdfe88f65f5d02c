package store

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"runtime"
	"syscall"
	"time"
)

// tempLife is how long a temporary file may go without a write before it counts as left behind by
// a process that died. A living one that loses its file fails, and changes nothing.
const tempLife = 24 * time.Hour

// prepare makes and sweeps the folder of temporary files, once for each Disk. It waits for the
// first Put, so that a read-only disk can be read.
func (d *Disk) prepare() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ready {
		return nil
	}
	if err := d.root.Mkdir(reserved, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := d.root.Lstat(reserved)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "open", Path: reserved, Err: syscall.ENOTDIR}
	}
	d.mode = info.Mode().Perm() & 0o666
	d.sweep(time.Now().Add(-tempLife))
	d.ready = true
	return nil
}

// sweep removes the temporary files last written before a time. What it cannot remove stays for
// the next sweep.
func (d *Disk) sweep(before time.Time) {
	dir, err := d.root.Open(reserved)
	if err != nil {
		return
	}
	defer dir.Close()
	entries, _ := dir.ReadDir(-1)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && info.ModTime().Before(before) {
			d.root.Remove(path.Join(reserved, e.Name()))
		}
	}
}

// makeFolder makes a folder, with those above it, and syncs their entries. The lock is held
// throughout, so that no other Put trusts a folder whose entry is not on disk yet.
func (d *Disk) makeFolder(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.makeFolderLocked(dir)
}

func (d *Disk) makeFolderLocked(dir string) error {
	if dir == "." || d.durable[dir] {
		return nil
	}
	if err := d.makeFolderLocked(path.Dir(dir)); err != nil {
		return err
	}
	if err := d.root.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := d.syncFolder(path.Dir(dir)); err != nil {
		return err
	}
	d.durable[dir] = true
	return nil
}

// forget drops what is known about a folder and those above it.
func (d *Disk) forget(dir string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for ; dir != "."; dir = path.Dir(dir) {
		delete(d.durable, dir)
	}
}

// prune removes a folder, and those above it, as far as they are empty.
func (d *Disk) prune(dir string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for ; dir != "."; dir = path.Dir(dir) {
		if info, err := d.root.Lstat(dir); err != nil || !info.IsDir() || d.root.Remove(dir) != nil {
			return
		}
		delete(d.durable, dir)
		d.dropLocked(dir)
	}
}

// syncFolder makes the names in a folder survive a power failure, on the systems that have a way
// to ask for it.
func (d *Disk) syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := d.root.OpenFile(dir, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, f.Close())
}
