// Package files is the source of raw files in folders, or in a bucket: each new one is loaded once.
package files

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/petalake/petalake/ingest"
)

// File is a raw file as it was seen.
type File struct {
	Path string `json:"path"` // relative to the source's folder where it is inside, else absolute
	Size int64  `json:"size"` // bytes
	Time int64  `json:"time"` // of its last change, nanoseconds since the epoch
}

// Work is what a chunk of this source asks to be loaded.
type Work struct {
	Files []File `json:"files"`
	// Replace: these are all the files there are, and their rows replace the table's.
	Replace bool `json:"replace,omitempty"`
}

// Source watches folders. It implements ingest.Source.
type Source struct {
	// Place is where relative patterns start. The paths in positions are relative to it too, so that
	// a lake and its raw files can be moved together without being loaded again.
	Place    Place
	Patterns []string // with *, **, ?, [a-z] and {a,b}
	Replace  bool     // load everything anew whenever anything changed
	Again    bool     // with Replace: though nothing changed
	// AllowEmpty lets no file at all take the place of the files that there were; else that is a *GoneError: a folder that is not
	// mounted looks the same.
	AllowEmpty bool
	// Kind tells what a file is by its path: files of two kinds are not in one batch. Nil: all are of one. Not in use with Replace.
	Kind     func(path string) string
	MaxFiles int   // of a batch; 0 is 1,000. Not in use with Replace
	MaxBytes int64 // of a batch, where it has more than one file; 0 is 8 GiB

	// Changed is told of a file that was loaded before and is different now. It is not loaded
	// again: a row cannot be told from its older self. May be nil.
	Changed func(File)
	// Digests, where set, are what files are known by, and kept for as long as somebody keeps them: a file is loaded if what it holds
	// is new, under whatever name. Nil: by their paths.
	Digests *Digests
	// Held says of a file that it is not in the next batch, though it was not loaded. Not in use with Replace. May be nil.
	Held func(File) bool
}

// position is the set of files that were loaded, by path.
type position struct {
	Files   []File   `json:"files"`             // ordered by path
	Digests []string `json:"digests,omitempty"` // of all contents that were loaded, where files are known by them; ordered
}

// Next implements ingest.Source: the files that are not in the position, oldest first. An empty
// file is one that nobody has written yet.
func (s *Source) Next(ctx context.Context, after ingest.Position) (ingest.Chunk, bool, error) {
	seen, err := parse(after)
	if err != nil {
		return ingest.Chunk{}, false, err
	}
	found, err := s.Found(ctx)
	if err != nil {
		return ingest.Chunk{}, false, err
	}
	if s.Replace {
		return s.all(ctx, after, seen, found)
	}
	known := contents{set: map[string]bool{}}
	if s.Digests != nil {
		if known, err = s.contents(ctx, seen, found); err != nil {
			return ingest.Chunk{}, false, err
		}
	}
	work := Work{Files: s.fresh(seen.Files, found, known)}
	if len(work.Files) == 0 {
		return ingest.Chunk{}, false, nil
	}
	next := position{Files: refreshed(seen.Files, found), Digests: known.after(work.Files)}
	for _, f := range work.Files {
		if _, ok := slices.BinarySearchFunc(seen.Files, f, byPath); !ok { // else it was refreshed
			next.Files = append(next.Files, f)
		}
	}
	for _, f := range known.copiesOf(work.Files) {
		if _, ok := slices.BinarySearchFunc(seen.Files, f, byPath); !ok {
			next.Files = append(next.Files, f)
		}
	}
	slices.SortFunc(next.Files, byPath)
	return chunk(after, next, work)
}

// parse reads a position; nil is the start.
func parse(at ingest.Position) (seen position, err error) {
	if at != nil {
		if err := json.Unmarshal(at, &seen); err != nil {
			return seen, fmt.Errorf("position of a files source: %w", err)
		}
	}
	return seen, nil
}

// Found are the files of the source that are there now, ordered by path, without those that nobody has written yet.
func (s *Source) Found(ctx context.Context) ([]File, error) {
	found, err := s.Place.List(ctx, s.Patterns)
	if err != nil {
		return nil, err
	}
	return shown(slices.DeleteFunc(found, func(f File) bool { return f.Size == 0 }), s.Patterns), nil
}

// Compare says how many files a position has, which ones are there that it has not, and which ones it has that are not there
// any more as they were.
func (s *Source) Compare(ctx context.Context, at ingest.Position) (loaded int, waiting, gone []File, err error) {
	seen, err := parse(at)
	if err != nil {
		return 0, nil, nil, err
	}
	found, err := s.Found(ctx)
	if err != nil {
		return 0, nil, nil, err
	}
	known := contents{}
	if s.Digests != nil {
		if known, err = s.contents(ctx, seen, found); err != nil {
			return 0, nil, nil, err
		}
	}
	for _, f := range found {
		_, seen := slices.BinarySearchFunc(seen.Files, f, byPath)
		if s.Digests != nil {
			_, fresh := known.fresh[f]
			seen = !fresh
		}
		if !seen {
			waiting = append(waiting, f)
		}
	}
	for _, f := range seen.Files {
		if i, ok := slices.BinarySearchFunc(found, f, byPath); !ok || found[i] != f {
			gone = append(gone, f)
		}
	}
	return len(seen.Files), waiting, gone, nil
}

// all is Next where the files of a load replace each other.
func (s *Source) all(ctx context.Context, after ingest.Position, seen position, found []File) (ingest.Chunk, bool, error) {
	next := position{Files: found}
	if slices.Equal(seen.Files, found) && !s.Again {
		return ingest.Chunk{}, false, nil
	}
	if s.Digests != nil {
		var err error
		if next.Digests, err = s.Digests.of(ctx, s.Place, found); err != nil {
			return ingest.Chunk{}, false, err
		}
		if after != nil && slices.Equal(seen.Digests, next.Digests) && !s.Again {
			return ingest.Chunk{}, false, nil
		}
	}
	if len(found) == 0 && len(seen.Files) > 0 && !s.AllowEmpty {
		return ingest.Chunk{}, false, &GoneError{s.Patterns, len(seen.Files)}
	}
	if len(found) == 0 && len(seen.Files) == 0 {
		return ingest.Chunk{}, false, nil
	}
	return chunk(after, next, Work{Files: found, Replace: true})
}

// GoneError says that all files of a source that replaces its rows are gone.
type GoneError struct {
	Patterns []string
	Files    int // that there were
}

// Error implements error.
func (e *GoneError) Error() string {
	return fmt.Sprintf("no file matches %s any more, of %d that were loaded: the table keeps their rows", strings.Join(e.Patterns, ", "), e.Files)
}

// Hint says what to do.
func (*GoneError) Hint() string {
	return "put the files back, or mount their folder; where no file means no row, write allow_empty: true at the source"
}

// refreshed is a position with its files as they are now: of a change is told until the next batch.
func refreshed(seen, found []File) []File {
	now := slices.Clone(seen)
	for i, f := range now {
		if at, ok := slices.BinarySearchFunc(found, f, byPath); ok {
			now[i] = found[at]
		}
	}
	return now
}

func chunk(from ingest.Position, next position, work Work) (ingest.Chunk, bool, error) {
	to, err := json.Marshal(next)
	if err != nil {
		return ingest.Chunk{}, false, err
	}
	text, err := json.Marshal(work)
	return ingest.Chunk{From: from, To: to, Work: text}, err == nil, err
}

// fresh picks the files of the next batch from those found; both lists are ordered by path.
func (s *Source) fresh(seen, found []File, known contents) []File {
	var fresh []File
	for _, f := range found {
		i, ok := slices.BinarySearchFunc(seen, f, byPath)
		switch {
		case s.Digests != nil:
			if _, is := known.fresh[f]; is && (s.Held == nil || !s.Held(f)) {
				fresh = append(fresh, f)
			}
		case !ok && (s.Held == nil || !s.Held(f)):
			fresh = append(fresh, f)
		case !ok:
		case seen[i] != f && s.Changed != nil:
			s.Changed(f)
		}
	}
	slices.SortStableFunc(fresh, func(a, b File) int { return cmp.Compare(a.Time, b.Time) })
	if s.Kind != nil && len(fresh) > 0 {
		kind := s.Kind(fresh[0].Path)
		fresh = slices.DeleteFunc(fresh, func(f File) bool { return s.Kind(f.Path) != kind })
	}
	maxFiles, maxBytes := cmp.Or(s.MaxFiles, 1000), cmp.Or(s.MaxBytes, 8<<30)
	var bytes int64
	for i, f := range fresh {
		bytes += f.Size
		if i >= maxFiles || i > 0 && bytes > maxBytes {
			return fresh[:i]
		}
	}
	return fresh
}

func byPath(a, b File) int { return cmp.Compare(a.Path, b.Path) }

// List finds the regular files that match any of the patterns, ordered by path, each once. A
// pattern that matches nothing is no error: the files may come later.
func List(ctx context.Context, dir string, patterns []string) ([]File, error) {
	var found []File
	for _, pattern := range patterns {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		paths, err := doublestar.FilepathGlob(absolute(dir, pattern), doublestar.WithFilesOnly(), doublestar.WithFailOnIOErrors())
		if err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("find %s: %w", pattern, err)
		}
		for _, path := range paths {
			f, err := stat(dir, path)
			if os.IsNotExist(err) {
				continue // gone between the listing and now
			}
			if err != nil {
				return nil, err
			}
			found = append(found, f)
		}
	}
	slices.SortFunc(found, byPath)
	found = slices.CompactFunc(found, func(a, b File) bool { return a.Path == b.Path })
	return shown(found, patterns), nil
}

// stat looks at one file.
func stat(dir, path string) (File, error) {
	info, err := os.Stat(absolute(dir, path))
	if err != nil {
		return File{}, err
	}
	if rel, err := filepath.Rel(dir, absolute(dir, path)); err == nil && filepath.IsLocal(rel) {
		path = filepath.ToSlash(rel)
	}
	return File{Path: path, Size: info.Size(), Time: info.ModTime().UnixNano()}, nil
}

// absolute is a path or pattern that may be relative to dir.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, filepath.FromSlash(path))
}

// Absolute gives the paths of files on this machine.
func Absolute(dir string, files []File) []string {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = absolute(dir, f.Path)
	}
	return paths
}

// Wants says whether a file is one of this source: a batch may name files that its patterns no
// longer match.
func (s *Source) Wants(path string) bool {
	return slices.ContainsFunc(s.Patterns, func(pattern string) bool { return s.Place.Match(pattern, path) })
}

// Present splits the files of a batch into those that are there, as they are now, and those that
// are gone. A file may have changed since the batch was decided: none of its rows was visible yet.
func Present(ctx context.Context, place Place, work Work) (present, gone []File, err error) {
	for _, f := range work.Files {
		now, err := place.Stat(ctx, f.Path)
		switch {
		case err == nil:
			present = append(present, now)
		case errors.Is(err, fs.ErrNotExist):
			gone = append(gone, f)
		default:
			return nil, nil, err
		}
	}
	return present, gone, nil
}

// ChangedError says that a file changed while it was loaded.
type ChangedError struct{ Path string }

// Error implements error.
func (e *ChangedError) Error() string { return e.Path + ": changed while it was being loaded" }

// Hint says what to do.
func (e *ChangedError) Hint() string {
	return "nothing of it was loaded; write raw files elsewhere and move them here when they are complete"
}

// Unchanged checks that files are still what they were when loading began.
func Unchanged(ctx context.Context, place Place, files []File) error {
	for _, f := range files {
		now, err := place.Stat(ctx, f.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil || now != f {
			return &ChangedError{Path: f.Path}
		}
	}
	return nil
}
