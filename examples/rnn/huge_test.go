package main

import (
	"path/filepath"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// TestHuge: huge sizes are errors before memory or time is spent.
func TestHuge(t *testing.T) {
	pairs, book := pairsFile(t), bookFile(t)
	small := "-out out -steps 2 -eval-every 2 -layers 1 -heads 1 -dim 16 -batch 4 -dry-run -data "
	t.Chdir(filepath.Dir(pairs))
	flagstest.Huge(t, program, map[string]string{"dates": small + filepath.Base(pairs)})
	t.Chdir(filepath.Dir(book))
	flagstest.Huge(t, program, map[string]string{"text": small + filepath.Base(book) + " -context 16"})
}
