package delta

import (
	"fmt"
	"io/fs"
	"net/url"
	"strings"
)

// The log writes a path as a URI (RFC 2396); in memory it is the plain path.

func decodePath(uri string) (string, error) {
	if strings.IndexByte(uri, '%') < 0 {
		return uri, nil
	}
	path, err := url.PathUnescape(uri)
	if err != nil {
		return "", fmt.Errorf("path %q is not a URI", uri)
	}
	return path, nil
}

// encodePath keeps what RFC 2396 leaves unreserved, and the separators that mean nothing in a
// relative path. A colon is encoded: before the first slash it would end a scheme.
func encodePath(path string) string {
	for i := 0; i < len(path); i++ {
		if !plainInPath(path[i]) && !(path[i] == ':' && absolute(path)) {
			return encodePathFrom(path, i)
		}
	}
	return path
}

func encodePathFrom(path string, from int) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.WriteString(path[:from])
	keepColon := absolute(path)
	for i := from; i < len(path); i++ {
		switch c := path[i]; {
		case plainInPath(c), c == ':' && keepColon:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func plainInPath(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("-_.!~*'()/=+,;@&$", c) >= 0
}

// absolute says whether a path names a place outside the table: "s3://bucket/x", "/x", "file:/x".
func absolute(path string) bool {
	if strings.HasPrefix(path, "/") {
		return true
	}
	scheme, rest, ok := strings.Cut(path, ":")
	if !ok || scheme == "" || !strings.HasPrefix(rest, "/") {
		return false
	}
	for i := 0; i < len(scheme); i++ {
		if c := scheme[i] | 0x20; (c < 'a' || c > 'z') && (i == 0 || scheme[i] < '+' || scheme[i] > '9') {
			return false
		}
	}
	return true
}

// Key is the store's key of a file of the table. A path that leads out of the table is fs.ErrInvalid.
func (t *Table) Key(path string) (string, error) {
	if absolute(path) || !fs.ValidPath(path) || path == "." {
		return "", fmt.Errorf("%s: %w: file outside of the table", path, fs.ErrInvalid)
	}
	return t.key(path), nil
}

func (t *Table) key(path string) string {
	if t.root == "" {
		return path
	}
	return t.root + "/" + path
}
