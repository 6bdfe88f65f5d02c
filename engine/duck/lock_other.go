//go:build !unix

package duck

import "os"

// lockFolder never gets the lock: every process has a folder of its own.
func lockFolder(string) (*os.File, error) { return nil, nil }

func bootID() string { return "" }
