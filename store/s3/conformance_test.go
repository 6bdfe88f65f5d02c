package s3_test

import (
	"fmt"
	"testing"

	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
	"github.com/petalake/petalake/store/storetest"
)

// testServer runs the suite with one fresh folder of one bucket for each test.
func testServer(t *testing.T, server *servers.Server) {
	server.Bucket(t, "lake")
	n := 0
	storetest.Run(t, func(t *testing.T) store.Store {
		n++
		s, err := s3.Open(t.Context(), s3.Options{
			Bucket: "lake", Prefix: fmt.Sprintf("folder %d/sub", n), Endpoint: server.Endpoint, Region: server.Region, PathStyle: true,
			Credentials:   &s3.Credentials{AccessKey: server.AccessKey, SecretKey: server.SecretKey},
			MultipartFrom: 8 << 20, PartSize: 5 << 20, Encryption: s3.Encryption{},
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestMoto(t *testing.T)      { testServer(t, servers.Moto(t)) }
func TestVersityGW(t *testing.T) { testServer(t, servers.VersityGW(t)) }
