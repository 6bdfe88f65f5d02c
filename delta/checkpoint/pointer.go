package checkpoint

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/petalake/petalake/delta/log"
)

// Pointer is the content of _last_checkpoint: where a reader begins to list. It is a hint;
// one that is torn, wrong or missing costs a longer listing and nothing else.
type Pointer struct {
	Version  int64 // of the checkpoint
	Size     int64 // actions
	Bytes    int64
	Adds     int64
	Parts    int64
	checksum string
}

// ParsePointer reads it. One that is not what it should be is an error.
func ParsePointer(text []byte) (*Pointer, error) {
	s := log.NewScanner(text)
	last := &Pointer{Version: -1}
	err := s.Fields(func(key string) (known bool, err error) {
		switch known = true; key {
		case "version":
			last.Version, err = s.Integer()
		case "size":
			last.Size, err = s.IntegerOr(0)
		case "sizeInBytes":
			last.Bytes, err = s.IntegerOr(0)
		case "numOfAddFiles":
			last.Adds, err = s.IntegerOr(0)
		case "parts":
			last.Parts, err = s.IntegerOr(0)
		case "checksum":
			last.checksum, err = s.Optional()
		default:
			known = false
		}
		return known, err
	})
	if err == nil {
		err = s.End()
	}
	switch {
	case err != nil:
		return nil, err
	case last.Version < 0:
		return nil, errors.New("no version")
	case last.checksum == "":
		return last, nil
	}
	sum, err := checksum(text)
	if err == nil && sum != last.checksum {
		err = fmt.Errorf("checksum %s, of the content: %s", last.checksum, sum)
	}
	return last, err
}

// Format writes it, with its checksum.
func (l *Pointer) Format() []byte {
	b := log.AppendInt(nil, `{"version":`, l.Version)
	b = log.AppendInt(b, `,"size":`, l.Size)
	b = log.AppendInt(b, `,"sizeInBytes":`, l.Bytes)
	b = log.AppendInt(b, `,"numOfAddFiles":`, l.Adds)
	b = append(b, '}')
	sum, _ := checksum(b) // of JSON made here: cannot fail
	b = append(b[:len(b)-1], `,"checksum":`...)
	b = log.AppendText(b, sum)
	return append(b, '}')
}

// checksum is the MD5 of the canonical form of a JSON object (PROTOCOL.md, JSON checksum).
func checksum(text []byte) (string, error) {
	c := &canonical{s: log.NewScanner(text)}
	if err := c.value("", true); err != nil {
		return "", err
	}
	slices.SortFunc(c.pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	var b strings.Builder
	for i, p := range c.pairs {
		if i > 0 {
			if p[0] == c.pairs[i-1][0] {
				return "", fmt.Errorf("key %s twice", p[0])
			}
			b.WriteByte(',')
		}
		b.WriteString(p[0])
		b.WriteByte('=')
		b.WriteString(p[1])
	}
	sum := md5.Sum([]byte(b.String()))
	return hex.EncodeToString(sum[:]), nil
}

type canonical struct {
	s     *log.Scanner
	pairs [][2]string
}

func (c *canonical) value(path string, top bool) error {
	switch c.s.Peek() {
	case '{':
		return c.s.Object(func(key string) error {
			if top && key == "checksum" {
				return c.s.Skip()
			}
			return c.value(join(path, quoteURL(key)), false)
		})
	case '[':
		i := 0
		return c.s.Array(func() error {
			i++
			return c.value(join(path, strconv.Itoa(i-1)), false)
		})
	case '"':
		text, err := c.s.Text()
		c.pairs = append(c.pairs, [2]string{path, quoteURL(text)})
		return err
	default:
		raw, err := c.s.Raw()
		c.pairs = append(c.pairs, [2]string{path, string(raw)})
		return err
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "+" + name
}

// quoteURL percent-encodes every byte but letters, digits, "-", ".", "_" and "~", between quotes.
func quoteURL(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
