package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// TestHuge: huge sizes are errors before memory or time is spent.
func TestHuge(t *testing.T) {
	inBars(t)
	mustRun(t, "train -out model -steps 2 -eval-every 2 "+barFlags)
	data := " -model model -images images.idx"
	flagstest.Huge(t, program, map[string]string{
		"train": barFlags + "-out out -steps 2 -dry-run", "eval": data + " -labels labels.idx", "predict": data, "attention": data,
	})
}
