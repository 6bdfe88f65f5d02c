package store

import (
	"context"
	"io"
	"iter"
)

// Prefix is the part of a store below a folder: the key "a" of it is the key "folder/a" of s.
// Folder is itself a valid key; errors name the whole key.
func Prefix(s Store, folder string) (Store, error) {
	if err := CheckKey(folder); err != nil {
		return nil, err
	}
	return &prefixed{s, folder + "/"}, nil
}

type prefixed struct {
	store  Store
	folder string // with the slash
}

func (p *prefixed) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	return p.store.Get(ctx, p.folder+key, off, n)
}

func (p *prefixed) Put(ctx context.Context, key string, body io.ReadSeeker, cond Cond) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	return p.store.Put(ctx, p.folder+key, body, cond)
}

func (p *prefixed) List(ctx context.Context, prefix, start string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for o, err := range p.store.List(ctx, p.folder+prefix, p.folder+start) {
			if err == nil {
				o.Key = o.Key[len(p.folder):]
				if CheckKey(o.Key) != nil {
					continue // a folder ".tmp" that lies at the root of this store only
				}
			}
			if !yield(o, err) {
				return
			}
		}
	}
}

func (p *prefixed) Delete(ctx context.Context, keys ...string) error {
	whole := make([]string, len(keys))
	for i, key := range keys {
		if err := CheckKey(key); err != nil {
			return err
		}
		whole[i] = p.folder + key
	}
	return p.store.Delete(ctx, whole...)
}
