package eventlog

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// counter counts the bytes that are read from a file.
type counter struct {
	r io.Reader
	n atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// errNotLog says that the first bytes are those of no event log.
var errNotLog = errors.New("neither events of Spark nor a compression it writes")

// errEmpty says that a file holds nothing.
var errEmpty = errors.New("the file is empty")

// decompress reads a file by what its first bytes say; its name may lie.
func decompress(r io.Reader) (io.Reader, func(), error) {
	in := bufio.NewReaderSize(r, 256<<10)
	head, err := in.Peek(8)
	if len(head) == 0 {
		if err == io.EOF {
			err = errEmpty
		}
		return nil, nil, err
	}
	done := func() {}
	switch {
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, nil, err
		}
		return z, z.Close, nil
	case bytes.HasPrefix(head, lz4BlockMagic):
		return newLZ4Blocks(in), done, nil
	case bytes.HasPrefix(head, xerialMagic):
		return &xerial{in: in}, done, nil
	case head[0] == 'Z' && len(head) > 2 && head[1] == 'V' && head[2] <= 1:
		return &lzf{in: in}, done, nil
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(in)
		return z, done, err
	case bytes.HasPrefix(head, []byte{0x04, 0x22, 0x4d, 0x18}):
		return lz4.NewReader(in), done, nil
	case bytes.ContainsAny(head[:1], "{ \t\r\n"):
		return in, done, nil
	}
	return nil, nil, errNotLog
}

// blocks is a reader of a stream of blocks, which more decompresses one at a time.
type blocks struct {
	rest []byte
	more func() ([]byte, error)
}

func (b *blocks) read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		next, err := b.more()
		if err != nil {
			return 0, err
		}
		b.rest = next
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// resize gives a slice of n bytes, the same one where it is large enough.
func resize(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

// mostBlock bounds what a damaged header can make us allocate; Spark's blocks are 32 to 64 KiB, and
// the formats allow 32 MiB.
const mostBlock = 32 << 20
