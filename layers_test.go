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
	"sync"
	"testing"
)

const module = "github.com/petalake/petalake"

// most is how many packages the project may have: few and deep.
const most = 60

// picture says, for each package, which of ours it may import: the rooms of ARCHITECTURE.md.
// "." is the root, the public face. A new package changes the picture here and there. A rule that
// does not explain itself has its reason above it.
var picture = map[string][]string{
	"cmd/petalake": {"internal/cli"}, // the only main: everything else can be tested and imported

	// Commands are words in, one call of a room below, words out. They name the rooms of AWS, since
	// plan, audit and estimate need no open lake: their values come from lakehouse.yaml alone. Of the
	// tables they know what is printed; no command reads a store, or commits. They open the assembly and call its rooms,
	// not the face, which shows less; and they bring EMR to it, since a command may run in any environment.
	"internal/cli":        {"internal/assembly", "internal/daemon", "internal/lake", "internal/query", "internal/runs", "internal/write", "engine/spark/local", "internal/cli/render", "internal/cli/shell", "internal/sql", "internal/words", "internal/aws/access", "internal/aws/audit", "internal/aws/deploy", "internal/aws/emr", "internal/aws/fleet", "internal/aws/price", "internal/aws/forecast", "internal/aws/rollout", "internal/aws/terraform", "catalog", "job", "delta", "delta/schema", "engine/spark/eventlog", "spec"},
	"internal/cli/render": {},               // text is a function of values
	"internal/cli/shell":  {"internal/sql"}, // where a statement ends is for one lexer to say

	// The face opens the assembly and hands on. It imports the rooms whose values and errors it turns into its own.
	".": {"internal/assembly", "internal/lake", "internal/query", "internal/write", "internal/runs", "internal/daemon", "spec", "frame", "engine", "engine/duck/raw", "engine/spark", "engine/spark/eventlog", "engine/spark/local", "job", "delta", "delta/schema", "store"},
	// What the face needs of AWS beside S3, which a program asks for by importing it.
	"aws": {".", "internal/aws/emr"},

	// Rooms that do not know each other meet in the assembly, so it may import all that are open with a lake. It knows
	// neither deploy nor rollout: an open lake never changes the stacks that it lives in. Nor does it know EMR: what acts
	// there is given to it, so that not every program links its clients (TestLinks).
	"internal/assembly": {"internal/lake", "internal/link", "internal/query", "internal/write", "internal/models", "internal/runs", "internal/daemon", "internal/door", "engine/duck", "engine/duck/raw", "engine/spark/local", "spec"},

	// What petalake up keeps doing, in one loop; it wires the rooms of AWS that are kept, and decides nothing of them.
	"internal/daemon": {"internal/lake", "internal/link", "internal/models", "internal/runs", "internal/write", "internal/aws/access", "internal/aws/awsx", "internal/aws/fleet", "internal/aws/glue", "ingest/dms", "catalog", "delta", "job", "spec", "store"},
	"internal/door":   {"internal/lake", "internal/link", "engine/spark", "engine/spark/door", "spec"}, // passes sessions on to the shared link's server
	// Jobs run SQL as an actor of query, and programs where the environment has a Spark.
	"internal/runs": {"internal/lake", "internal/link", "internal/query", "internal/sql", "internal/words", "internal/write", "internal/aws/access", "catalog", "delta", "engine/duck", "engine/spark", "engine/spark/eventlog", "engine/spark/local", "job", "spec", "store", "store/s3"},
	// Models stand above query, since their engine is chosen as a statement's is, and commit by write.
	"internal/models": {"internal/lake", "internal/link", "internal/query", "internal/sql", "internal/words", "internal/write", "catalog", "delta", "delta/schema", "engine/duck", "engine/duck/raw", "engine/duck/tablefile", "engine/spark", "spec"},
	// A statement that writes becomes a change of write; access is asked here, once for all doors.
	"internal/query": {"internal/lake", "internal/link", "internal/sql", "internal/words", "internal/write", "internal/compare", "internal/aws/access", "catalog", "delta", "delta/schema", "delta/stats", "engine", "engine/duck", "engine/duck/raw", "engine/duck/tablefile", "engine/spark", "frame", "spec"},
	// A session on Spark in which tables have names: beside write, which knows no Spark.
	"internal/link": {"internal/lake", "internal/sql", "catalog", "spec", "engine/spark", "engine/spark/eventlog", "engine/spark/local"},

	// The writer knows DuckDB, which writes the files, and no Spark: a model on Spark brings its files.
	"internal/write": {"internal/lake", "internal/sql", "internal/words", "spec", "catalog", "delta", "delta/schema", "delta/stats", "engine/duck", "engine/duck/raw", "engine/duck/tablefile", "ingest", "ingest/files"},
	// An open environment is the one place that knows both disk and S3, so that rooms above take a store.
	// It gives DuckDB tables by name, and so implements the resolver of engine/duck.
	"internal/lake": {"spec", "internal/words", "catalog", "delta", "delta/schema", "engine/duck", "ingest/files", "internal/aws/awsx", "delta/stats", "store", "store/s3"},

	// A pipeline commits positions and rows together, so it knows tables; what loads the rows it is given.
	"ingest":       {"delta", "delta/schema", "store"},
	"ingest/files": {"ingest", "store"},
	"ingest/dms":   {"internal/aws/awsx", "spec"}, // it starts what AWS makes; the files that come of it are those of ingest/files
	"engine":       {"delta"},
	// DuckDB plans by lakehouse.yaml's names of tables (spec), and by the statistics of files; its own
	// bindings are behind internal/duckdb, so that cgo is one package.
	"engine/duck":           {"engine", "engine/duck/tablefile", "internal/words", "delta", "delta/schema", "delta/stats", "store", "internal/duckdb", "internal/sql", "spec"},
	"engine/duck/raw":       {"engine/duck/tablefile", "delta/schema", "internal/duckdb", "internal/text"},          // raw files have a DuckDB of their own, closed to the lake
	"engine/duck/tablefile": {"delta", "delta/datafile", "delta/schema", "delta/stats", "store", "internal/duckdb"}, // where the rows come from it is not told
	"catalog":               {"delta", "spec", "store"},
	// Entries of Glue show tables, and the grants on them say who may read: hence access.
	"internal/aws/glue": {"catalog", "spec", "delta", "delta/schema", "internal/aws/access", "internal/aws/awsx"},
	"job":               {"store"}, // runs are events in a store, of programs that job does not know
	"frame":             {"engine", "internal/sql"},
	"internal/sql":      {"delta/schema", "spec"}, // of any engine it knows the dialect alone

	"engine/spark":           {"engine", "engine/spark/connectpb", "delta", "frame", "internal/sql"},
	"engine/spark/connectpb": {},                          // generated
	"engine/spark/door":      {"engine/spark/connectpb"},  // it passes messages on, and is no client
	"engine/spark/local":     {"engine/spark"},            // a server is ready when a client is answered
	"engine/spark/eventlog":  {"internal/words", "store"}, // logs lie on a disk or in a bucket

	// Tables are pure Go on a store: no engine, no lakehouse.yaml, so that programs can import them alone.
	"delta":            {"delta/checkpoint", "delta/log", "delta/datafile", "delta/schema", "delta/stats", "store"},
	"delta/checkpoint": {"delta/datafile", "delta/log", "delta/schema", "delta/stats", "store"}, // files of a log: of versions and of commits after one it is not told
	"delta/log":        {"delta/schema", "delta/stats"},                                         // text of the log to values and back: no store
	"delta/stats":      {"delta/schema"},
	"delta/datafile":   {"delta/schema", "delta/stats", "store"},
	"delta/schema":     {},

	"store":    {},
	"store/s3": {"store"},

	// What a lakehouse is in AWS follows from lakehouse.yaml by functions of values: access, deploy, audit,
	// cfn, terraform, fleet, price and forecast import no SDK and no store, so that a plan needs no credentials.
	"internal/aws/access": {"internal/words", "spec"},
	"internal/aws/deploy": {"internal/aws/access", "spec", "internal/aws/cfn", "internal/aws/price"}, // a step of a plan has its price
	"internal/aws/audit":  {"internal/aws/cfn", "internal/aws/deploy", "spec"},
	"internal/aws/cfn":    {},
	// Programs on EMR are runners of jobs whose orders lie in the lake's store; its sessions are spoken to by engine/spark.
	"internal/aws/emr": {"internal/aws/awsx", "internal/aws/fleet", "internal/aws/price", "engine/spark", "job", "spec", "store"},
	// The only room that does what a plan says: an executor for each kind of step, so it knows all that is changed.
	"internal/aws/rollout":   {"internal/aws/glue", "internal/aws/access", "internal/aws/audit", "internal/aws/awsx", "internal/aws/deploy", "internal/aws/emr", "internal/aws/fleet", "internal/aws/price", "ingest/dms", "spec", "store", "store/s3"},
	"internal/aws/awsx":      {"spec", "store/s3"}, // a bucket is reached by the same options as AWS
	"internal/aws/price":     {},
	"internal/aws/fleet":     {"internal/aws/price", "internal/words", "spec"},
	"internal/aws/terraform": {"internal/aws/deploy", "spec"}, // an export of what deploy says, never a second description
	// What described work comes to: a month by its use, a week on a simulated cloud. Both take the same description.
	"internal/aws/forecast": {"internal/aws/deploy", "internal/aws/fleet", "internal/aws/price", "spec"},

	"spec":             {"internal/words"}, // lakehouse.yaml can be read and judged by any room
	"internal/compare": {},
	"internal/text":    {"delta/schema"}, // bytes to values, of any type that a column has: also what follows a stream reads text by it
	"internal/words":   {},
	"internal/duckdb":  {},
}

// beside are the packages that no part of the program imports: they may import all of it.
var beside = []string{"bench", "internal/servers", "internal/sweep", "store/storetest"}

// sdks says which packages may import what others wrote, where that is not everyone's business.
// A prefix ending in a slash stands for all modules below it.
var sdks = map[string][]string{
	// Rooms that call AWS. A service package takes up to a minute to build, and its types are not ours.
	"github.com/aws/": {"internal/aws/glue", "store/s3", "internal/aws/awsx", "internal/aws/emr", "ingest/dms", "internal/aws/rollout"},
	// cgo, and values that must be freed: one package.
	"github.com/duckdb/": {"internal/duckdb"},
	"github.com/spf13/":  {"internal/cli"},
	"golang.org/x/term":  {"internal/cli", "internal/cli/shell"},
	// Footers alone; data files are read and written with arrow-go.
	"github.com/parquet-go/": {"engine/duck"},
	// Line and column of each key are lost one step further.
	"go.yaml.in/": {"spec"},
	// The door of Spark Connect serves, and dials the server behind it.
	"google.golang.org/": {"internal/door", "engine/spark", "engine/spark/connectpb", "engine/spark/door"},
	// Rows are Arrow batches in all rooms that have rows; the rooms of AWS, jobs and names have none.
	"github.com/apache/arrow-go/v18": {".", "delta", "delta/checkpoint", "delta/datafile", "delta/schema", "delta/stats", "engine", "engine/duck", "engine/duck/raw", "engine/duck/tablefile", "engine/spark", "frame", "ingest", "ingest/files", "internal/cli", "internal/cli/render", "internal/compare", "internal/duckdb", "internal/query", "internal/write"},
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

// sources are the Go files below this folder that people wrote, parsed once for all tests.
func sources(t *testing.T) []source {
	t.Helper()
	out, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("no Go files below the root of the module")
	}
	return out
}

var parsed = sync.OnceValues(func() (out []source, err error) {
	err = filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
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
	return out, err
})
