package duckdb

import (
	"context"
	"testing"
)

func TestHello(t *testing.T) {
	db, err := Open(Options{Closed: false, AllowedDirs: []string{t.TempDir()}, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	for _, q := range []string{"select 42", "select current_setting('TimeZone'), current_setting('enable_progress_bar')", "select name, value from duckdb_settings() where name like '%progress%'", "select 1+x", "set enable_progress_bar=true", "set global enable_progress_bar=true", "select name, scope from duckdb_settings() where name like '%progress%' or scope like '%LOCAL%'", "select * from '/etc/passwd'", "selec 1", "set variable \"x\" = [1]"} {
		r, err := c.Strings(ctx, q)
		t.Log(q, r, err)
	}
}
