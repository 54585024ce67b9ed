package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// TestHuge: huge sizes are errors before memory or time is spent.
func TestHuge(t *testing.T) {
	inWalks(t)
	if _, err := recommend("train -out model -steps 3 -eval-every 2 " + small); err != nil {
		t.Fatal(err)
	}
	flagstest.Huge(t, program, map[string]string{"train": small + "-out out -steps 3 -dry-run", "eval": "-model model", "predict": "-model model -history 1,2"})
}
