package tablefile

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestCodecs promises files whose every page is compressed as the table's property says, with the name that Spark gives them, and that a
// codec which nobody writes is an error.
func TestCodecs(t *testing.T) {
	for value, c := range map[string]struct{ codec, suffix string }{
		"": {"ZSTD", ".zstd.parquet"}, "zstd": {"ZSTD", ".zstd.parquet"}, "SNAPPY": {"SNAPPY", ".snappy.parquet"}, "gzip": {"GZIP", ".gz.parquet"},
		"lz4_raw": {"LZ4_RAW", ".lz4raw.parquet"}, "brotli": {"BROTLI", ".br.parquet"}, "uncompressed": {"UNCOMPRESSED", ".parquet"}, "none": {"UNCOMPRESSED", ".parquet"},
	} {
		for _, partitioned := range []bool{false, true} {
			b := newBench(t)
			spec := b.spec("a int, b string")
			if value != "" {
				spec.Properties = map[string]string{"delta.parquet.compression.codec": value}
			}
			if partitioned {
				spec.PartitionBy = []string{"a"}
			}
			w, err := b.writeSelect("SELECT i % 3 AS a, repeat('x', 100) AS b FROM range(1000) r(i)", spec)
			if err != nil {
				t.Fatalf("%s: %v", value, err)
			}
			for _, f := range w.Files {
				name := filepath.Base(f.Path)
				if _, after, _ := strings.Cut(name, "."); "."+after != c.suffix {
					t.Errorf("%s: got the name %s, want it to end in %s", value, name, c.suffix)
				}
				got, err := b.conn(b.root).Strings(t.Context(), "SELECT DISTINCT compression FROM parquet_metadata($1)", filepath.Join(b.root, "t", f.Path))
				if err != nil || len(got) != 1 || got[0][0] != c.codec {
					t.Errorf("%s: got %v, %v in the footer, want %s", value, got, err, c.codec)
				}
			}
		}
	}
	b := newBench(t)
	spec := b.spec("a int")
	spec.Properties = map[string]string{"delta.parquet.compression.codec": "lzo"}
	if _, err := b.writeSelect("SELECT 1 AS a", spec); err == nil || !strings.Contains(err.Error(), "delta.parquet.compression.codec") {
		t.Errorf("lzo: got %v, want an error with the property", err)
	}
}
