package cli

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/petalake/petalake/internal/servers"
)

// The commands of a lakehouse in AWS, on moto.
func TestScriptsInAWS(t *testing.T) {
	if runtime.GOOS+"/"+runtime.GOARCH != "linux/amd64" {
		t.Skip("the lakehouse of the script runs on a machine of linux/amd64")
	}
	moto := servers.Moto(t)
	moto.Bucket(t, "lake")
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "aws"),
		Setup: func(e *testscript.Env) error {
			for key, value := range map[string]string{
				"HOME": e.WorkDir, "AWS_ENDPOINT_URL": moto.Endpoint, "AWS_ACCESS_KEY_ID": moto.AccessKey, "AWS_SECRET_ACCESS_KEY": moto.SecretKey,
				"LAKE_ENDPOINT": moto.Endpoint, "LAKE_REGION": moto.Region, "LAKE_KEY": moto.AccessKey, "LAKE_SECRET": moto.SecretKey, // of put
			} {
				e.Setenv(key, value)
			}
			return nil
		},
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "put": put},
		RequireExplicitExec: true,
	})
}
