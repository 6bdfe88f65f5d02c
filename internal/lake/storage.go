package lake

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// Storage is where an environment keeps its lake.
type Storage struct {
	Store  store.Store // the bytes of the lake
	Folder string      // of the lake where it is on a disk of this machine; else ""
	Cache  string      // the folder for parts of files of a lake that is elsewhere; else ""
	Raw    store.Store // the whole bucket, where raw files are in it beside the lake; else nil
}

// openStorage opens the storage of an environment whose variables are resolved.
func openStorage(ctx context.Context, e *spec.Environment, dir string) (Storage, error) {
	storage := string(e.Storage)
	if storage == "" {
		return Storage{}, &unnamedBucketError{e}
	}
	if bucket, ok := strings.CutPrefix(storage, "s3://"); ok {
		return OpenBucket(ctx, e, bucket)
	}
	folder := absolute(dir, storage)
	disk, err := store.OpenDisk(folder)
	if err != nil {
		return Storage{}, fmt.Errorf("%s: storage of environment %s: %w", e.At("storage"), e.Name, err)
	}
	return Storage{Store: disk, Folder: folder}, nil
}

// OpenBucket opens a bucket, or a folder of it, as an environment reaches buckets. Path is bucket/prefix.
func OpenBucket(ctx context.Context, e *spec.Environment, path string) (Storage, error) {
	bucket, prefix, _ := strings.Cut(path, "/")
	options := awsx.Bucket(e, bucket)
	options.Prefix, options.Encryption = strings.Trim(prefix, "/"), encryption(e.S3)
	opened, err := s3.Open(ctx, options)
	if err != nil {
		return Storage{}, fmt.Errorf("%s: storage of environment %s: %w", e.At("storage"), e.Name, err)
	}
	out := Storage{Store: opened, Cache: cacheFolder(options)}
	if e.InAWS() {
		options.Prefix = ""
		if out.Raw, err = s3.Open(ctx, options); err != nil {
			return Storage{}, err
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
	if _, err := os.UserCacheDir(); err != nil {
		return ""
	}
	return CacheFolder("", o.Endpoint+"\x00"+o.Bucket+"\x00"+o.Prefix)
}

// unnamedBucketError is a bucket of petalake deploy whose name is not known.
type unnamedBucketError struct{ e *spec.Environment }

func (u *unnamedBucketError) Error() string {
	return fmt.Sprintf("%s: storage of environment %s: the name of its bucket ends in the account, which is not written", u.e.At("aws"), u.e.Name)
}

func (u *unnamedBucketError) Hint() string {
	return "write account: under aws, or storage: s3://bucket/prefix"
}
