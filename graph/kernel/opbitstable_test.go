package kernel_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpBitsTable: opsWithBits has every function of package ops that returns a node, except New, whose kernels are the caller's.
func TestOpBitsTable(t *testing.T) {
	tested := map[string]bool{"New": true}
	for _, o := range opsWithBits() {
		name, _, _ := strings.Cut(o.name, "/")
		tested[name] = true
	}
	files, err := filepath.Glob("../ops/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d files of package ops, error %v", len(files), err)
	}
	declared := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || d.Recv != nil || !d.Name.IsExported() || !returnsNode(d) {
				continue
			}
			if declared++; !tested[d.Name.Name] {
				t.Errorf("ops.%s is not in opsWithBits: add it with operands of several chunks", d.Name.Name)
			}
		}
	}
	if declared != len(tested) {
		t.Errorf("opsWithBits has %d operations, package ops has %d", len(tested), declared)
	}
}

// returnsNode reports whether a function returns (*G.Node, error).
func returnsNode(d *ast.FuncDecl) bool {
	if d.Type.Results == nil || len(d.Type.Results.List) != 2 {
		return false
	}
	star, ok := d.Type.Results.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	node, ok := star.X.(*ast.SelectorExpr)
	return ok && node.Sel.Name == "Node"
}
