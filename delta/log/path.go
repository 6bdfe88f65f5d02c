package log

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The log writes a path as a URI (RFC 2396); in memory it is the plain path.

// DecodePath is the plain path of a URI.
func DecodePath(uri string) (string, error) {
	if strings.IndexByte(uri, '%') < 0 {
		return uri, nil
	}
	path, err := url.PathUnescape(uri)
	if err != nil {
		return "", fmt.Errorf("path %q is not a URI", uri)
	}
	return path, nil
}

// Foreign says whether the log writes a plain path in another form than EncodePath, letters beyond ASCII among it.
func Foreign(uri, path string) bool {
	return strings.IndexFunc(path, func(c rune) bool { return c >= utf8.RuneSelf }) >= 0 && strings.IndexByte(uri, '%') >= 0 && EncodePath(path) != uri
}

// EncodePath writes a path as the reference implementation does, byte for byte: it looks for the files
// of its log by this text when it vacuums, and deletes a live file whose path is escaped in another
// legal way. The rule is that of java.net.URI for a path: letters beyond ASCII stay as they are,
// spaces and controls among them do not. A colon before the first slash is encoded too, where it would
// end a scheme.
func EncodePath(path string) string {
	const hex = "0123456789ABCDEF"
	first := strings.IndexByte(path, '/')
	if first < 0 {
		first = len(path)
	}
	if Absolute(path) {
		first = 0
	}
	var b strings.Builder
	done := 0 // bytes that are written
	for i, c := range path {
		_, size := utf8.DecodeRuneInString(path[i:])
		if broken := c == utf8.RuneError && size == 1; !broken && plainInPath(c) && !(c == ':' && i < first) {
			continue
		}
		b.WriteString(path[done:i])
		for done = i; done < i+size; done++ {
			b.WriteString("%" + string(hex[path[done]>>4]) + string(hex[path[done]&15]))
		}
	}
	if done == 0 {
		return path
	}
	return b.String() + path[done:]
}

// plainInPath says whether a character stays as it is.
func plainInPath(c rune) bool {
	if c >= utf8.RuneSelf {
		return !unicode.IsControl(c) && !unicode.In(c, unicode.Z)
	}
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-_.!~*'()/=+,;@&$:", c)
}

// Absolute says whether a path names a place outside the table: "s3://bucket/x", "/x", "file:/x".
func Absolute(path string) bool {
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
