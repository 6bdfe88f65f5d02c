package store

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
)

// ReadAll returns a whole object.
func ReadAll(ctx context.Context, s Store, key string) ([]byte, error) {
	r, err := s.Get(ctx, key, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// PutBytes writes a whole object from memory.
func PutBytes(ctx context.Context, s Store, key string, body []byte, cond Cond) error {
	return s.Put(ctx, key, bytes.NewReader(body), cond)
}

// Stat finds one object; a missing one is fs.ErrNotExist.
func Stat(ctx context.Context, s Store, key string) (Object, error) {
	for o, err := range s.List(ctx, key, "") {
		if err != nil {
			return Object{}, err
		}
		if o.Key == key {
			return o, nil
		}
		break // keys are ordered: key itself would be first
	}
	return Object{}, fmt.Errorf("stat %s: %w", key, fs.ErrNotExist)
}
