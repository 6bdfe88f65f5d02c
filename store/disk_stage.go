package store

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// staged is a file on its way into the store: without a name where the system has that, else under
// a temporary one.
type staged struct {
	disk *Disk
	file *os.File // without a name, or nil
	name string   // the temporary one, or empty
}

// write puts the bytes of body into the file and syncs them.
func (s *staged) write(ctx context.Context, body io.ReadSeeker) error {
	if f, ok := body.(*os.File); ok && s.adopt(f) {
		return f.Sync()
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if s.disk.unnamed {
		if f, err := unnamed(s.disk.root); err == nil {
			s.file = f
			return errors.Join(fill(ctx, f, body), ctx.Err(), f.Sync())
		} // a file system without them
	}
	s.name = path.Join(reserved, rand.Text())
	f, err := s.disk.root.OpenFile(s.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	err = fill(ctx, f, body)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// publish gives the file the name of the key, in the open folder of it.
func (s *staged) publish(f *folder, key string, cond Cond) error {
	if s.name == "" {
		err := nameUnnamed(s.file, f.self, path.Base(key))
		if cond == IfAbsent || !errors.Is(err, fs.ErrExist) {
			return err
		}
		// Only a file with a name can take the place of another.
		if err := s.christen(); err != nil {
			return err
		}
	}
	if cond == IfAbsent {
		return s.disk.root.Link(s.name, key)
	}
	err := s.disk.root.Rename(s.name, key)
	if err == nil {
		s.name = ""
	}
	return err
}

// christen gives the file a temporary name.
func (s *staged) christen() error {
	f, err := s.disk.folder(reserved)
	if err != nil {
		return err
	}
	defer s.disk.release(f)
	name := rand.Text()
	if err := nameUnnamed(s.file, f.self, name); err != nil {
		return err
	}
	s.name = path.Join(reserved, name)
	return nil
}

// discard removes what is left of the file besides its name in the store.
func (s *staged) discard() {
	if s.file != nil {
		_ = s.file.Close() // it was synced
	}
	if s.name != "" {
		_ = s.disk.root.Remove(s.name) // or a later sweep does
	}
}

// adopt links a file under a temporary name instead of copying it. It reports false, and leaves
// nothing, where that cannot be done: another file system, another owner, a file that has no
// name any more or whose name is a different file by now.
func (s *staged) adopt(f *os.File) bool {
	d, temp := s.disk, path.Join(reserved, rand.Text())
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
			s.name = temp
			return true
		}
	}
	d.root.Remove(temp)
	return false
}
