package datafile

import (
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/parquet/compress"
)

// Codec is how the pages of a file are compressed, by its name in Spark's settings. The zero value is zstd.
type Codec string

// codecs are those that petalake and DuckDB write alike.
var codecs = map[Codec]struct {
	library compress.Compression
	duckDB  string
	suffix  string // of a file's name, as Spark has it
}{
	"":             {compress.Codecs.Zstd, "zstd", ".zstd"},
	"zstd":         {compress.Codecs.Zstd, "zstd", ".zstd"},
	"snappy":       {compress.Codecs.Snappy, "snappy", ".snappy"},
	"gzip":         {compress.Codecs.Gzip, "gzip", ".gz"},
	"lz4_raw":      {compress.Codecs.Lz4Raw, "lz4_raw", ".lz4raw"},
	"brotli":       {compress.Codecs.Brotli, "brotli", ".br"},
	"none":         {compress.Codecs.Uncompressed, "uncompressed", ""},
	"uncompressed": {compress.Codecs.Uncompressed, "uncompressed", ""},
}

// CodecOf is the codec that a table's properties ask for, in delta.parquet.compression.codec.
func CodecOf(properties map[string]string) (Codec, error) {
	name := properties["delta.parquet.compression.codec"]
	c := Codec(strings.ToLower(name))
	if _, ok := codecs[c]; !ok {
		return "", fmt.Errorf("property delta.parquet.compression.codec: %q: want zstd, snappy, gzip, lz4_raw, brotli or uncompressed", name)
	}
	return c, nil
}

func (c Codec) library() (compress.Compression, error) {
	if k, ok := codecs[c]; ok {
		return k.library, nil
	}
	return 0, fmt.Errorf("codec %q is not known", string(c))
}

// DuckDB is the codec's name in DuckDB's COPY.
func (c Codec) DuckDB() string { return codecs[c].duckDB }

// Suffix is what the name of a file has before .parquet.
func (c Codec) Suffix() string { return codecs[c].suffix }
