package petalake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// place is where an environment keeps its lake.
type place struct {
	store  store.Store
	folder string      // of the lake, where it is on this machine; else ""
	cache  string      // for parts of a lake that is elsewhere
	raw    store.Store // the whole bucket, where raw files are in it beside the lake; else nil
	close  func()
}

// openPlace opens the storage of an environment whose variables are resolved.
func openPlace(ctx context.Context, e *spec.Environment, dir string) (place, error) {
	storage := string(e.Storage)
	if storage == "" {
		return place{}, &unnamedBucketError{e}
	}
	if bucket, ok := strings.CutPrefix(storage, "s3://"); ok {
		return openBucket(ctx, e, bucket)
	}
	folder := absolute(dir, storage)
	disk, err := store.OpenDisk(folder)
	if err != nil {
		return place{}, fmt.Errorf("%s: storage of environment %s: %w", e.At("storage"), e.Name, err)
	}
	return place{store: disk, folder: folder, close: func() {}}, nil
}

func openBucket(ctx context.Context, e *spec.Environment, path string) (place, error) {
	bucket, prefix, _ := strings.Cut(path, "/")
	options := awsx.Bucket(e, bucket)
	options.Prefix, options.Encryption = strings.Trim(prefix, "/"), encryption(e.S3)
	opened, err := s3.Open(ctx, options)
	if err != nil {
		return place{}, fmt.Errorf("%s: storage of environment %s: %w", e.At("storage"), e.Name, err)
	}
	out := place{store: opened, cache: cacheFolder(options), close: func() {}}
	if e.InAWS() {
		options.Prefix = ""
		if out.raw, err = s3.Open(ctx, options); err != nil {
			return place{}, err
		}
	}
	return out, nil
}

func encryption(o spec.S3) s3.Encryption {
	switch o.SSE {
	case spec.SSES3:
		return s3.Encryption{Mode: "AES256"}
	case spec.SSEKMS:
		return s3.Encryption{Mode: "aws:kms", KeyID: string(o.KMSKey), BucketKey: true}
	}
	return s3.Encryption{}
}

// cacheFolder keeps what was fetched from a bucket between runs; "" where the system has no place
// for caches.
func cacheFolder(o s3.Options) string {
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256([]byte(o.Endpoint + "\x00" + o.Bucket + "\x00" + o.Prefix))
	return filepath.Join(base, "petalake", hex.EncodeToString(sum[:8]))
}

// absolute is a path of lakehouse.yaml, which is relative to its folder.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// unnamedBucketError is a bucket of petalake deploy whose name is not known.
type unnamedBucketError struct{ e *spec.Environment }

func (u *unnamedBucketError) Error() string {
	return fmt.Sprintf("%s: storage of environment %s: the name of its bucket ends in the account, which is not written", u.e.At("aws"), u.e.Name)
}

func (u *unnamedBucketError) Hint() string {
	return "write account: under aws, or storage: s3://bucket/prefix"
}
