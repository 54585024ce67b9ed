package main

import (
	"os"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// TestHuge: huge sizes are errors before memory or time is spent.
func TestHuge(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("text.txt", []byte("a\na b\nb a\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	flagstest.Huge(t, program, map[string]string{"": "-data text.txt -model " + saved(t, bert)})
}
