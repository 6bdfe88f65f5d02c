package raw

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decoder finds an encoding by its name; nil is UTF-8. The names are those of the WHATWG, as in web pages, but that latin-1
// is ISO 8859-1.
func decoder(name string) (encoding.Encoding, error) {
	switch name = strings.ToLower(name); name {
	case "", "utf-8", "utf8":
		return nil, nil
	case "utf-16", "utf16":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case "latin-1", "latin1", "iso-8859-1":
		return charmap.ISO8859_1, nil
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil, fmt.Errorf("encoding %q: there is none of that name", name)
	}
	return e, nil
}

// decoded reads a text as UTF-8. A text that begins with the mark of UTF-16 is that, whatever was said.
func decoded(f io.ReadCloser, e encoding.Encoding) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(f, 1<<16)
	head, err := in.Peek(2)
	if err != nil && err != io.EOF {
		f.Close()
		return nil, err
	}
	if slices.ContainsFunc([]string{"\xff\xfe", "\xfe\xff"}, func(mark string) bool { return bytes.Equal(head, []byte(mark)) }) {
		e = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	if e == nil {
		return unpacked{in, func() { f.Close() }}, nil
	}
	return unpacked{transform.NewReader(in, e.NewDecoder()), func() { f.Close() }}, nil
}
