package rollout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/rollout"
)

// written are the folders whose code deploy and destroy reach, with the files of those that do other things besides.
var written = map[string]string{
	".": "*.go", "../glue": "*.go", "../awsx": "*.go", "../emr": "end.go", "../../../ingest/dms": "*.go",
}

// elsewhere are the calls of these folders that the petalake that runs in AWS makes, and neither deploy nor destroy.
var elsewhere = map[string][]string{
	"../glue":             {"CreateDatabase", "CreateTable", "UpdateTable", "BatchGrantPermissions", "BatchRevokePermissions"}, // as tables come and go
	"../../../ingest/dms": {"StartReplication"},
	"../awsx":             {"ReceiveMessage", "DeleteMessageBatch"}, // of the queue of arrivals
	".":                   {"DetectStackDrift"},                     // of status, which changes nothing
}

// changing begin the names of calls that change something.
var changing = regexp.MustCompile(`^(Abort|Activate|Add|Attach|Authorize|Batch|Cancel|Change|Complete|Copy|Create|Delete|Deregister|Detach|Detect|Disable|Enable|Execute|Grant|Modify|Publish|Purge|Put|Receive|Register|Remove|Reset|Restore|Revoke|Rotate|Run|Schedule|Send|Set|Start|Stop|Tag|Terminate|Untag|Update|Upload)[A-Z][A-Za-z]+$`)

// words are texts that look like the names of such calls, and are keys of requests.
var words = []string{"TagKey", "TagKeys", "TagFilters", "StartReplicationType"}

// namedCalls are the calls of AWS that a file names: as inputs of an SDK, and as texts of the requests that awsx makes.
func namedCalls(f *ast.File) (calls []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if t, ok := n.Type.(*ast.SelectorExpr); ok {
				if name, ok := strings.CutSuffix(t.Sel.Name, "Input"); ok {
					calls = append(calls, name)
				}
			}
		case *ast.BasicLit:
			if n.Kind != token.STRING {
				return true
			}
			text, _ := strconv.Unquote(n.Value)
			if strings.Contains(text, ":") { // an action in a list, or a sentence
				return true
			}
			calls = append(calls, text[strings.LastIndexAny(text, "./")+1:])
		}
		return true
	})
	return calls
}

// TestMutatingCalls promises that every call in the code by which deploy or destroy may change AWS belongs to a kind of
// steps, and that no kind lists a call that the code does not have.
func TestMutatingCalls(t *testing.T) {
	listed := map[string]bool{}
	for _, k := range deploy.Kinds() {
		calls, _ := rollout.Changes(k)
		for _, c := range calls {
			_, name, _ := strings.Cut(c, ":")
			listed[name] = true
		}
	}
	found := map[string]bool{"PutObject": true, "AbortMultipartUpload": true} // of package store/s3, by the bucket for artefacts: see below
	for dir, pattern := range written {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range namedCalls(f) {
				if !changing.MatchString(name) || slices.Contains(words, name) || slices.Contains(elsewhere[dir], name) {
					continue
				}
				found[name] = true
				if !listed[name] {
					t.Errorf("%s: %s changes AWS, and no kind of steps lists it", file, name)
				}
			}
			artefacts(t, file, f)
		}
	}
	for name := range listed {
		if !found[name] {
			t.Errorf("a kind of steps lists %s, which the code does not call", name)
		}
	}
}

// artefacts promises that the bucket for artefacts is written by put alone, which steps account for.
func artefacts(t *testing.T, file string, f *ast.File) {
	t.Helper()
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			method, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := method.X.(*ast.SelectorExpr); ok && of.Sel.Name == "artefacts" && method.Sel.Name != "Get" && fn.Name.Name != "put" {
				t.Errorf("%s: %s calls %s on the bucket for artefacts: want put", file, fn.Name.Name, method.Sel.Name)
			}
			return true
		})
	}
}
