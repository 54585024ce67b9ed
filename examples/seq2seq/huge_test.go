package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// TestHuge: huge sizes are errors before memory or time is spent.
func TestHuge(t *testing.T) {
	t.Chdir(t.TempDir())
	writePairs(t, "pairs.tsv", 40, "last")
	if _, err := said("train -data pairs.tsv -out model -steps 2 " + tiny); err != nil {
		t.Fatal(err)
	}
	flagstest.Huge(t, program, map[string]string{
		"train": tiny + "-data pairs.tsv -out out -steps 2 -dry-run", "generate": "-model model -prompt 1", "eval": "-model model -limit 2",
	})
}
