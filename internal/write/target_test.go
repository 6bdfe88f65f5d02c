package write

import (
	"testing"

	"github.com/petalake/petalake/delta/schema"
)

func typeOf(t *testing.T, text string) schema.Type {
	t.Helper()
	typ, err := schema.ParseType(text)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// TestZoned promises that a table which took times without a zone for UTC goes on to do so, at every depth, and no other table does.
func TestZoned(t *testing.T) {
	for _, c := range []struct{ found, table, want string }{
		{"struct<a: timestamp_ntz, b: timestamp_ntz>", "struct<A: timestamp, b: timestamp_ntz>", "struct<a:timestamp,b:timestamp_ntz>"},
		{"struct<a: timestamp_ntz>", "struct<b: timestamp>", "struct<a:timestamp_ntz>"},
		{"struct<a: array<struct<x: timestamp_ntz>>, m: map<string, timestamp_ntz>>", "struct<a: array<struct<x: timestamp>>, m: map<string, timestamp>>", "struct<a:array<struct<x:timestamp>>,m:map<string,timestamp>>"},
		{"struct<a: timestamp>", "struct<a: timestamp_ntz>", "struct<a:timestamp>"},
		{"struct<a: string>", "struct<a: timestamp>", "struct<a:string>"},
	} {
		if got := zoned(typeOf(t, c.found), typeOf(t, c.table)).String(); got != c.want {
			t.Errorf("%s into %s: got %s, want %s", c.found, c.table, got, c.want)
		}
	}
}

// TestLikeType promises that text is read with the types that the table has, and that fields which it has not stay.
func TestLikeType(t *testing.T) {
	for _, c := range []struct{ found, table, want string }{
		{"struct<x: bigint>", "struct<X: double, y: string>", "struct<X:double,y:string>"},
		{"struct<x: bigint, z: date>", "struct<x: string>", "struct<x:string,z:date>"},
		{"array<struct<q: bigint, r: bigint>>", "array<struct<q: int>>", "array<struct<q:int,r:bigint>>"},
		{"string", "array<int>", "array<int>"}, {"bigint", "decimal(10,2)", "decimal(10,2)"},
	} {
		if got := likeType(typeOf(t, c.found), typeOf(t, c.table)).String(); got != c.want {
			t.Errorf("%s in a table of %s: got %s, want %s", c.found, c.table, got, c.want)
		}
	}
}
