package petalake_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/petalake/petalake"

// most is how many packages the project may have: few and deep.
const most = 60

// picture says, for each package, which of ours it may import: the rooms of ARCHITECTURE.md.
// "." is the root, which wires the parts. A new package changes the picture here and there.
var picture = map[string][]string{
	"cmd/petalake":        {"internal/cli"},
	"internal/cli":        {".", "engine/spark/local", "internal/cli/render", "internal/cli/shell", "internal/sql", "internal/words", "internal/aws/access", "internal/aws/audit", "internal/aws/deploy", "internal/aws/estimate", "internal/aws/price", "internal/aws/rehearse", "internal/aws/rollout", "internal/aws/terraform", "catalog", "job", "delta", "delta/schema", "engine/spark/eventlog", "spec"},
	"internal/cli/render": {},
	"internal/cli/shell":  {"internal/sql"},
	".":                   {"internal/lake", "internal/link", "internal/query", "internal/write", "internal/models", "internal/runs", "internal/daemon", "internal/door", "spec", "frame", "engine", "engine/duck", "engine/duck/raw", "engine/spark", "engine/spark/eventlog", "engine/spark/local", "job", "delta", "store"},

	"internal/link":   {"internal/lake", "internal/sql", "internal/aws/awsx", "internal/aws/emr", "catalog", "spec", "engine/spark", "engine/spark/eventlog", "engine/spark/local"},
	"internal/daemon": {"internal/lake", "internal/link", "internal/models", "internal/runs", "internal/write", "internal/aws/access", "internal/aws/awsx", "internal/aws/emr", "internal/aws/fleet", "internal/aws/glue", "internal/aws/price", "internal/aws/replicate", "catalog", "delta", "spec", "store"},
	"internal/door":   {"internal/lake", "internal/link", "engine/spark", "engine/spark/door", "spec"},
	"internal/runs":   {"internal/lake", "internal/link", "internal/query", "internal/sql", "internal/words", "internal/write", "internal/aws/access", "internal/aws/awsx", "internal/aws/emr", "catalog", "delta", "engine/duck", "engine/spark", "engine/spark/eventlog", "engine/spark/local", "job", "spec", "store", "store/s3"},
	"internal/models": {"internal/lake", "internal/link", "internal/query", "internal/sql", "internal/words", "internal/write", "catalog", "delta", "delta/schema", "engine/duck", "engine/duck/raw", "engine/duck/tablefile", "engine/spark", "spec"},
	"internal/query":  {"internal/lake", "internal/link", "internal/sql", "internal/words", "internal/write", "internal/compare", "internal/aws/access", "catalog", "delta", "delta/schema", "delta/stats", "engine", "engine/duck", "engine/duck/raw", "engine/duck/tablefile", "engine/spark", "frame", "spec"},
	"internal/write":  {"internal/lake", "internal/sql", "spec", "catalog", "delta", "delta/schema", "engine/duck", "engine/duck/raw", "engine/duck/tablefile", "ingest", "ingest/files"},
	"internal/lake":   {"spec", "catalog", "delta", "delta/schema", "engine/duck", "ingest/files", "internal/aws/awsx", "delta/stats", "store", "store/s3"},

	"ingest":                {"delta", "delta/schema", "store"},
	"ingest/files":          {"ingest", "store"},
	"engine":                {"delta"},
	"engine/duck":           {"engine", "engine/duck/tablefile", "internal/words", "delta", "delta/schema", "delta/stats", "store", "internal/duckdb", "internal/sql", "spec"}, // queries; of raw files it knows nothing
	"engine/duck/raw":       {"engine/duck/tablefile", "delta/schema", "internal/csv", "internal/duckdb"},                                                                      // raw files have a DuckDB of their own, closed to the lake
	"engine/duck/tablefile": {"delta", "delta/datafile", "delta/schema", "delta/stats", "store", "internal/duckdb"},                                                            // where the rows come from it is not told
	"catalog":               {"delta", "spec", "store"},
	"internal/aws/glue":     {"catalog", "spec", "delta", "delta/schema", "internal/aws/access", "internal/aws/awsx"},
	"job":                   {"store"},
	"frame":                 {"engine", "internal/sql"},
	"internal/sql":          {"delta/schema", "spec"}, // of any engine it knows the dialect alone

	"engine/spark":           {"engine", "engine/spark/connectpb", "delta", "frame", "internal/sql"},
	"engine/spark/connectpb": {}, // generated
	"engine/spark/door":      {"engine/spark/connectpb"},
	"engine/spark/local":     {"engine/spark"},
	"engine/spark/eventlog":  {"internal/words", "store"},

	"delta":          {"delta/log", "delta/datafile", "delta/schema", "delta/stats", "store"},
	"delta/log":      {"delta/schema", "delta/stats"}, // text of the log to values and back: no store
	"delta/stats":    {"delta/schema"},
	"delta/datafile": {"delta/schema", "delta/stats", "store"},
	"delta/schema":   {},

	"store":    {},
	"store/s3": {"store"},

	"internal/aws/access":    {"spec"},
	"internal/aws/deploy":    {"internal/aws/access", "spec", "internal/aws/cfn", "internal/aws/price"},
	"internal/aws/audit":     {"internal/aws/cfn", "internal/aws/deploy", "spec"},
	"internal/aws/cfn":       {},
	"internal/aws/emr":       {"internal/aws/awsx", "internal/aws/fleet", "job", "store"},
	"internal/aws/stack":     {"internal/aws/awsx"},
	"internal/aws/rollout":   {"internal/aws/glue", "internal/aws/access", "internal/aws/audit", "internal/aws/awsx", "internal/aws/deploy", "internal/aws/emr", "internal/aws/fleet", "internal/aws/price", "internal/aws/replicate", "internal/aws/stack", "spec", "store", "store/s3"},
	"internal/aws/awsx":      {"spec", "store/s3"},
	"internal/aws/price":     {},
	"internal/aws/fleet":     {"internal/aws/price", "spec"},
	"internal/aws/estimate":  {"internal/aws/deploy", "internal/aws/fleet", "internal/aws/price", "spec"},
	"internal/aws/replicate": {"internal/aws/awsx", "spec"},
	"internal/aws/terraform": {"internal/aws/deploy", "spec"},
	"internal/aws/rehearse":  {"internal/aws/fleet", "internal/aws/price", "spec"},

	"spec":             {},
	"internal/compare": {},
	"internal/csv":     {},
	"internal/words":   {},
	"internal/duckdb":  {},
}

// beside are the packages that no part of the program imports: they may import all of it.
var beside = []string{"bench", "bench/tpch", "internal/servers", "store/storetest"}

// sdks says which packages may import what others wrote, where that is not everyone's business.
// A prefix ending in a slash stands for all modules below it.
var sdks = map[string][]string{
	"github.com/aws/":                {"internal/aws/glue", "store/s3", "internal/aws/awsx", "internal/aws/emr", "internal/aws/replicate", "internal/aws/rollout", "internal/aws/stack"},
	"github.com/duckdb/":             {"internal/duckdb"},
	"github.com/spf13/":              {"internal/cli"},
	"golang.org/x/term":              {"internal/cli", "internal/cli/shell"},
	"github.com/parquet-go/":         {"engine/duck"},
	"go.yaml.in/":                    {"spec"},
	"google.golang.org/":             {"internal/door", "engine/spark", "engine/spark/connectpb", "engine/spark/door"},
	"github.com/apache/arrow-go/v18": {".", "delta", "delta/datafile", "delta/schema", "delta/stats", "engine", "engine/duck", "engine/duck/tablefile", "engine/spark", "frame", "ingest", "ingest/files", "internal/cli", "internal/cli/render", "internal/compare", "internal/duckdb", "internal/query"},
}

// TestLayers promises that imports go down only, as the picture shows.
func TestLayers(t *testing.T) {
	packages := imports(t)
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		if slices.Contains(beside, name) {
			continue
		}
		may, ok := picture[name]
		if !ok {
			t.Errorf("package %s is not in the picture (layers_test.go, ARCHITECTURE.md)", name)
			continue
		}
		for _, imported := range packages[name] {
			if ours, ok := own(imported); ok && !slices.Contains(may, ours) {
				t.Errorf("package %s imports %s; the picture lets it import only %v", name, ours, may)
			}
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(picture)), beside) {
		if _, ok := packages[name]; !ok {
			t.Errorf("package %s is in the picture, and nowhere else", name)
		}
	}
	if len(packages) > most {
		t.Errorf("%d packages, want at most %d", len(packages), most)
	}
}

// TestSDKs promises that each foreign library stays behind the door that was built for it.
func TestSDKs(t *testing.T) {
	for name, imported := range imports(t) {
		if slices.Contains(beside, name) {
			continue
		}
		for _, i := range imported {
			for prefix, rooms := range sdks {
				if within(i, prefix) && !slices.Contains(rooms, name) {
					t.Errorf("package %s imports %s, which belongs to %v alone", name, i, rooms)
				}
			}
		}
	}
}

// within says whether an import path is the module, or one below it.
func within(path, module string) bool {
	m := strings.TrimSuffix(module, "/")
	return path == m || strings.HasPrefix(path, m+"/")
}

// own turns an import path of this module into the name of a room.
func own(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// imports reads what the packages of this module import, tests left out.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, f := range sources(t) {
		if f.test {
			continue
		}
		dir := path.Dir(f.name)
		if out[dir] == nil {
			out[dir] = []string{}
		}
		for _, i := range f.ast.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(out[dir], p) {
				out[dir] = append(out[dir], p)
			}
		}
	}
	return out
}

// source is one Go file of the project.
type source struct {
	name string // from the root, with slashes
	test bool
	set  *token.FileSet
	ast  *ast.File
}

// sources parses every Go file below this folder that people wrote.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if !ast.IsGenerated(f) {
			out = append(out, source{filepath.ToSlash(name), strings.HasSuffix(name, "_test.go"), set, f})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("no Go files below the root of the module")
	}
	return out
}
