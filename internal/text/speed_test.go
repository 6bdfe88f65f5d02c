package text

import (
	"io"
	"os"
	"testing"

	"github.com/petalake/petalake/delta/schema"
)

// BenchmarkJSON reads the file of JSON that PETALAKE_JSON names, with the types that its values have.
func BenchmarkJSON(b *testing.B) {
	path := os.Getenv("PETALAKE_JSON")
	info, err := os.Stat(path)
	if err != nil {
		b.Skip("PETALAKE_JSON names no file")
	}
	s := Source{JSON: true, Files: []File{{Path: path}}, Open: func(path string) (io.ReadCloser, error) { return os.Open(path) }}
	guesses, err := Guesses(b.Context(), s, 1000)
	if err != nil {
		b.Fatal(err)
	}
	for _, g := range guesses {
		typ, _, err := g.Type()
		if err != nil {
			b.Fatal(err)
		}
		s.Fields = append(s.Fields, schema.Field{Name: g.Name, Type: typ})
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		r := NewReader(s)
		rows, err := r.Rows()
		if err != nil {
			b.Fatal(err)
		}
		for n := 1; n > 0; {
			if n, err = rows.Fill(b.Context(), 2048); err != nil {
				b.Fatal(err)
			}
		}
		r.Close()
	}
}
