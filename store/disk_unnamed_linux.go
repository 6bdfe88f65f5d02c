package store

import (
	"os"
	"path"
	"strconv"

	"golang.org/x/sys/unix"
)

// canUnnamed: a file without a name gets one by way of /proc.
func canUnnamed() bool {
	_, err := os.Stat("/proc/self/fd")
	return err == nil
}

// unnamed makes a file without a name in a folder's file system: nothing to remove when the process
// dies, and one entry less to write.
func unnamed(in *os.Root) (*os.File, error) {
	return in.OpenFile(".", os.O_RDWR|unix.O_TMPFILE, 0o666)
}

// nameUnnamed gives such a file its name, which nobody must have.
func nameUnnamed(f, folder *os.File, name string) error {
	from := path.Join("/proc/self/fd", strconv.Itoa(int(f.Fd())))
	err := unix.Linkat(unix.AT_FDCWD, from, int(folder.Fd()), name, unix.AT_SYMLINK_FOLLOW)
	if err != nil {
		return &os.LinkError{Op: "linkat", Old: "", New: name, Err: err}
	}
	return nil
}
