package lake

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
)

// Location is the root of the lake as Spark names it: a URL without a slash at its end.
func (e *Env) Location() string {
	if e.Storage.Folder != "" {
		return "file://" + filepath.ToSlash(e.Storage.Folder) // with one slash alone Sail finds nothing
	}
	bucket := strings.TrimSuffix(strings.TrimPrefix(string(e.Environment.Storage), "s3://"), "/")
	if e.Environment.Spark.Managed() {
		return "s3a://" + bucket
	}
	return "s3://" + bucket
}

// BucketURL is the root of the lake in S3, as AWS writes it.
func (e *Env) BucketURL() string { return strings.Replace(e.Location(), "s3a://", "s3://", 1) }

// ProgramRoot is the root of the lake for programs: EMR has a file system of its own for s3://.
func (e *Env) ProgramRoot() string {
	if e.OnClusters() {
		return e.BucketURL()
	}
	return e.Location()
}

// OnClusters says whether programs run on clusters of the environment's fleet.
func (e *Env) OnClusters() bool { return e.Spec.OnClusters(e.Environment) }

// Holds says whether a location is in the lake, in any of the forms in which it is written.
func (e *Env) Holds(location string) bool {
	root := e.Location()
	for _, form := range []string{root, strings.Replace(root, "s3a://", "s3://", 1), strings.TrimPrefix(root, "file://"), strings.Replace(root, "file://", "file:", 1)} {
		if location == form || strings.HasPrefix(location, form+"/") {
			return true
		}
	}
	return false
}

// CacheFolder is the folder of this machine for what belongs to a place elsewhere: what names the place,
// and the kind of thing that is kept, as in "spark/servers".
func CacheFolder(kind, place string) string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	sum := sha256.Sum256([]byte(place))
	return filepath.Join(base, "petalake", kind, hex.EncodeToString(sum[:8]))
}
