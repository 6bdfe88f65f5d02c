package terraform

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/spec"
)

// File is a file that was written.
type File struct {
	Path  string `json:"file"`
	Bytes int    `json:"bytes"`
}

// Export writes the module of a lakehouse in an environment to a folder, and says what it leaves out. The file of a
// layer that the lakehouse has no more is removed; other files stay.
func Export(l *spec.Lakehouse, e *spec.Environment, dir string) (written []File, left []string, err error) {
	stacks, err := deploy.Render(l, e)
	if err != nil {
		return nil, nil, err
	}
	files, err := Write(stacks, e.AWS.Region)
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, files[name], 0o644); err != nil {
			return written, nil, err
		}
		written = append(written, File{path, len(files[name])})
	}
	for _, name := range names {
		if files[name] == nil {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return written, nil, err
			}
		}
	}
	return written, leftOut(stacks), nil
}
