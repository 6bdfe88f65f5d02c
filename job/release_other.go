//go:build !linux

package job

// release does nothing on this system: the file is deleted with its attempt.
func release(string, int64) {}
