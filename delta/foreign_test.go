package delta

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/store"
)

// addLine is a commit with one file, whose path the log has in this form.
func addLine(t *testing.T, s store.Store, key, uri string) {
	t.Helper()
	line := fmt.Sprintf(`{"add":{"path":%q,"partitionValues":{},"size":1,"modificationTime":1,"dataChange":true,"stats":"{\"numRecords\":1}"}}`, uri)
	if err := s.Put(t.Context(), key, strings.NewReader(line+"\n"), store.IfAbsent); err != nil {
		t.Fatal(err)
	}
}

// TestShallowClone promises that a table with files of another table is refused by what it is, from commits and from a checkpoint.
func TestShallowClone(t *testing.T) {
	for _, uri := range []string{"file:/lake/other/a.parquet", "s3://bucket/other/a.parquet", "/lake/other/a.parquet"} {
		mem := store.NewMem()
		tab := At(mem, "t")
		create(t, tab, Metadata{Schema: idSchema(), Configuration: map[string]string{"delta.checkpointInterval": "2"}})
		addLine(t, mem, "t/_delta_log/00000000000000000001.json", uri)
		for range 2 {
			var refused *UnsupportedError
			for _, err := range latest(t, tab).Files(t.Context(), nil) {
				errors.As(err, &refused)
			}
			if refused == nil || !strings.Contains(refused.Error(), "a shallow clone") || !strings.Contains(refused.Hint(), "CREATE TABLE") {
				t.Fatalf("%s: got %v, want an *UnsupportedError that says what it is", uri, refused)
			}
			if _, err := tab.Update(t.Context(), func(x *Txn) error { x.Add(someFile("b.parquet", 1, 2)); return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestPathsInAnotherForm promises a warning of Check for letters beyond ASCII that are escaped, in commits and in a checkpoint, and none for
// paths as Spark writes them.
func TestPathsInAnotherForm(t *testing.T) {
	for uri, want := range map[string]bool{"p=%C3%A9/a.parquet": true, "p=é/a.parquet": false, "p=%2520/a.parquet": false, "p=é%2520/a.parquet": false, "p=é%C3%A9/a.parquet": true} {
		mem := store.NewMem()
		tab := At(mem, "t")
		create(t, tab, Metadata{Schema: idSchema()})
		addLine(t, mem, "t/_delta_log/00000000000000000001.json", uri)
		report, err := tab.Check(t.Context(), CheckOptions{})
		if err != nil || (len(report.Warnings) > 0) != want || want && !strings.Contains(report.Warnings[0], "INSERT OVERWRITE") {
			t.Errorf("%s: got warnings %q, %v", uri, report.Warnings, err)
		}
	}
}

// TestCodecOfRows promises that rows of Go are compressed as the table's property says.
func TestCodecOfRows(t *testing.T) {
	for codec, want := range map[string]string{"": "ZSTD", "snappy": "SNAPPY", "GZIP": "GZIP", "uncompressed": "UNCOMPRESSED"} {
		mem := store.NewMem()
		tab := At(mem, "t")
		m := Metadata{Schema: idSchema(), Configuration: map[string]string{}}
		if codec != "" {
			m.Configuration["delta.parquet.compression.codec"] = codec
		}
		create(t, tab, m)
		if _, err := Append(t.Context(), tab, jsonRows(t, schema.ToArrow(idSchema()).Fields(), `[{"id": 1}]`), AppendOptions{}); err != nil {
			t.Fatal(err)
		}
		for f, err := range latest(t, tab).Files(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			body, err := store.ReadAll(t.Context(), mem, "t/"+f.Path)
			if err != nil {
				t.Fatal(err)
			}
			r, err := file.NewParquetReader(strings.NewReader(string(body)))
			if err != nil {
				t.Fatal(err)
			}
			chunk, err := r.MetaData().RowGroup(0).ColumnChunk(0)
			if err != nil || chunk.Compression().String() != want {
				t.Errorf("%s: got %v, %v, want %s", codec, chunk.Compression(), err, want)
			}
		}
	}
}
