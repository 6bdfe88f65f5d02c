package delta

import (
	"fmt"
	"io/fs"
	"strconv"

	"github.com/petalake/petalake/delta/log"
)

// Key is the store's key of a file of the table. A path that leads out of the table is fs.ErrInvalid.
func (t *Table) Key(path string) (string, error) {
	if log.Absolute(path) || !fs.ValidPath(path) || path == "." {
		return "", fmt.Errorf("%s: %w: file outside of the table", path, fs.ErrInvalid)
	}
	return t.key(path), nil
}

func (l tableLog) key(path string) string {
	if l.root == "" {
		return path
	}
	return l.root + "/" + path
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
