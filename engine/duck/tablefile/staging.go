package tablefile

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// stage makes an empty folder for one write's files.
func stage(dir string) (string, error) {
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "petalake-staging")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("staging folder: %w", err)
	}
	sweepStaging(dir, time.Now().Add(-24*time.Hour))
	return os.MkdirTemp(dir, "write-")
}

// sweepStaging removes what processes that died left behind: folders nobody touched for a day.
func sweepStaging(dir string, before time.Time) {
	old, _ := filepath.Glob(filepath.Join(dir, "write-*"))
	for _, path := range old {
		if info, err := os.Stat(path); err == nil && info.IsDir() && info.ModTime().Before(before) {
			os.RemoveAll(path)
		}
	}
}
