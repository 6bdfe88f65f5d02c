package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Digests are the digests of files, each computed once. Methods are safe for concurrent use.
type Digests struct {
	mu    sync.Mutex
	known map[File]string
}

// NewDigests knows none yet.
func NewDigests() *Digests { return &Digests{known: map[File]string{}} }

// one is the digest of a file: half of its SHA-256, in hex.
func (d *Digests) one(ctx context.Context, place Place, f File) (string, error) {
	d.mu.Lock()
	digest, ok := d.known[f]
	d.mu.Unlock()
	if ok {
		return digest, nil
	}
	body, err := place.Open(ctx, f.Path)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", f.Path, err)
	}
	defer body.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, untilDone{ctx, body}); err != nil {
		return "", fmt.Errorf("read %s: %w", f.Path, err)
	}
	digest = hex.EncodeToString(hash.Sum(nil)[:16])
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[f] = digest
	return digest, nil
}

// untilDone is a reader that ends with a context.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// of are the digests of files, ordered.
func (d *Digests) of(ctx context.Context, place Place, found []File) ([]string, error) {
	all := make([]string, len(found))
	for i, f := range found {
		var err error
		if all[i], err = d.one(ctx, place, f); err != nil {
			return nil, err
		}
	}
	slices.Sort(all)
	return all, nil
}

// contents are what the files of a source hold, where they are known by that.
type contents struct {
	set    map[string]bool // digests that were loaded
	fresh  map[File]string // files with new contents, each content once
	copies map[File]string // the others, which the position has not or has otherwise
}

// contents looks into the files that the position has not as they are.
func (s *Source) contents(ctx context.Context, seen position, found []File) (contents, error) {
	c := contents{set: map[string]bool{}, fresh: map[File]string{}, copies: map[File]string{}}
	for _, digest := range seen.Digests {
		c.set[digest] = true
	}
	var unseen []File
	for _, f := range found {
		if i, ok := slices.BinarySearchFunc(seen.Files, f, byPath); ok && seen.Files[i] == f {
			if len(seen.Digests) > 0 {
				continue
			}
			digest, err := s.Digests.one(ctx, s.Place, f) // files were known by their paths before
			if err != nil {
				return c, err
			}
			c.set[digest] = true
			continue
		}
		unseen = append(unseen, f)
	}
	here := map[string]bool{}
	for _, f := range unseen {
		digest, err := s.Digests.one(ctx, s.Place, f)
		if err != nil {
			return c, err
		}
		if c.set[digest] || here[digest] {
			c.copies[f] = digest
			continue
		}
		here[digest], c.fresh[f] = true, digest
	}
	return c, nil
}

// copiesOf are the files whose content was loaded under another name, or is with these.
func (c contents) copiesOf(loaded []File) (copies []File) {
	now := map[string]bool{}
	for _, f := range loaded {
		now[c.fresh[f]] = true
	}
	for f, digest := range c.copies {
		if c.set[digest] || now[digest] {
			copies = append(copies, f)
		}
	}
	return copies
}

// after are the digests that were loaded with some files.
func (c contents) after(loaded []File) []string {
	var all []string
	for digest := range c.set {
		all = append(all, digest)
	}
	for _, f := range loaded {
		if digest := c.fresh[f]; digest != "" {
			all = append(all, digest)
		}
	}
	slices.Sort(all)
	return all
}
