package petalake_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/servers"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// TestCatalogSync promises that the catalog of an account shows the tables of a lake as they come, change and
// go, and no others of ours; and that Lake Formation is told who may read what of them.
func TestCatalogSync(t *testing.T) {
	moto := servers.Moto(t)
	moto.Bucket(t, "acme")
	moto.Environ(t)
	cfg, err := awsx.Load(t.Context(), awsx.Options{Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := s3.Open(t.Context(), s3.Options{Bucket: "acme", Region: "us-east-1", Endpoint: moto.Endpoint, PathStyle: true})
	if err != nil {
		t.Fatal(err)
	}
	put := func(key, text string) {
		t.Helper()
		if err := bucket.Put(t.Context(), key, strings.NewReader(text), store.Always); err != nil {
			t.Fatal(err)
		}
	}
	put("raw/a.csv", "id,shop\n1,x\n2,y\n")
	h := newHouse(t, map[string]string{"lakehouse.yaml": `lakehouse: shop
sources:
  orders: {path: raw/*.csv, table: bronze.orders}
models:
  gold.counts: {query: "SELECT shop, count(*) AS n FROM bronze.orders GROUP BY shop", description: orders of each shop}
access:
  roles:
    analyst: {members: "arn:aws:iam::123456789012:role/ann", reads: [gold.*, bronze.orders], except: [bronze.orders.id]}
environments:
  prod: {storage: "s3://acme/lake", s3: {path_style: true}, aws: {region: us-east-1, account: 123456789012}}
`})
	lake := h.open()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	shown := map[string]bool{}
	err = lake.Run(ctx, petalake.Up{Every: time.Hour}, func(e petalake.Event) {
		if e.State == petalake.Failed {
			t.Error(e.Kind, e.Name, e.Err)
		}
		if table, _, ok := strings.Cut(e.Note, ": "); e.Kind == "catalog" && ok {
			if shown[table] = true; len(shown) == 4 {
				stop()
			}
		}
	})
	if ctx.Err() == context.DeadlineExceeded {
		t.Fatalf("%v: shown are %v", err, shown)
	}
	lake = h.open()
	sync, err := lake.Rooms().Daemon.Catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if steps, err := sync.Sync(t.Context()); err != nil || len(steps) != 0 {
		t.Errorf("again: %v, %v, want nothing to do", steps, err)
	}
	if got := inCatalog(t, cfg); got != "{s3://acme/lake/bronze/orders [{id bigint} {shop string}]}" {
		t.Errorf("in the catalog: %s", got)
	}
	if got := grantedTo(t, cfg, "-analyst"); got["Database"] != 2 || got["TableWithColumns"] != 1 || got["Table"] != 1 {
		t.Errorf("granted to the analyst: %v, want two databases, all tables of one, and columns of a table of the other", got)
	}
	for o, err := range bucket.List(t.Context(), "lake/gold/counts/", "") {
		if err != nil {
			t.Fatal(err)
		}
		if err := bucket.Delete(t.Context(), o.Key); err != nil {
			t.Fatal(err)
		}
	}
	steps, err := sync.Sync(t.Context())
	if err != nil || len(steps) != 2 || steps[0].Name() != "shop_prod_gold.counts" || steps[1].Name() != "shop_prod_gold" {
		t.Errorf("a table that is gone: %v, %v, want it and its schema gone from the catalog", steps, err)
	}
}

// inCatalog is what the catalog has of the table orders.
func inCatalog(t *testing.T, cfg aws.Config) string {
	t.Helper()
	var out struct {
		Table struct {
			StorageDescriptor struct {
				Location string
				Columns  []struct{ Name, Type string }
			}
		}
	}
	in := map[string]any{"DatabaseName": "shop_prod_bronze", "Name": "orders"}
	if err := awsx.JSON(t.Context(), cfg, "glue", "us-east-1", "AWSGlue.GetTable", in, &out); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(out.Table.StorageDescriptor)
}

// grantedTo counts, by kind, what Lake Formation grants to a principal whose name ends so.
func grantedTo(t *testing.T, cfg aws.Config, principal string) map[string]int {
	t.Helper()
	var granted struct {
		PrincipalResourcePermissions []struct {
			Principal struct{ DataLakePrincipalIdentifier string }
			Resource  map[string]any
		}
	}
	if err := awsx.REST(t.Context(), cfg, "lakeformation", "us-east-1", "/ListPermissions", map[string]any{}, &granted); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, p := range granted.PrincipalResourcePermissions {
		if strings.HasSuffix(p.Principal.DataLakePrincipalIdentifier, principal) {
			for kind := range p.Resource {
				got[kind]++
			}
		}
	}
	return got
}
