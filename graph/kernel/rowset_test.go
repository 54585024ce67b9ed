package kernel_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// onlyAVX2 lists the functions of all processors that have no twin in NEON. Slow names the operations that need them.
var onlyAVX2 = []string{
	"bfloatFused3", "bfloatFused4", "bfloatRows2", "bfloatRows3", "bfloatRows4", "bfloatUnpack", "bytesQ4", "bytesQ41", "bytesQ4K", "bytesQ5", "bytesQ51", "bytesQ5K", "bytesQ8",
	"copyTile", "dotTile", "few3", "few4", "few5", "few6", "halfFused3", "halfFused4", "halfRows2", "halfRows3", "halfRows4",
	"halfUnpack", "hideTile", "packAcross16", "packAlong16", "packAlong32", "quantDotsQ41", "quantDotsQ4K", "quantDotsQ5", "quantDotsQ51", "quantDotsQ5K", "quantDotsQ6K", "quantRow",
	"quantWideRow", "scaleTile", "unpackQ8Rows", "widenQ4", "widenQ41", "widenQ4K", "widenQ5", "widenQ51", "widenQ5K", "widenQ6K", "widenQ8",
}

// declaredIn returns the names of the functions of a file whose names end in suffix, without it.
func declaredIn(t *testing.T, file, suffix string) map[string]bool {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, d := range f.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && strings.HasSuffix(d.Name.Name, suffix) {
			names[strings.TrimSuffix(d.Name.Name, suffix)] = true
		}
	}
	return names
}

// TestRowSets: amd64, arm64 and the stand-ins of other processors have the same row functions. The functions for AVX2 alone are exactly those
// that the test lists.
func TestRowSets(t *testing.T) {
	want := declaredIn(t, "asm_amd64.go", "Asm")
	if len(want) < 40 {
		t.Fatalf("amd64 has %d row functions, want at least 40", len(want))
	}
	for _, file := range []string{"asm_arm64.go", "asm_norows.go"} {
		got := declaredIn(t, file, "Asm")
		for name := range want {
			if !got[name] {
				t.Errorf("%s: %sAsm is missing: write it in _asm/neon", file, name)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: got %d row functions, want %d", file, len(got), len(want))
		}
	}
	neon := declaredIn(t, "asm_arm64.go", "NEON")
	only := declaredIn(t, "asm_other.go", "AVX2")
	maps.DeleteFunc(only, func(name string, _ bool) bool { return neon[name] })
	if got := slices.Sorted(maps.Keys(only)); !slices.Equal(got, onlyAVX2) {
		t.Errorf("functions without a twin in NEON: got %v, want %v", got, onlyAVX2)
	}
}

// TestSlow: a processor with all kernels is not called slow. On arm64, Slow and Describe name the packed weights.
func TestSlow(t *testing.T) {
	said, slow := kernel.Describe(), kernel.Slow()
	switch kernel.Numbers() {
	case "avx2":
		if kernel.HasHalves && (slow != "" || strings.Contains(said, " Go")) {
			t.Errorf("with AVX2: %q, %q", said, slow)
		}
	case "neon":
		if !strings.Contains(slow, "packed weights") || strings.Contains(slow, "norms") ||
			!strings.Contains(said, "products in NEON, rows in NEON, many rows with packed weights in NEON") {
			t.Errorf("with NEON: %q, %q", said, slow)
		}
	default:
		if slow == "" || !strings.Contains(said, "rows in Go") {
			t.Errorf("without row assembly on %s: %q, %q", runtime.GOARCH, said, slow)
		}
	}
	old := kernel.Accelerate(kernel.Plain)
	defer kernel.Accelerate(old)
	if slow := kernel.Slow(); !strings.Contains(slow, "all is computed in Go") || !strings.Contains(kernel.Describe(), "products in Go, rows in Go") {
		t.Errorf("without assembly: %q, %q", kernel.Describe(), slow)
	}
}
