package raw

import (
	"bufio"
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

const zstdMagic = 0xFD2FB528

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

// ErrIncomplete says that a file ends too early, or that its bytes are not what they were: perhaps somebody still writes it.
var ErrIncomplete = errors.New("the file is incomplete or damaged")

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
			return nil, &FileError{path, fmt.Errorf("%w: %w", ErrIncomplete, err)}
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
