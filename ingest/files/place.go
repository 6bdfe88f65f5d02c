package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/store"
)

// Place is where raw files are. Methods are safe for concurrent use.
type Place interface {
	// List finds the files that match any of the patterns, ordered by path, each once. A pattern that
	// matches nothing is no error: the files may come later.
	List(ctx context.Context, patterns []string) ([]File, error)
	// Stat looks at a file. One that is gone is fs.ErrNotExist.
	Stat(ctx context.Context, path string) (File, error)
	// Match says whether a path is one of a pattern.
	Match(pattern, path string) bool
	// Open reads a file.
	Open(ctx context.Context, path string) (io.ReadCloser, error)
	// Here gives each file a path on this machine, until done is called.
	Here(ctx context.Context, files []File) (paths []string, done func(), err error)
}

// Folder is a folder of this machine, where relative patterns start.
type Folder string

// List implements Place.
func (d Folder) List(ctx context.Context, patterns []string) ([]File, error) {
	return List(ctx, string(d), patterns)
}

// Stat implements Place.
func (d Folder) Stat(_ context.Context, path string) (File, error) { return stat(string(d), path) }

// Match implements Place.
func (d Folder) Match(pattern, path string) bool {
	match, err := doublestar.PathMatch(absolute(string(d), pattern), absolute(string(d), path))
	return err == nil && match
}

// Open implements Place.
func (d Folder) Open(_ context.Context, path string) (io.ReadCloser, error) {
	return os.Open(absolute(string(d), path))
}

// Here implements Place: the files are here.
func (d Folder) Here(_ context.Context, files []File) ([]string, func(), error) {
	return Absolute(string(d), files), func() {}, nil
}

// Bucket is a bucket, whose keys are the paths. Files are fetched to be loaded.
type Bucket struct {
	Name  string
	Store store.Store // the whole bucket
	Temp  string      // a folder for what is fetched; "" is the system's
}

// List implements Place. It lists what the part of a pattern before its first sign allows.
func (b *Bucket) List(ctx context.Context, patterns []string) ([]File, error) {
	var found []File
	for _, pattern := range patterns {
		pattern = key(pattern)
		base, _ := doublestar.SplitPattern(pattern)
		prefix := base + "/"
		if base == "." {
			prefix = ""
		}
		if !strings.ContainsAny(pattern, "*?[{\\") {
			prefix = pattern
		}
		for o, err := range b.Store.List(ctx, prefix, "") {
			if err != nil {
				return nil, fmt.Errorf("find %s: %w", pattern, err)
			}
			if b.Match(pattern, o.Key) {
				found = append(found, File{Path: o.Key, Size: o.Size, Time: o.Modified.UnixNano()})
			}
		}
	}
	slices.SortFunc(found, byPath)
	return slices.CompactFunc(found, func(a, b File) bool { return a.Path == b.Path }), nil
}

// key is a path of lakehouse.yaml as a key.
func key(path string) string { return strings.TrimPrefix(filepath.ToSlash(path), "./") }

// Stat implements Place.
func (b *Bucket) Stat(ctx context.Context, path string) (File, error) {
	for o, err := range b.Store.List(ctx, path, "") {
		if err != nil {
			return File{}, err
		}
		if o.Key == path {
			return File{Path: path, Size: o.Size, Time: o.Modified.UnixNano()}, nil
		}
		break // keys come in order, and the shortest first
	}
	return File{}, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
}

// Match implements Place.
func (b *Bucket) Match(pattern, path string) bool {
	match, err := doublestar.Match(key(pattern), path)
	return err == nil && match
}

// Open implements Place.
func (b *Bucket) Open(ctx context.Context, path string) (io.ReadCloser, error) {
	return b.Store.Get(ctx, path, 0, -1)
}

// atOnce is how many files are fetched at once.
const atOnce = 4

// Here implements Place. It fetches the files.
func (b *Bucket) Here(ctx context.Context, files []File) (paths []string, done func(), err error) {
	dir, err := os.MkdirTemp(b.Temp, "petalake-raw-")
	if err != nil {
		return nil, nil, err
	}
	done = func() { os.RemoveAll(dir) }
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		paths = append(paths, path)
		group.Go(func() error { return b.fetch(ctx, f, path) })
	}
	if err := group.Wait(); err != nil {
		done()
		return nil, nil, err
	}
	return paths, done, nil
}

func (b *Bucket) fetch(ctx context.Context, f File, path string) error {
	if !filepath.IsLocal(filepath.FromSlash(f.Path)) {
		return fmt.Errorf("%s: no name for a file of this machine: %w", f.Path, fs.ErrInvalid)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	body, err := b.Store.Get(ctx, f.Path, 0, -1)
	if err != nil {
		return fmt.Errorf("fetch %s: %w", f.Path, err)
	}
	defer body.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, body)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("fetch %s: %w", f.Path, err)
	}
	if n != f.Size {
		return &ChangedError{Path: f.Path}
	}
	return nil
}
