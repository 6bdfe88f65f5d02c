package datafile

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

// corpus returns the files below a folder of the archive of tables that others wrote.
func corpus(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	if testing.Short() {
		t.Skip("the archive is unpacked for each test: left out with -short")
	}
	shared := os.Getenv("PETALAKE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	f, err := os.Open(filepath.Join(shared, "data/delta/corpus.tar.zst"))
	if err != nil && (os.Getenv("CI") != "true" || shared == "none") {
		t.Skipf("no tables of others: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(1<<27))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		name, below := strings.CutPrefix(h.Name, folder)
		switch {
		case below && h.Typeflag == tar.TypeReg:
			if files[name], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		case !below && len(files) > 0: // a folder's entries stand together
			return files
		}
	}
}

// physical renames the columns to what the files call them.
func physical(s *schema.Struct) *schema.Struct {
	p := &schema.Struct{}
	for _, f := range s.Fields {
		f.Name = f.Metadata["delta.columnMapping.physicalName"].(string)
		if inner, ok := f.Type.(*schema.Struct); ok {
			f.Type = physical(inner)
		}
		p.Fields = append(p.Fields, f)
	}
	return p
}

// TestStatisticsOfSpark reads a file that Spark wrote and finds the statistics that Spark found,
// byte for byte but for tightBounds, which Spark writes only where deletion vectors may come.
func TestStatisticsOfSpark(t *testing.T) {
	files := corpus(t, "./delta-kernel-rs/stats-writing-all-types/delta/")
	var table *schema.Struct
	checked := 0
	for _, log := range []string{"_delta_log/00000000000000000000.json", "_delta_log/00000000000000000001.json"} {
		for line := range bytes.Lines(files[log]) {
			var action struct {
				MetaData *struct{ SchemaString string }
				Add      *struct{ Path, Stats string }
			}
			if err := json.Unmarshal(line, &action); err != nil {
				t.Fatal(err)
			}
			if action.MetaData != nil {
				s, err := schema.Parse([]byte(action.MetaData.SchemaString))
				if err != nil {
					t.Fatal(err)
				}
				if got := string(s.JSON()); got != action.MetaData.SchemaString {
					t.Errorf("schema:\n got %s\nwant %s", got, action.MetaData.SchemaString)
				}
				table = physical(s)
			}
			if action.Add != nil && action.Add.Stats != "" {
				checkSpark(t, table, files[action.Add.Path], action.Add.Stats)
				checked++
			}
		}
	}
	if checked == 0 {
		t.Error("got no file with statistics, want at least one")
	}
}

func checkSpark(t *testing.T, s *schema.Struct, body []byte, want string) {
	t.Helper()
	m := store.NewMem()
	if err := store.PutBytes(t.Context(), m, "f", body, store.Always); err != nil {
		t.Fatal(err)
	}
	c := stats.NewCollector(s, stats.Indexed(s, nil), 0)
	for b, err := range Read(t.Context(), m, "f", int64(len(body)), s, ReadOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Add(b); err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	got := strings.Replace(string(c.File().JSON(s)), `,"tightBounds":true`, "", 1)
	if got != want {
		t.Errorf("statistics:\n got %s\nwant %s", got, want)
	}
	parsed, err := stats.Parse([]byte(want), s)
	if err != nil || strings.Replace(string(parsed.JSON(s)), `,"tightBounds":true`, "", 1) != want {
		t.Errorf("statistics of Spark, parsed and written:\n got %s, %v\nwant %s", parsed.JSON(s), err, want)
	}
}
