package s3_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
	"github.com/petalake/petalake/store/storetest"
)

// testServer runs the suite with one fresh folder of one bucket for each test.
func testServer(t *testing.T, server *servers.Server, wrap func(store.Store) store.Store) {
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
		return wrap(s)
	})
}

func TestMoto(t *testing.T) {
	testServer(t, servers.Moto(t), func(s store.Store) store.Store { return s })
}

func TestVersityGW(t *testing.T) {
	testServer(t, servers.VersityGW(t), func(s store.Store) store.Store { return withoutTemporary{s} })
}

// withoutTemporary leaves out of listings what versitygw 1.8.0 shows for a moment while an object is
// overwritten: its own temporary file in the same folder.
type withoutTemporary struct{ store.Store }

func (s withoutTemporary) List(ctx context.Context, prefix, start string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for o, err := range s.Store.List(ctx, prefix, start) {
			if err == nil && strings.Contains(o.Key, ".sgwtmp.") {
				continue
			}
			if !yield(o, err) {
				return
			}
		}
	}
}
