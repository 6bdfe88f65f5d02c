package eventlog

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/pierrec/lz4/v4"
)

// lz4BlockMagic begins every block of LZ4BlockOutputStream of lz4-java, which Spark uses for
// spark.eventLog.compression.codec=lz4. It is not the LZ4 frame format.
var lz4BlockMagic = []byte("LZ4Block")

const (
	lz4Header = 8 + 1 + 4 + 4 + 4 // magic, token, compressed and original length, checksum
	lz4Raw    = 0x10
	lz4Packed = 0x20
	lz4Seed   = 0x9747b28c
)

// lz4Blocks reads that format: for each block a header and its bytes, at the end a block of none.
// Streams may follow each other.
type lz4Blocks struct {
	in             io.Reader
	packed, buffer []byte
	blocks
}

func newLZ4Blocks(in io.Reader) *lz4Blocks {
	l := &lz4Blocks{in: in}
	l.more = l.block
	return l
}

func (l *lz4Blocks) Read(p []byte) (int, error) { return l.read(p) }

func (l *lz4Blocks) block() ([]byte, error) {
	var h [lz4Header]byte
	if _, err := io.ReadFull(l.in, h[:]); err != nil {
		return nil, err // EOF where a block would begin is the end
	}
	method, packed, size := h[8]&0xf0, int(int32(binary.LittleEndian.Uint32(h[9:]))), int(int32(binary.LittleEndian.Uint32(h[13:])))
	switch {
	case string(h[:8]) != string(lz4BlockMagic):
		return nil, fmt.Errorf("lz4: no block where one should begin")
	case packed < 0 || size < 0 || packed > mostBlock || size > mostBlock || method != lz4Raw && method != lz4Packed || method == lz4Raw && packed != size:
		return nil, fmt.Errorf("lz4: a block of method %#x with %d bytes in %d", method, size, packed)
	case size == 0:
		return nil, nil
	}
	l.packed = resize(l.packed, packed)
	if _, err := io.ReadFull(l.in, l.packed); err != nil {
		return nil, cutOff(err)
	}
	plain := l.packed
	if method == lz4Packed {
		l.buffer = resize(l.buffer, size)
		n, err := lz4.UncompressBlock(l.packed, l.buffer)
		if err != nil || n != size {
			return nil, fmt.Errorf("lz4: a block of %d bytes gives %d: %w", size, n, err)
		}
		plain = l.buffer
	}
	if got, want := xxh32(plain, lz4Seed)&0xfffffff, binary.LittleEndian.Uint32(h[17:]); got != want {
		return nil, fmt.Errorf("lz4: a block has checksum %08x, its header says %08x", got, want)
	}
	return plain, nil
}

// cutOff is the error of a file that ends inside a block.
func cutOff(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// xxh32 is the hash XXH32.
func xxh32(b []byte, seed uint32) uint32 {
	const p1, p2, p3, p4, p5 = 2654435761, 2246822519, 3266489917, 668265263, 374761393
	h := seed + p5
	size := uint32(len(b))
	if len(b) >= 16 {
		p := uint32(p1)
		v := [4]uint32{seed + p + p2, seed + p2, seed, seed - p}
		for ; len(b) >= 16; b = b[16:] {
			for i := range v {
				v[i] = bits.RotateLeft32(v[i]+binary.LittleEndian.Uint32(b[4*i:])*p2, 13) * p1
			}
		}
		h = bits.RotateLeft32(v[0], 1) + bits.RotateLeft32(v[1], 7) + bits.RotateLeft32(v[2], 12) + bits.RotateLeft32(v[3], 18)
	}
	h += size
	for ; len(b) >= 4; b = b[4:] {
		h = bits.RotateLeft32(h+binary.LittleEndian.Uint32(b)*p3, 17) * p4
	}
	for _, c := range b {
		h = bits.RotateLeft32(h+uint32(c)*p5, 11) * p1
	}
	h = (h ^ h>>15) * p2
	h = (h ^ h>>13) * p3
	return h ^ h>>16
}
