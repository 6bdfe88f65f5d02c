package datafile

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake/store"
)

// python is the interpreter that has pyarrow; without one the test is skipped, but not in CI. With -short it
// is skipped, too.
func python(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("Python takes its time: left out with -short")
	}
	path, err := filepath.Abs("../../.tools/venv/bin/python")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("no Python environment: %v", err)
	}
	if err != nil {
		t.Skipf("no Python environment: %v", err)
	}
	return path
}

func run(t *testing.T, script string, args ...string) string {
	t.Helper()
	c := exec.Command(python(t), append([]string{"-c", script}, args...)...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("python: %v\n%s", err, out)
	}
	return string(out)
}

const everyColumn = "s string, l bigint, i int, h smallint, y tinyint, f float, d double, b boolean, x binary, dt date, ts timestamp," +
	"n timestamp_ntz, dec decimal(38,10), li array<int>, m map<string,array<bigint>>, o struct<a int, p struct<q array<struct<z string>>>>"

const everyRow = `[{"s":"é","l":-9223372036854775808,"i":1,"h":2,"y":-3,"f":0.5,"d":1e300,"b":true,"x":"AP8=","dt":"1969-12-31",` +
	`"ts":"2024-01-01T00:00:00.123456Z","n":"0001-01-01 00:00:00.000001","dec":"-1234567890123456789012345678.0123456789","li":[1,null],` +
	`"m":[{"key":"k","value":[1,2]}],"o":{"a":1,"p":{"q":[{"z":"deep"},null]}}},{},{"li":[],"m":[],"o":{"p":null}}]`

func TestPyArrowReadsOurs(t *testing.T) {
	python(t)
	dir := t.TempDir()
	disk, err := store.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := structOf(t, everyColumn)
	for _, codec := range []string{"zstd", "snappy", "gzip", "none"} {
		if _, _, err := Write(t.Context(), disk, codec+".parquet", s, each(batchOf(t, s, everyRow)), Options{Codec: Codec(codec)}); err != nil {
			t.Fatal(err)
		}
		got := run(t, `
import sys, pyarrow.parquet as pq
f = pq.ParquetFile(sys.argv[1])
print(f.metadata.row_group(0).column(0).compression)
print(f.schema_arrow.remove_metadata())
for row in f.read().to_pylist(): print({k: str(v) for k, v in row.items() if v is not None})
`, filepath.Join(dir, codec+".parquet"))
		want := `s: string
l: int64
i: int32
h: int16
y: int8
f: float
d: double
b: bool
x: binary
dt: date32[day]
ts: timestamp[us, tz=UTC]
n: timestamp[us]
dec: decimal128(38, 10)
li: list<element: int32>
  child 0, element: int32
m: map<string, list<element: int64> ('m')>
  child 0, m: struct<key: string not null, value: list<element: int64>> not null
      child 0, key: string not null
      child 1, value: list<element: int64>
          child 0, element: int64
o: struct<a: int32, p: struct<q: list<element: struct<z: string>>>>
  child 0, a: int32
  child 1, p: struct<q: list<element: struct<z: string>>>
      child 0, q: list<element: struct<z: string>>
          child 0, element: struct<z: string>
              child 0, z: string
{'s': 'é', 'l': '-9223372036854775808', 'i': '1', 'h': '2', 'y': '-3', 'f': '0.5', 'd': '1e+300', 'b': 'True', 'x': "b'\\x00\\xff'", 'dt': '1969-12-31', 'ts': '2024-01-01 00:00:00.123456+00:00', 'n': '0001-01-01 00:00:00.000001', 'dec': '-1234567890123456789012345678.0123456789', 'li': '[1, None]', 'm': "[('k', [1, 2])]", 'o': "{'a': 1, 'p': {'q': [{'z': 'deep'}, None]}}"}
{}
{'li': '[]', 'm': '[]', 'o': "{'a': None, 'p': None}"}
`
		name := map[string]string{"none": "UNCOMPRESSED"}[codec]
		if name == "" {
			name = strings.ToUpper(codec)
		}
		if want = name + "\n" + want; got != want {
			t.Errorf("%s:\n got %s\nwant %s", codec, got, want)
		}
	}
}

func TestWeReadPyArrow(t *testing.T) {
	dir := t.TempDir()
	run(t, `
import sys, datetime as dt, decimal, pyarrow as pa, pyarrow.parquet as pq
utc = dt.timezone.utc
t = pa.table({
  'u': pa.array([1, None, 3], pa.uint32()),
  'big': pa.array(['a', None, 'c'], pa.large_string()),
  'dict': pa.array(['x', 'x', None]).dictionary_encode(),
  'ns': pa.array([1000, None, -1000], pa.timestamp('ns', tz='UTC')),
  'ms': pa.array([1, None, -1], pa.timestamp('ms')),
  'dec': pa.array([decimal.Decimal('1.5'), None, decimal.Decimal('-2.5')], pa.decimal128(5, 1)),
  'l': pa.array([[1, 2], None, []], pa.large_list(pa.int16())),
  'm': pa.array([[('k', 1)], None, []], pa.map_(pa.string(), pa.int32())),
  'o': pa.array([{'a': 1, 'b': 'x'}, None, {'a': None, 'b': None}]),
  'fixed': pa.array([b'ab', None, b'cd'], pa.binary(2)),
})
for name, options in {
  'plain': dict(use_dictionary=False, compression='none'),
  'v2': dict(data_page_version='2.0', compression='zstd', row_group_size=1),
  'int96': dict(use_deprecated_int96_timestamps=True, compression='gzip'),
  'old': dict(version='1.0', compression='snappy', store_schema=False),
  'ints': dict(store_decimal_as_integer=True, compression='lz4'),
  'brotli': dict(compression='brotli'),
}.items():
  pq.write_table(t, sys.argv[1] + '/' + name, **options)
`, dir)
	disk, err := store.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := structOf(t, "u bigint, big string, dict string, ns timestamp, ms timestamp_ntz, dec decimal(8,2), l array<int>, m map<string,bigint>, o struct<b string, a bigint>, fixed binary")
	rows := batchOf(t, want, `[{"u":1,"big":"a","dict":"x","ns":"1970-01-01T00:00:00.000001Z","ms":"1970-01-01 00:00:00.001","dec":"1.50","l":[1,2],"m":[{"key":"k","value":1}],"o":{"b":"x","a":1},"fixed":"YWI="},
		{"dict":"x"},{"u":3,"big":"c","ns":"1969-12-31T23:59:59.999999Z","ms":"1969-12-31 23:59:59.999","dec":"-2.50","l":[],"m":[],"o":{},"fixed":"Y2Q="}]`)
	for _, name := range []string{"plain", "v2", "int96", "old", "ints", "brotli"} {
		o, err := store.Stat(t.Context(), disk, name)
		if err != nil {
			t.Fatal(err)
		}
		want, rows := want, rows
		if name == "int96" { // has no form without a zone
			want = want.Without("ms")
			if rows, err = Adapt(t.Context(), rows, want); err != nil {
				t.Fatal(err)
			}
		}
		got, err := readAll(t, disk, name, o.Size, want, ReadOptions{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if g, w := text(t, got), text(t, rows); g != w {
			t.Errorf("%s:\n got %s\nwant %s", name, g, w)
		}
	}
}
