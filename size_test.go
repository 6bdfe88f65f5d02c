package petalake_test

import (
	"bytes"
	"go/ast"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// How long a file and a function may be: what a person reads in one go.
const (
	linesOfFile     = 600
	linesOfFunction = 80
)

// TestSizes promises files and functions that can be read in one go.
func TestSizes(t *testing.T) {
	for _, f := range sources(t) {
		if n := f.set.File(f.ast.Pos()).LineCount(); n > linesOfFile {
			t.Errorf("%s has %d lines, want at most %d", f.name, n, linesOfFile)
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			d, ok := n.(*ast.FuncDecl)
			if !ok {
				return true
			}
			from, to := f.set.Position(d.Pos()), f.set.Position(d.End())
			if lines := to.Line - from.Line + 1; lines > linesOfFunction {
				t.Errorf("%s: %s has %d lines, want at most %d", from, d.Name.Name, lines, linesOfFunction)
			}
			return true
		})
	}
}

// methodsOfType is how many methods a type may have: one that has more does what belongs to several.
const methodsOfType = 40

// TestMethods promises types that can be known whole.
func TestMethods(t *testing.T) {
	type named struct{ dir, name string }
	methods := map[named]int{}
	for _, f := range sources(t) {
		for _, d := range f.ast.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Recv != nil && !f.test {
				methods[named{path.Dir(f.name), receiver(d).Name}]++
			}
		}
	}
	for of, n := range methods {
		if n > methodsOfType {
			t.Errorf("%s: type %s has %d methods, want at most %d", of.dir, of.name, n, methodsOfType)
		}
	}
}

// TestPackageComments promises that every package says in a sentence what it does.
func TestPackageComments(t *testing.T) {
	said := map[string]string{}
	for _, f := range sources(t) {
		dir := path.Dir(f.name)
		if f.test && said[dir] == "" && !strings.HasSuffix(f.ast.Name.Name, "_test") {
			said[dir] += f.ast.Doc.Text() // a package of tests alone
		}
		if !f.test {
			said[dir] += f.ast.Doc.Text()
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(said)) {
		if text := said[dir]; !strings.HasPrefix(text, "Package ") && !strings.HasPrefix(text, "Command ") {
			t.Errorf("package %s has no comment that begins with Package or Command", dir)
		}
	}
}

// TestDocComments promises that everything another package can name says what it is.
func TestDocComments(t *testing.T) {
	for _, f := range sources(t) {
		if f.test || f.ast.Name.Name == "main" {
			continue
		}
		for _, d := range f.ast.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: %s is exported and has no comment", f.set.Position(d.Pos()), name)
			}
		}
	}
}

// undocumented names what a declaration exports without a word. A comment on a group of constants,
// variables or types speaks for its members.
func undocumented(d ast.Decl) []string {
	var out []string
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || receiver(d).IsExported() && !wellKnown(d.Name.Name)) {
			out = append(out, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
					out = append(out, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
						out = append(out, n.Name)
					}
				}
			}
		}
	}
	return out
}

// wellKnown are methods whose names say it all.
func wellKnown(method string) bool {
	return slices.Contains([]string{"Error", "Unwrap", "Is", "Hint", "String", "Close"}, method)
}

func receiver(d *ast.FuncDecl) *ast.Ident {
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x
		default:
			return ast.NewIdent("_")
		}
	}
}

// forbidden finds what is true on one machine only, or was left for later. The pieces are put
// together here so that this file does not find itself.
var forbidden = regexp.MustCompile(`/(work|ro` + `ot|ho` + `me/[a-z]+)/|\b(TO` + `DO|FIX` + `ME|XX` + `X)\b|panic\("not` + ` yet|127\.0\.0\.1:9` + `000`)

// TestWords promises that nothing kept in the project names a place on somebody's machine, or says
// that it will be finished another day.
func TestWords(t *testing.T) {
	for _, name := range tracked(t) {
		if strings.Contains(name, "testdata/") || strings.HasPrefix(name, "examples/") {
			continue
		}
		text, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			continue // deleted, not committed yet
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			if found := forbidden.Find(line); found != nil {
				t.Errorf("%s:%d: %q does not belong here", name, i+1, found)
			}
		}
	}
}

// tracked lists the files that git keeps.
func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "-z").Output()
	if err != nil {
		t.Skip("git ls-files: ", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
}
