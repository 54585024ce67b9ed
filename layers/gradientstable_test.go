package layers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestGradientsTable: TestGradients or TestGradientsWithDropout checks every exported type that has a method Forward. The name of a
// part begins with the type.
func TestGradientsTable(t *testing.T) {
	checked := map[string]bool{}
	for _, list := range [][]part{parts, droppedOut} {
		for _, p := range list {
			name, _, _ := strings.Cut(p.name, "/")
			checked[name] = true
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			name := layerOf(d)
			if name == "" {
				continue
			}
			if found++; !checked[name] {
				t.Errorf("no gradient check of layers.%s: add a part that begins with its name", name)
			}
		}
	}
	if found < 20 {
		t.Errorf("found %d types with Forward in this package, want at least 20", found)
	}
}

// layerOf returns the exported type of which d is the method Forward, or "".
func layerOf(d ast.Decl) string {
	f, ok := d.(*ast.FuncDecl)
	if !ok || f.Recv == nil || f.Name.Name != "Forward" {
		return ""
	}
	receiver := f.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	if name, ok := receiver.(*ast.Ident); ok && name.IsExported() {
		return name.Name
	}
	return ""
}
