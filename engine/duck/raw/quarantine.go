package raw

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/text"
)

// QuarantineSchema are the columns of the table that keeps rows which could not be read.
func QuarantineSchema() *schema.Struct {
	s := &schema.Struct{}
	for _, f := range []struct {
		name string
		kind schema.Primitive
	}{
		{"source", schema.String}, {"file", schema.String}, {"line", schema.Long}, {"raw", schema.String}, {"reason", schema.String},
		{"loaded_at", schema.Timestamp}, {"table", schema.String}, {"reading", schema.String}, {"replay", schema.Long},
	} {
		s.Fields = append(s.Fields, schema.Field{Name: f.name, Type: f.kind, Nullable: true})
	}
	return s
}

// Reading says how the text of a row in the quarantine is to be read, whatever its file is by then.
type Reading struct {
	Format    Format   `json:"format"`
	Delimiter string   `json:"delimiter,omitempty"`
	Quote     string   `json:"quote,omitempty"`
	Escape    string   `json:"escape,omitempty"`
	Columns   []string `json:"columns,omitempty"` // of CSV: the names of its values in the table, "" of one that is not taken
	Named     bool     `json:"named,omitempty"`   // of JSON: its names are those of the table, not of the files
}

// readingOf says how the text of a row of a file is read.
func readingOf(s text.Source, file string) Reading {
	if s.JSON {
		return Reading{Format: FormatJSON}
	}
	r := Reading{Format: FormatCSV, Delimiter: s.CSV.Delimiter, Quote: signText(s.CSV.Quote), Escape: signText(s.CSV.Escape)}
	at := slices.IndexFunc(s.Files, func(f text.File) bool { return f.Path == file })
	for i, column := range s.Files[at].Columns {
		name := s.Files[at].Names[i]
		if column >= 0 {
			name = s.Fields[column].Name
		}
		r.Columns = append(r.Columns, name)
	}
	return r
}

func signText(b byte) string {
	if b == 0 {
		return ""
	}
	return string(b)
}

// quarantine writes bad rows as data files of the quarantine table.
func (r *rawRows) quarantine(ctx context.Context, bad []badRow) (tablefile.Written, error) {
	w, err := r.Beside(tablefile.Spec{
		Store: r.Spec.Store, Root: r.Spec.Quarantine, Schema: QuarantineSchema(), FileSize: r.Spec.FileSize, Now: r.Spec.Now, Source: r.Spec.Source,
	})
	if err != nil {
		return tablefile.Written{}, err
	}
	return (&rawRows{raw: r.raw, Writer: w}).aside(ctx, bad)
}

// aside writes bad rows as data files, where r is the quarantine.
func (r *rawRows) aside(ctx context.Context, bad []badRow) (tablefile.Written, error) {
	path := filepath.Join(r.Dir, "bad.jsonl")
	f, err := os.Create(path)
	if err != nil {
		return tablefile.Written{}, err
	}
	defer f.Close()
	out := bufio.NewWriter(f)
	enc := json.NewEncoder(out)
	for _, b := range bad {
		b.file = cmp.Or(r.raw.OriginalNames[b.file], b.file)
		if r.raw.Origin != nil {
			b.file, b.line = r.raw.Origin(b.file, b.line)
		}
		row := map[string]any{
			"source": r.Spec.Source, "file": b.file, "reason": b.reason, "table": r.raw.Table,
			"loaded_at": r.Spec.Now.UTC().Format("2006-01-02T15:04:05.000000Z"), "line": nil, "raw": nil,
		}
		if b.line > 0 {
			row["line"], row["raw"] = b.line, b.raw
		}
		reading, err := json.Marshal(b.reading)
		if err != nil {
			return tablefile.Written{}, err
		}
		row["reading"] = string(reading)
		if err := enc.Encode(row); err != nil {
			return tablefile.Written{}, err
		}
	}
	if err := out.Flush(); err != nil {
		return tablefile.Written{}, err
	}
	json := &rawRows{raw: Files{Format: FormatJSON}, Writer: r.Writer}
	staged, _, err := json.stageJSON(ctx, []rawFile{{path: path, size: 1, packing: plain}})
	if err != nil {
		return tablefile.Written{}, err
	}
	return json.Publish(ctx, staged)
}

// LongestText is how many bytes of a row's text the quarantine keeps at most.
const LongestText = text.LongestRaw
