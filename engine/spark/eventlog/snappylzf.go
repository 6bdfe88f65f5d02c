package eventlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/snappy"
)

// xerialMagic begins a stream of SnappyOutputStream of snappy-java, which is not the framing of
// Snappy's own description: two versions follow, then blocks, each after its length, big-endian.
var xerialMagic = []byte("\x82SNAPPY\x00")

type xerial struct {
	in             io.Reader
	packed, buffer []byte
	blocks
}

func (x *xerial) Read(p []byte) (int, error) {
	x.more = x.block
	return x.read(p)
}

func (x *xerial) block() ([]byte, error) {
	var word [4]byte
	if _, err := io.ReadFull(x.in, word[:]); err != nil {
		return nil, err
	}
	if string(word[:]) == string(xerialMagic[:4]) { // also in the middle, where streams follow each other
		var rest [12]byte
		if _, err := io.ReadFull(x.in, rest[:]); err != nil {
			return nil, cutOff(err)
		}
		return nil, nil
	}
	n := int(int32(binary.BigEndian.Uint32(word[:])))
	if n < 0 || n > mostBlock {
		return nil, fmt.Errorf("snappy: a block of %d bytes", n)
	}
	x.packed = resize(x.packed, n)
	if _, err := io.ReadFull(x.in, x.packed); err != nil {
		return nil, cutOff(err)
	}
	size, err := snappy.DecodedLen(x.packed)
	if err != nil || size > mostBlock {
		return nil, fmt.Errorf("snappy: a block that gives %d bytes: %w", size, err)
	}
	x.buffer = resize(x.buffer, size)
	return snappy.Decode(x.buffer, x.packed)
}

// lzf reads the chunks of LZFOutputStream of compress-lzf: 'Z', 'V', a type, lengths of two bytes,
// big-endian.
type lzf struct {
	in             io.Reader
	packed, buffer []byte
	blocks
}

func (l *lzf) Read(p []byte) (int, error) {
	l.more = l.block
	return l.read(p)
}

var errLZF = errors.New("lzf: a chunk that is damaged")

func (l *lzf) block() ([]byte, error) {
	var h [5]byte
	if _, err := io.ReadFull(l.in, h[:]); err != nil {
		return nil, err
	}
	if h[0] != 'Z' || h[1] != 'V' || h[2] > 1 {
		return nil, errLZF
	}
	n := int(binary.BigEndian.Uint16(h[3:]))
	size := n
	if h[2] == 1 {
		var more [2]byte
		if _, err := io.ReadFull(l.in, more[:]); err != nil {
			return nil, cutOff(err)
		}
		size = int(binary.BigEndian.Uint16(more[:]))
	}
	l.packed = resize(l.packed, n)
	if _, err := io.ReadFull(l.in, l.packed); err != nil {
		return nil, cutOff(err)
	}
	if h[2] == 0 {
		return l.packed, nil
	}
	l.buffer = resize(l.buffer, size)
	return l.buffer, unpackLZF(l.packed, l.buffer)
}

// unpackLZF fills out from a chunk: a control byte below 32 begins so many literals and one more,
// any other a copy of earlier bytes, with three bits of its length, which may go on in a byte, and
// thirteen of its distance.
func unpackLZF(in, out []byte) error {
	to := 0
	for len(in) > 0 {
		c := int(in[0])
		in = in[1:]
		if c < 32 {
			n := c + 1
			if n > len(in) || to+n > len(out) {
				return errLZF
			}
			to += copy(out[to:], in[:n])
			in = in[n:]
			continue
		}
		n := c >> 5
		if n == 7 {
			if len(in) == 0 {
				return errLZF
			}
			n += int(in[0])
			in = in[1:]
		}
		if len(in) == 0 {
			return errLZF
		}
		from := to - (c&31)<<8 - int(in[0]) - 1
		in = in[1:]
		n += 2
		if from < 0 || to+n > len(out) {
			return errLZF
		}
		for i := range n { // byte by byte: the two may overlap
			out[to+i] = out[from+i]
		}
		to += n
	}
	if to != len(out) {
		return errLZF
	}
	return nil
}
