package data_test

import (
	"go/build"
	"slices"
	"strings"
	"testing"
)

// TestImports checks that the package does not import the rest of train: it only makes feeds from text files and stores them.
func TestImports(t *testing.T) {
	const module = "github.com/gorgoformer/gorgoformer/"
	p, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	var own []string
	for _, path := range p.Imports {
		if name, ok := strings.CutPrefix(path, module); ok {
			own = append(own, name)
		}
	}
	if want := []string{"graph", "graph/kernel", "graph/ops", "tokenize/atomicfile", "tokenize/textfile"}; !slices.Equal(own, want) {
		t.Errorf("got imports of %v, want %v", own, want)
	}
}
