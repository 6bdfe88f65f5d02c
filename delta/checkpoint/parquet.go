package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/store"
)

// parquetFile is an open Parquet file of the log.
type parquetFile struct {
	key    string
	reader *file.Reader
	leaves map[string]int // by path, its names joined by NUL
	paths  [][]string

	calendar datafile.Calendar // of the typed statistics and partition values
}

// wholeBelow is the size up to which a file is read with one request.
const wholeBelow = 8 << 20

// openParquet opens a file. What is missing or damaged is a *DamagedError, as far as it shows here.
func openParquet(ctx context.Context, s store.Store, o store.Object, version int64) (*parquetFile, error) {
	corrupt := func(err error) error {
		return &DamagedError{Key: o.Key, Version: version, Err: err}
	}
	var source parquet.ReaderAtSeeker
	if o.Size <= wholeBelow {
		text, err := store.ReadAll(ctx, s, o.Key)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, corrupt(err)
		}
		if err != nil {
			return nil, err
		}
		source = bytes.NewReader(text)
	} else {
		source = &ranged{ctx: ctx, store: s, key: o.Key, size: o.Size}
	}
	p := &parquetFile{key: o.Key, leaves: map[string]int{}}
	err := guard(func() (err error) {
		if p.reader, err = file.NewParquetReader(source); err == nil {
			p.calendar, _ = datafile.CalendarOf(p.reader.MetaData()) // with an error nothing of the times is known: no file is skipped by them
		}
		return err
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, corrupt(err)
	}
	sc := p.reader.MetaData().Schema
	for i := range sc.NumColumns() {
		path := []string(sc.Column(i).ColumnPath())
		p.paths = append(p.paths, path)
		p.leaves[strings.Join(path, "\x00")] = i
	}
	return p, nil
}

func (p *parquetFile) close() { _ = p.reader.Close() } // of a reader over memory or ranges: frees buffers

// leaf finds a column; -1 where the file does not have it.
func (p *parquetFile) leaf(path ...string) int {
	if i, ok := p.leaves[strings.Join(path, "\x00")]; ok {
		return i
	}
	return -1
}

// under finds the columns below a group, in order: key and value of a map, the element of a list.
func (p *parquetFile) under(path ...string) []int {
	var out []int
	for i, full := range p.paths {
		if len(full) > len(path) && strings.Join(full[:len(path)], "\x00") == strings.Join(path, "\x00") {
			out = append(out, i)
		}
	}
	return out
}

// guard turns a panic of the Parquet reader, which damaged files can cause, into an error.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("damaged Parquet file: %v", r)
		}
	}()
	return f()
}

// ranged reads an object in pieces. It keeps the context of the call it serves, and lives no longer.
type ranged struct {
	ctx   context.Context
	store store.Store
	key   string
	size  int64
	at    int64
}

// ReadAt implements io.ReaderAt with one request.
func (r *ranged) ReadAt(b []byte, off int64) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if off < 0 || off >= r.size {
		return 0, io.EOF
	}
	body, err := r.store.Get(r.ctx, r.key, off, int64(len(b)))
	if err != nil {
		return 0, err
	}
	defer body.Close()
	n, err := io.ReadFull(body, b)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// Read implements io.Reader.
func (r *ranged) Read(b []byte) (int, error) {
	n, err := r.ReadAt(b, r.at)
	r.at += int64(n)
	return n, err
}

// Seek implements io.Seeker.
func (r *ranged) Seek(off int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		off += r.at
	case io.SeekEnd:
		off += r.size
	}
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	r.at = off
	return off, nil
}
