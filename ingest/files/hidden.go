package files

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Hidden says whether a path is of a file that somebody is still writing, or keeps for himself: a part of it begins with a dot or is
// _temporary, where Spark and Hadoop write, and no pattern names that part. Paths have slashes.
func Hidden(path string, patterns []string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part != "_temporary" && (!strings.HasPrefix(part, ".") || part == "." || part == "..") {
			continue
		}
		named := slices.ContainsFunc(patterns, func(pattern string) bool {
			return slices.ContainsFunc(strings.Split(filepath.ToSlash(pattern), "/"), func(p string) bool {
				matches, _ := doublestar.Match(p, part)
				return p == part || matches && strings.HasPrefix(p, ".")
			})
		})
		if !named {
			return true
		}
	}
	return false
}

// shown are the files that are not hidden.
func shown(found []File, patterns []string) []File {
	return slices.DeleteFunc(found, func(f File) bool { return Hidden(f.Path, patterns) })
}
