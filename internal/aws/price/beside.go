package price

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// File is the name of the list of a region beside lakehouse.yaml.
func File(region string) string { return "prices-" + region + ".txt" }

// FileError says that the file of prices beside lakehouse.yaml cannot be used.
type FileError struct{ Err error }

func (e *FileError) Error() string { return e.Err.Error() }

func (e *FileError) Unwrap() error { return e.Err }

// Hint says what to do.
func (e *FileError) Hint() string { return "remove the file, and the prices of petalake are used" }

// Beside is the list of a region from its file in a folder, or the one that petalake brings along. What is wrong with
// the file is a *FileError.
func Beside(folder, region string) (*List, error) {
	name := filepath.Join(folder, File(region))
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		list, _ := Of(region)
		return list, nil
	}
	if err != nil {
		return nil, &FileError{err}
	}
	defer f.Close()
	list, err := Parse(f)
	if err == nil && list.Region != region {
		err = fmt.Errorf("these are the prices of %s", list.Region)
	}
	if err != nil {
		return nil, &FileError{fmt.Errorf("%s: %w", name, err)}
	}
	return list, nil
}
