// Package hutong_test holds the two laws of the house: who may import whom, and how large a thing may grow.
package hutong_test

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "hutong"

// row is one line of the law: packages that match pattern may import what allowed names.
type row struct {
	pattern string
	allowed []string
	used    bool
}

// readLaw reads the block marked ```imports in ARCHITECTURE.md. A row may name only rows above it, so no cycle can
// be written; "*" stands for everything.
func readLaw(t *testing.T) []*row {
	t.Helper()
	file, err := os.Open("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var law []*row
	inside := false
	for scan := bufio.NewScanner(file); scan.Scan(); {
		line := strings.TrimSpace(scan.Text())
		switch {
		case line == "```imports":
			inside = true
		case line == "```" && inside:
			return law
		case inside && line != "":
			name, rest, _ := strings.Cut(line, ":")
			r := &row{pattern: name, allowed: strings.Fields(rest)}
			for _, a := range r.allowed {
				if a != "*" && !slices.ContainsFunc(law, func(above *row) bool { return above.pattern == a }) {
					t.Errorf("ARCHITECTURE.md: row %q names %q, which is not above it", name, a)
				}
			}
			law = append(law, r)
		}
	}
	t.Fatal("ARCHITECTURE.md has no closed ```imports block")
	return nil
}

func matches(pattern, pkg string) bool {
	ok, err := path.Match(pattern, pkg)
	return err == nil && ok
}

// sources yields every Go file of the module that is compiled into a program or a test.
func sources(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && p != "." && (name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".")) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".go") {
			dir := filepath.ToSlash(filepath.Dir(p))
			found[dir] = append(found[dir], p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestPackagesImportOnlyWhatTheLawAllows(t *testing.T) {
	law := readLaw(t)
	fset := token.NewFileSet()
	for pkg, files := range sources(t) {
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			r := rowFor(law, pkg)
			if r == nil {
				t.Errorf("package %s has no row in ARCHITECTURE.md's import law", pkg)
				break
			}
			r.used = true
			parsed, err := parser.ParseFile(fset, name, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				target := strings.Trim(spec.Path.Value, `"`)
				if !allowed(r, pkg, target) {
					t.Errorf("%s imports %s: the law for %q allows %v", name, target, r.pattern, r.allowed)
				}
			}
		}
	}
	for _, r := range law {
		if !r.used {
			t.Errorf("ARCHITECTURE.md: row %q has no package", r.pattern)
		}
	}
}

func rowFor(law []*row, pkg string) *row {
	for _, r := range law {
		if matches(r.pattern, pkg) {
			return r
		}
	}
	return nil
}

func allowed(r *row, pkg, target string) bool {
	own, inside := strings.CutPrefix(target, module+"/")
	if !inside {
		return pkg != "thing" || !strings.Contains(target, ".")
	}
	return slices.ContainsFunc(r.allowed, func(a string) bool { return a == "*" || matches(a, own) })
}

// The limits of the size law, and the dated exceptions to it: "WHAT since YYYY-MM-DD: why".
const (
	maxFile      = 600
	maxFunction  = 80
	maxPackage   = 3000
	maxInterface = 5
)

var (
	exceptions   = map[string]string{}
	refusedNames = []string{"util", "utils", "common", "helpers", "manager", "service", "base", "types", "models", "core", "pkg"}
)

func TestNothingGrowsPastTheSizeLaw(t *testing.T) {
	for pkg, files := range sources(t) {
		if slices.Contains(refusedNames, path.Base(pkg)) {
			t.Errorf("package %s: the name says nothing; name the noun", pkg)
		}
		lines, documented, shipped := 0, false, false
		for _, name := range files {
			m := measure(t, name)
			for _, complaint := range m.complaints {
				key, _, _ := strings.Cut(complaint, ":")
				if exceptions[key] == "" {
					t.Error(complaint)
				}
			}
			if !strings.HasSuffix(name, "_test.go") {
				lines += m.lines
				documented = documented || m.documented
				shipped = true
			}
		}
		if lines > maxPackage {
			t.Errorf("package %s has %d lines, at most %d: split it by noun", pkg, lines, maxPackage)
		}
		if shipped && !documented {
			t.Errorf("package %s has no package comment", pkg)
		}
	}
}

type measured struct {
	lines      int
	documented bool
	complaints []string
}

func measure(t *testing.T, name string) measured {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	m := measured{lines: fset.File(file.Pos()).LineCount(), documented: file.Doc != nil}
	if ast.IsGenerated(file) {
		return measured{documented: m.documented}
	}
	complain := func(format string, args ...any) {
		m.complaints = append(m.complaints, fmt.Sprintf(format, args...))
	}
	test := strings.HasSuffix(name, "_test.go")
	if m.lines > maxFile && !test {
		complain("%s: %d lines, at most %d", name, m.lines, maxFile)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				complain("%s init: no init functions", name)
			}
			if size := fset.Position(n.End()).Line - fset.Position(n.Pos()).Line + 1; size > maxFunction && !test {
				complain("%s %s: %d lines, at most %d", name, n.Name.Name, size, maxFunction)
			}
		case *ast.TypeSpec:
			if i, ok := n.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxInterface {
				complain("%s %s: %d methods, at most %d", name, n.Name.Name, i.Methods.NumFields(), maxInterface)
			}
		}
		return true
	})
	if !test {
		m.complaints = append(m.complaints, mutated(fset, file, name)...)
	}
	return m
}

// mutated finds package variables that the same file writes after their declaration. A function that declares a name
// of its own is taken to mean that one.
func mutated(fset *token.FileSet, file *ast.File, name string) []string {
	vars := map[string]bool{}
	var found []string
	for _, decl := range file.Decls {
		if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
			for _, spec := range g.Specs {
				for _, id := range spec.(*ast.ValueSpec).Names {
					vars[id.Name] = true
				}
			}
		}
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		own := declared(f)
		for _, id := range written(f) {
			if vars[id.Name] && !own[id.Name] {
				found = append(found, fmt.Sprintf("%s %s: package variable written at line %d", name, id.Name, fset.Position(id.Pos()).Line))
			}
		}
	}
	return found
}

// declared are the names that f declares itself: receiver, parameters, results and local variables.
func declared(f *ast.FuncDecl) map[string]bool {
	own := map[string]bool{}
	add := func(list ...*ast.Ident) {
		for _, id := range list {
			own[id.Name] = true
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			add(n.Names...)
		case *ast.ValueSpec:
			add(n.Names...)
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{n.Key, n.Value} {
				if id, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					add(id)
				}
			}
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				if id, ok := e.(*ast.Ident); ok && n.Tok == token.DEFINE {
					add(id)
				}
			}
		}
		return true
	})
	return own
}

// written are the names that f assigns to, itself or by index.
func written(f *ast.FuncDecl) []*ast.Ident {
	var list []*ast.Ident
	add := func(e ast.Expr) {
		for {
			x, ok := e.(*ast.IndexExpr)
			if !ok {
				break
			}
			e = x.X
		}
		if id, ok := e.(*ast.Ident); ok {
			list = append(list, id)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				add(e)
			}
		case *ast.IncDecStmt:
			add(n.X)
		}
		return true
	})
	return list
}
