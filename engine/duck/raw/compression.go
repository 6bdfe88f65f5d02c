package raw

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compression is how the bytes of a raw file are packed, in DuckDB's words.
type compression string

const (
	plain      compression = "uncompressed"
	gzipped    compression = "gzip"
	zstandards compression = "zstd"
)

// FileError is a raw file that cannot be read as a whole.
type FileError struct {
	Path string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }
func (e *FileError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *FileError) Hint() string {
	var known interface{ Hint() string }
	switch {
	case errors.As(e.Err, &known):
		return known.Hint()
	case errors.Is(e.Err, fs.ErrPermission):
		return "let petalake read the file, as with chmod a+r; nothing was loaded"
	}
	return "nothing was loaded; put the complete file there and load again"
}

var errTruncated = errors.New("the file is incomplete or damaged")

// packing looks at the first bytes of a file; its name may lie.
func packing(path string) (compression, error) {
	f, err := os.Open(path)
	if err != nil {
		return plain, &FileError{path, unwrapPath(err)}
	}
	defer f.Close()
	var head [4]byte
	n, err := io.ReadFull(f, head[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return plain, &FileError{path, err}
	}
	switch {
	case n >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		return gzipped, nil
	case n == 4 && binary.LittleEndian.Uint32(head[:]) == zstdMagic:
		return zstandards, nil
	}
	return plain, nil
}

// unpack opens a raw file for reading its text.
func unpack(path string, c compression) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &FileError{path, err}
	}
	switch c {
	case gzipped:
		r, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
		if err != nil {
			f.Close()
			return nil, &FileError{path, fmt.Errorf("%w: %w", errTruncated, err)}
		}
		return unpacked{r, func() { r.Close(); f.Close() }}, nil
	case zstandards:
		r, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
		if err != nil {
			f.Close()
			return nil, &FileError{path, err}
		}
		return unpacked{r, func() { r.Close(); f.Close() }}, nil
	}
	return f, nil
}

type unpacked struct {
	io.Reader
	close func()
}

func (u unpacked) Close() error {
	u.close()
	return nil
}

// complete checks that a compressed file has its end, since DuckDB takes the end of the bytes for
// the end of the rows. Gzip must be unpacked for that, zstd's blocks say how long they are.
func complete(ctx context.Context, path string, c compression) error {
	switch c {
	case gzipped:
		r, err := unpack(path, c)
		if err != nil {
			return err
		}
		defer r.Close()
		buf := make([]byte, 1<<18)
		for ctx.Err() == nil {
			if _, err := r.Read(buf); err == io.EOF {
				return nil
			} else if err != nil {
				return &FileError{path, fmt.Errorf("%w: %w", errTruncated, err)}
			}
		}
		return ctx.Err()
	case zstandards:
		f, err := os.Open(path)
		if err != nil {
			return &FileError{path, err}
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return &FileError{path, err}
		}
		if !zstdComplete(f, info.Size()) {
			return &FileError{path, errTruncated}
		}
	}
	return nil
}

const (
	zstdMagic     = 0xFD2FB528
	skippableMask = 0xFFFFFFF0
	skippable     = 0x184D2A50
)

// zstdComplete walks the frames of a zstd file by their headers (RFC 8878, 3.1).
func zstdComplete(r io.ReaderAt, size int64) bool {
	at := int64(0)
	for at < size {
		var head [18]byte
		n, _ := r.ReadAt(head[:], at)
		if n < 6 {
			return false
		}
		magic := binary.LittleEndian.Uint32(head[:])
		if magic&skippableMask == skippable {
			if n < 8 {
				return false
			}
			at += 8 + int64(binary.LittleEndian.Uint32(head[4:]))
			continue
		}
		if magic != zstdMagic {
			return false
		}
		end, ok := zstdBlocks(r, at+zstdHeader(head[4]), size)
		if !ok {
			return false
		}
		if head[4]&4 != 0 {
			end += 4 // checksum
		}
		at = end
	}
	return at == size && size > 0
}

// zstdHeader is the length of a frame's header with its magic number.
func zstdHeader(descriptor byte) int64 {
	n := 5 + [4]int64{0, 1, 2, 4}[descriptor&3]
	single := descriptor&0x20 != 0
	if !single {
		n++ // window size
	}
	if size := descriptor >> 6; size > 0 {
		n += 1 << size
	} else if single {
		n++
	}
	return n
}

func zstdBlocks(r io.ReaderAt, at, size int64) (end int64, ok bool) {
	for at+3 <= size {
		var head [3]byte
		if _, err := r.ReadAt(head[:], at); err != nil {
			return 0, false
		}
		block := int64(head[0]) | int64(head[1])<<8 | int64(head[2])<<16
		last, kind, n := block&1 == 1, block>>1&3, block>>3
		switch kind {
		case 1:
			n = 1 // one byte, repeated
		case 3:
			return 0, false
		}
		at += 3 + n
		if last {
			return at, at <= size
		}
	}
	return 0, false
}
