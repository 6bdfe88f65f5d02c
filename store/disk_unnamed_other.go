//go:build !linux

package store

import (
	"errors"
	"os"
)

func canUnnamed() bool { return false }

func unnamed(*os.Root) (*os.File, error) { return nil, errors.ErrUnsupported }

func nameUnnamed(_, _ *os.File, _ string) error { return errors.ErrUnsupported }
