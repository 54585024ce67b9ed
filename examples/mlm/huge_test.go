package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// TestHuge: huge sizes are errors before memory or time is spent.
func TestHuge(t *testing.T) {
	inNumbers(t)
	if _, err := mlm("train -data numbers.tsv -column 0 -out model -steps 2 -eval-every 2 " + small); err != nil {
		t.Fatal(err)
	}
	flagstest.Huge(t, program, map[string]string{
		"train": small + "-data numbers.txt -out out -steps 2 -dry-run", "eval": "-model model", "fill": "-model model -text [MASK]",
	})
}
