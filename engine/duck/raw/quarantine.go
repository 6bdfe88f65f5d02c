package raw

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
)

// QuarantineSchema are the columns of the table that keeps rows which could not be read.
func QuarantineSchema() *schema.Struct {
	s := &schema.Struct{}
	for _, f := range []struct {
		name string
		kind schema.Primitive
	}{
		{"source", schema.String}, {"file", schema.String}, {"line", schema.Long},
		{"raw", schema.String}, {"reason", schema.String}, {"loaded_at", schema.Timestamp},
	} {
		s.Fields = append(s.Fields, schema.Field{Name: f.name, Type: f.kind, Nullable: true})
	}
	return s
}

// quarantine writes bad rows as data files of the quarantine table.
func (r *rawRows) quarantine(ctx context.Context, bad []badRow) (tablefile.Written, error) {
	path := filepath.Join(r.Dir, "bad.jsonl")
	f, err := os.Create(path)
	if err != nil {
		return tablefile.Written{}, err
	}
	defer f.Close()
	out := bufio.NewWriter(f)
	enc := json.NewEncoder(out)
	for _, b := range bad {
		err := enc.Encode(map[string]any{
			"source": r.Spec.Source, "file": cmp.Or(r.raw.OriginalNames[b.file], b.file), "line": b.line, "raw": b.raw, "reason": b.reason,
			"loaded_at": r.Spec.Now.UTC().Format("2006-01-02T15:04:05.000000Z"),
		})
		if err != nil {
			return tablefile.Written{}, err
		}
	}
	if err := out.Flush(); err != nil {
		return tablefile.Written{}, err
	}
	w, err := r.Beside(tablefile.Spec{
		Store: r.Spec.Store, Root: r.Spec.Quarantine, Schema: QuarantineSchema(), FileSize: r.Spec.FileSize, Now: r.Spec.Now,
	})
	if err != nil {
		return tablefile.Written{}, err
	}
	aside := &rawRows{raw: Files{Format: FormatJSON}, Writer: w}
	staged, _, err := aside.stageJSON(ctx, []rawFile{{path: path, size: 1, packing: plain}})
	if err != nil {
		return tablefile.Written{}, err
	}
	return aside.Publish(ctx, staged)
}
