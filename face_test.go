package petalake_test

import (
	"errors"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/aws"
)

// How much a face may show.
const (
	mostMethods = 28    // of Lake
	mostFiles   = 10    // of the root, tests left out
	mostLines   = 1_200 // of them
)

// hidden are places whose types are not for users: a name of one in the face would make it a promise.
var hidden = []string{module + "/internal", module + "/engine/duck", "github.com/aws", "google.golang.org", "github.com/duckdb"}

// TestFace promises that no exported function, method or field of the root names a type of an internal room, an SDK,
// gRPC or DuckDB, whatever the type is called here; and that the face is small. Errors are the exception that users
// match with errors.As: an alias of one is no signature.
func TestFace(t *testing.T) {
	files, lines := 0, 0
	for _, f := range sources(t) {
		if path.Dir(f.name) == "." && !f.test {
			files++
			lines += f.set.File(f.ast.Pos()).LineCount()
		}
	}
	if files > mostFiles || lines > mostLines {
		t.Errorf("the root has %d files of %d lines, want at most %d of %d", files, lines, mostFiles, mostLines)
	}
	root := rootTypes(t)
	for _, name := range root.Scope().Names() {
		o := root.Scope().Lookup(name)
		if !o.Exported() {
			continue
		}
		if n, ok := o.(*types.TypeName); ok && n.IsAlias() {
			if !strings.HasSuffix(name, "Error") {
				t.Errorf("%s is another name of %s: define it here, or in a public room", name, types.Unalias(o.Type()))
			}
			continue
		}
		named, ok := o.Type().(*types.Named)
		if _, defined := o.(*types.TypeName); !ok || !defined {
			refuse(t, name, o.Type())
			continue
		}
		refuse(t, name, named.Underlying())
		methods := types.NewMethodSet(types.NewPointer(named))
		n := 0
		for i := range methods.Len() {
			if m := methods.At(i).Obj(); m.Exported() {
				n++
				refuse(t, name+"."+m.Name(), m.Type())
			}
		}
		if name == "Lake" && (n == 0 || n > mostMethods) {
			t.Errorf("Lake has %d methods, want at most %d", n, mostMethods)
		}
	}
}

// rootTypes are the types of the root as its importers see them.
func rootTypes(t *testing.T) *types.Package {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	compiled := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		compiled[name] = file
	}
	p, err := importer.ForCompiler(token.NewFileSet(), "gc", func(name string) (io.ReadCloser, error) { return os.Open(compiled[name]) }).Import(module)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// refuse fails where a type names one that is hidden.
func refuse(t *testing.T, where string, typ types.Type) {
	t.Helper()
	named := map[string]bool{}
	collect(typ, named)
	for n := range named {
		for _, h := range hidden {
			if n == h || strings.HasPrefix(n, h+"/") || strings.HasPrefix(n, h+".") {
				t.Errorf("%s names %s, which is not for users", where, n)
			}
		}
	}
}

// collect adds the types that a type is written with, each with the path of its package.
func collect(typ types.Type, named map[string]bool) {
	switch x := types.Unalias(typ).(type) {
	case *types.Named:
		if p := x.Obj().Pkg(); p != nil {
			named[p.Path()+"."+x.Obj().Name()] = true
		}
		for arg := range x.TypeArgs().Types() {
			collect(arg, named)
		}
	case *types.Signature:
		collect(x.Params(), named)
		collect(x.Results(), named)
	case *types.Tuple:
		for v := range x.Variables() {
			collect(v.Type(), named)
		}
	case *types.Struct:
		for f := range x.Fields() {
			if f.Exported() {
				collect(f.Type(), named)
			}
		}
	case *types.Interface:
		for m := range x.Methods() {
			collect(m.Type(), named)
		}
	case *types.Map:
		collect(x.Key(), named)
		collect(x.Elem(), named)
	case interface{ Elem() types.Type }: // of pointers, slices, arrays and channels
		collect(x.Elem(), named)
	}
}

// TestLinks promises that a program that imports petalake links S3 of AWS, with what credentials take, and no other
// client: package aws brings the rest to those who ask for it.
func TestLinks(t *testing.T) {
	links := func(name string) (services []string) {
		out, err := exec.Command("go", "list", "-deps", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			rest, ok := strings.CutPrefix(strings.TrimSpace(line), "github.com/aws/aws-sdk-go-v2/service/")
			if ok && !strings.Contains(rest, "/") {
				services = append(services, rest)
			}
		}
		slices.Sort(services)
		return services
	}
	if got, want := links("."), []string{"s3", "signin", "sso", "ssooidc", "sts"}; !slices.Equal(got, want) {
		t.Errorf("the root links the clients of %v, want %v", got, want)
	}
	if got := links("./aws"); !slices.Contains(got, "emr") || !slices.Contains(got, "emrserverless") {
		t.Errorf("package aws links the clients of %v, want EMR among them", got)
	}
}

// TestNoServices promises that an environment on EMR opens without the services of AWS, and that what needs them says
// what to import and pass.
func TestNoServices(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	h := newHouse(t, map[string]string{"lakehouse.yaml": `lakehouse: shop
environments:
  prod:
    storage: s3://lake/shop
    s3: {region: us-east-1, access_key: x, secret_key: y, endpoint: "http://127.0.0.1:1"}
    spark: {emr: {application: app, role: "arn:aws:iam::123456789012:role/job"}}
`})
	lake, err := petalake.Open(t.Context(), petalake.Options{File: filepath.Join(h.dir, "lakehouse.yaml"), Environment: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	defer lake.Close()
	rows, err := mustOn(t, lake, "spark").Query(t.Context(), "SELECT 1")
	var missing *petalake.NoServicesError
	if !errors.As(err, &missing) {
		t.Fatalf("got %v, %v, want that there are no services of AWS", rows, err)
	}
	for _, want := range []string{`import "github.com/petalake/petalake/aws"`, "petalake.Options{AWS: aws.Services()}"} {
		if !strings.Contains(missing.Hint(), want) {
			t.Errorf("the hint is %q, want %s in it", missing.Hint(), want)
		}
	}
	var given petalake.AWS = aws.Services() // what the hint names is there
	if folder, ok := given.EventLogs("emr-serverless:app/run"); !ok || folder == "" {
		t.Errorf("the event logs of a run on EMR Serverless: got %q, %v", folder, ok)
	}
}
