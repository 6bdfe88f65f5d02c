package cli

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// The commands on a lake in a bucket, on two servers.
func TestScriptsInS3(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *servers.Server{"moto": servers.Moto, "versitygw": servers.VersityGW} {
		t.Run(name, func(t *testing.T) { runInS3(t, start(t), "s3") })
	}
}

// What is wrong with a bucket, on a server that checks signatures.
func TestWrongS3(t *testing.T) { runInS3(t, servers.VersityGW(t), "s3wrong") }

func runInS3(t *testing.T, server *servers.Server, dir string) {
	server.Bucket(t, "lake")
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", dir),
		Setup: func(e *testscript.Env) error {
			for key, value := range map[string]string{
				"HOME": e.WorkDir, "XDG_CACHE_HOME": filepath.Join(e.WorkDir, "cache"), "AWS_EC2_METADATA_DISABLED": "true",
				"LAKE_ENDPOINT": server.Endpoint, "LAKE_REGION": server.Region, "LAKE_KEY": server.AccessKey, "LAKE_SECRET": server.SecretKey,
			} {
				e.Setenv(key, value)
			}
			return nil
		},
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "put": put},
		RequireExplicitExec: true,
	})
}

// put puts a file into the bucket: put file key.
func put(ts *testscript.TestScript, _ bool, args []string) {
	bucket, err := s3.Open(context.Background(), s3.Options{
		Bucket: "lake", Endpoint: ts.Getenv("LAKE_ENDPOINT"), Region: ts.Getenv("LAKE_REGION"), PathStyle: true,
		Credentials: &s3.Credentials{AccessKey: ts.Getenv("LAKE_KEY"), SecretKey: ts.Getenv("LAKE_SECRET")},
	})
	ts.Check(err)
	ts.Check(bucket.Put(context.Background(), args[1], strings.NewReader(ts.ReadFile(args[0])), store.Always))
}
