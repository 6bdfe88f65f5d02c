package catalog_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// lakeOf holds a commit for each table, and whatever else lies around in a lake.
func lakeOf(t *testing.T, keys ...string) *catalog.Local {
	t.Helper()
	lake := store.NewMem()
	for _, key := range keys {
		if err := store.PutBytes(context.Background(), lake, key, []byte("{}"), store.IfAbsent); err != nil {
			t.Fatal(err)
		}
	}
	return catalog.NewLocal(lake)
}

func namesOf(t *testing.T, c *catalog.Local) []string {
	t.Helper()
	var names []string
	for name, err := range c.Names(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.String())
	}
	return names
}

func TestNames(t *testing.T) {
	c := lakeOf(t,
		"_petalake/offsets/x/0.json", "_petalake/x/_delta_log/0.json", "readme.txt",
		"flights/_delta_log/0.json", "flights/part-0.parquet", "flights/year=2001/part-1.parquet", "flights/_change_data/c.parquet",
		"bronze/airports/_delta_log/0.json", "bronze/airports/a/b/c/part.parquet", "bronze/notes.txt", "bronze/export/part.csv",
		"bronze-old/x/_delta_log/0.json", "bronze.x/_delta_log/0.json", "bronze0/y/_delta_log/0.json",
		"spark/warehouse/sales.db/deep/_delta_log/0.json", "raw/2001/1.csv", "raw/2002/_delta_log/0.json",
		"nested/_delta_log/0.json", "nested/inner/_delta_log/0.json", "zz/t/_delta_log/0.json",
	)
	// A folder deeper than schema/table has no name; one whose name has a dot cannot be written in
	// SQL as one name, but is there.
	want := []string{"bronze-old.x", "bronze.x", "bronze.airports", "bronze0.y", "flights", "nested", "raw.2002", "zz.t"}
	got := namesOf(t, c)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("names:\n got %q\nwant %q", got, want)
	}
}

func TestTableIsFoundInAnyCase(t *testing.T) {
	c := lakeOf(t, "Bronze/Flights/_delta_log/0.json", "plain/_delta_log/0.json")
	for _, step := range []struct{ schema, table, root string }{
		{"bronze", "flights", "Bronze/Flights"}, {"BRONZE", "FLIGHTS", "Bronze/Flights"}, {"", "PLAIN", "plain"},
		{"bronze", "new", "bronze/new"}, {"", "flights", "flights"},
	} {
		table, err := c.Table(context.Background(), spec.TableName{Schema: step.schema, Table: step.table})
		if err != nil || table.Root() != step.root {
			t.Errorf("%s.%s: got %v, %v; want the folder %s", step.schema, step.table, table.Root(), err, step.root)
		}
	}
}

func TestVacant(t *testing.T) {
	c := lakeOf(t, "a/_delta_log/0.json", "s/t/_delta_log/0.json")
	for name, clashes := range map[string]bool{"a.b": true, "A.b": true, "s": true, "S": true, "b.a": false, "s.u": false, "b": false} {
		parsed, err := catalog.ParseName(name)
		if err != nil {
			t.Fatal(err)
		}
		var clash *catalog.ClashError
		if err := c.Vacant(context.Background(), parsed); errors.As(err, &clash) != clashes {
			t.Errorf("%s: got %v, want a clash: %v", name, err, clashes)
		}
	}
}

func TestParseName(t *testing.T) {
	for text, want := range map[string]spec.TableName{
		"flights": {Table: "flights"}, "bronze.flights": {Schema: "bronze", Table: "flights"}, "sp ace": {Table: "sp ace"}, "_quarantine": {Table: "_quarantine"},
	} {
		if got, err := catalog.ParseName(text); err != nil || got != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", ".", "..", "a.", ".a", "a.b.c", "a/b", `a\b`, "..a", "a\x00b", "a\nb", "_petalake", "_petalake.x", "_PETALAKE.x", "information_schema.x"} {
		if got, err := catalog.ParseName(text); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: got %v, %v; want that it is invalid", text, got, err)
		}
	}
}
