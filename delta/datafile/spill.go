package datafile

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// spill collects a file in memory, and on disk once it is larger than limit.
type spill struct {
	limit  int
	dir    string // of the temporary file; "" is the system's
	memory bytes.Buffer
	disk   *os.File
	size   int64
}

func (s *spill) Write(p []byte) (int, error) {
	if s.disk == nil && s.memory.Len()+len(p) > s.limit {
		f, err := os.CreateTemp(s.dir, "petalake-*.parquet")
		if err != nil {
			return 0, err
		}
		s.disk = f
		if _, err := f.Write(s.memory.Bytes()); err != nil {
			return 0, err
		}
		s.memory = bytes.Buffer{}
	}
	s.size += int64(len(p))
	if s.disk != nil {
		return s.disk.Write(p)
	}
	return s.memory.Write(p)
}

// body is what has been written, from its start; valid until close.
func (s *spill) body() (io.ReadSeeker, error) {
	if s.disk == nil {
		return bytes.NewReader(s.memory.Bytes()), nil
	}
	_, err := s.disk.Seek(0, io.SeekStart)
	return s.disk, err
}

// close removes the temporary file.
func (s *spill) close() error {
	if s.disk == nil {
		return nil
	}
	return errors.Join(s.disk.Close(), os.Remove(s.disk.Name()))
}
