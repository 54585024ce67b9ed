package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// TestHuge: huge sizes are errors before memory or time is spent.
func TestHuge(t *testing.T) {
	inReviews(t)
	small := "-data reviews.tsv -layers 1 -heads 1 -dim 8 -batch 4 -steps 2 -eval-every 2 "
	if _, err := said("train -out model " + small); err != nil {
		t.Fatal(err)
	}
	flagstest.Huge(t, program, map[string]string{"train": small + "-out out -dry-run", "eval": "-model model", "predict": "-model model -text a"})
}
