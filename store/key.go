package store

import (
	"io/fs"
	"strings"
	"unicode/utf8"
)

// Limits of a key, those of S3 and of the usual file systems at once, so that a lake can be
// copied from any store to any other.
const (
	maxKey     = 1024 // bytes
	maxSegment = 255  // bytes
)

// reserved is the folder at the root of a store in which the drivers keep what is not an object
// yet. No key lies in it, so nothing in it is ever listed.
const reserved = ".tmp"

// CheckKey returns an error that wraps fs.ErrInvalid for a key that no store takes: one that is
// empty, longer than 1,024 bytes, not UTF-8, or holds a control character; one with a segment
// that is empty, "." or "..", or longer than 255 bytes; one in the folder ".tmp" of the root,
// which belongs to the drivers.
func CheckKey(key string) error {
	if why := keyFault(key); why != "" {
		return &keyError{key: key, why: why}
	}
	return nil
}

func keyFault(key string) string {
	switch {
	case key == "":
		return "empty"
	case len(key) > maxKey:
		return "longer than 1024 bytes"
	case !utf8.ValidString(key):
		return "not UTF-8"
	case strings.ContainsFunc(key, isControl):
		return "holds a control character"
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "":
			return "has an empty segment"
		case segment == "." || segment == "..":
			return `has a segment "` + segment + `"`
		case len(segment) > maxSegment:
			return "has a segment longer than 255 bytes"
		}
	}
	if key == reserved || strings.HasPrefix(key, reserved+"/") {
		return "lies in the reserved folder " + reserved
	}
	return ""
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// mayHold says whether any valid key begins with prefix, as far as its whole segments tell.
func mayHold(prefix string) bool {
	i := strings.LastIndexByte(prefix, '/')
	return i < 0 || keyFault(prefix[:i]) == ""
}

type keyError struct{ key, why string }

func (e *keyError) Error() string {
	key := e.key
	if len(key) > 80 {
		key = key[:80] + "..."
	}
	return "invalid key " + quote(key) + ": " + e.why
}

func (e *keyError) Unwrap() error { return fs.ErrInvalid }
