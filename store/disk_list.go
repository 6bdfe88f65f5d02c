package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// List implements Store. It opens only folders that may hold a key asked for, holds the names of
// one folder for each level at a time, and asks for size and time as the caller takes the objects.
func (d *Disk) List(ctx context.Context, prefix, start string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if !mayHold(prefix) {
			return
		}
		w := &walk{ctx: ctx, path: d.path, prefix: prefix, start: start, yield: yield}
		if o, ok := d.exactly(prefix, start); ok { // the least key with the prefix
			if !yield(o, nil) {
				return
			}
			w.start = prefix
		}
		dir := path.Dir(prefix + "x") // the last folder that is whole in prefix
		sub, err := openFolder(d.root, dir)
		if isAbsent(err) {
			return
		}
		if err != nil {
			yield(Object{}, d.failed("list", prefix, err))
			return
		}
		base := ""
		if dir != "." {
			base = dir + "/"
		}
		if _, err := w.folder(sub, base); err != nil {
			yield(Object{}, d.failed("list", prefix, err))
		}
	}
}

// exactly finds the object whose whole key is prefix without reading its folder, which makes Stat
// cheap in a large one.
func (d *Disk) exactly(prefix, start string) (Object, bool) {
	if prefix <= start || CheckKey(prefix) != nil {
		return Object{}, false
	}
	info, err := d.lstat(prefix)
	if err != nil || !info.Mode().IsRegular() {
		return Object{}, false
	}
	return object(prefix, info), true
}

// walk visits the tree in the byte order of keys. A folder sorts as its name with a slash after
// it, for that is how the keys in it go on: "a-b", then "a/b", then "a0", where the plain names
// would sort "a" first.
type walk struct {
	ctx           context.Context // of the List call this is
	path          string          // of the disk's root
	prefix, start string
	yield         func(Object, error) bool
}

// folder yields what is in one folder, which it closes. Base is the key up to here: empty or
// ending in a slash. More is false once the caller has stopped the sequence.
func (w *walk) folder(dir *os.Root, base string) (more bool, err error) {
	defer dir.Close()
	names, err := w.names(base)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if err := w.ctx.Err(); err != nil {
			return false, err
		}
		visit := w.file
		if strings.HasSuffix(name, "/") {
			visit = w.subfolder
		}
		if more, err := visit(dir, base, name); !more || err != nil {
			return more, err
		}
	}
	return true, nil
}

func (w *walk) file(dir *os.Root, base, name string) (bool, error) {
	info, err := dir.Lstat(name)
	if isAbsent(err) {
		return true, nil // deleted since
	}
	if err != nil {
		return false, err
	}
	return w.yield(object(base+name, info), nil), nil
}

func (w *walk) subfolder(dir *os.Root, base, name string) (bool, error) {
	sub, err := openFolder(dir, strings.TrimSuffix(name, "/"))
	if isAbsent(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return w.folder(sub, base+name)
}

// openFolder opens a folder; what is not one is as good as absent.
func openFolder(in *os.Root, name string) (*os.Root, error) {
	sub, err := in.OpenRoot(name)
	if err == nil {
		return sub, nil
	}
	if info, statErr := in.Stat(name); statErr == nil && !info.IsDir() {
		return nil, fs.ErrNotExist
	}
	return nil, err
}

// names reads the names in a folder that are worth a visit, folders with a slash, in key order. It
// opens the folder by its path, since a folder opened through an os.Root asks the system about
// every entry (four times slower); what the names lead to is reached through the root.
func (w *walk) names(base string) ([]string, error) {
	if base < w.start && !strings.HasPrefix(w.start, base) {
		return nil, nil // all of it comes before start
	}
	f, err := os.Open(filepath.Join(w.path, filepath.FromSlash(base)))
	if isAbsent(err) {
		return nil, nil // removed since
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	want := w.within(base)
	var names []string
	for {
		entries, err := f.ReadDir(1024)
		for _, e := range entries {
			if name, ok := want.match(e); ok {
				names = append(names, name)
			}
		}
		if err == nil {
			err = w.ctx.Err()
		}
		switch {
		case err == io.EOF || errors.Is(err, fs.ErrNotExist):
			slices.Sort(names)
			return names, nil
		case err != nil:
			return nil, err
		}
	}
}

// wanted is what prefix and start ask of the names in one folder.
type wanted struct{ base, prefix, start string }

func (w *walk) within(base string) wanted {
	want := wanted{base: base}
	if len(w.prefix) > len(base) {
		want.prefix = w.prefix[len(base):]
	}
	if strings.HasPrefix(w.start, base) { // otherwise all of the folder comes after start
		want.start = w.start[len(base):]
	}
	return want
}

// match is called for every entry of a folder, however few are wanted.
func (w wanted) match(e fs.DirEntry) (name string, ok bool) {
	name = e.Name()
	switch {
	case e.Type().IsRegular():
		ok = name > w.start && strings.HasPrefix(name, w.prefix)
	case e.IsDir():
		name += "/"
		ok = (strings.HasPrefix(name, w.prefix) || strings.HasPrefix(w.prefix, name)) &&
			(name > w.start || strings.HasPrefix(w.start, name))
	} // links, sockets and devices are no objects
	return name, ok && keyFault(w.base+e.Name()) == ""
}

func object(key string, info fs.FileInfo) Object {
	return Object{Key: key, Size: info.Size(), Modified: info.ModTime().UTC()}
}
