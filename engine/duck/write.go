package duck

import (
	"context"
	"path/filepath"

	"github.com/petalake/petalake/engine/duck/tablefile"
)

// Write runs a SELECT and writes its rows as data files of a table. Columns are matched by name.
// The staging folder must be inside the lake's or the cache's folder; empty chooses one.
func (e *Engine) Write(ctx context.Context, sql string, spec tablefile.Spec) (tablefile.Written, error) {
	ctx, done := e.during(ctx)
	defer done()
	if spec.Staging == "" {
		spec.Staging = e.staging()
	}
	w, err := tablefile.NewWriter(spec)
	if err != nil {
		return tablefile.Written{}, err
	}
	defer w.Close()
	r, err := e.prepare(ctx, sql, nil)
	if err != nil {
		return tablefile.Written{}, err
	}
	defer r.end()
	w.Use(r.conn)
	w.Untyped = true
	d, err := r.conn.Describe(ctx, r.sql)
	if err != nil {
		return tablefile.Written{}, r.failed(ctx, err)
	}
	staged, err := w.CopyFrom(ctx, "("+r.sql+"\n)", d.Schema)
	if err != nil {
		return tablefile.Written{}, r.failed(ctx, err)
	}
	return w.Publish(ctx, staged)
}

// staging is a folder that the engine's DuckDB may write to.
func (e *Engine) staging() string {
	if e.options.LocalRoot != "" {
		return filepath.Join(e.options.LocalRoot, "_petalake", "staging")
	}
	return filepath.Join(e.cache.dir, "staging")
}
