package main

import (
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// TestHuge: huge sizes are errors before memory or time is spent.
func TestHuge(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 40))
	if err := trainSmall(t, "-out model"); err != nil {
		t.Fatal(err)
	}
	small := "-data text.txt -out out -tokenizer char -layers 1 -heads 1 -dim 8 -context 8 -batch 2 -steps 2 -eval-every 2 -dry-run"
	flagstest.Huge(t, program, map[string]string{"train": small, "generate": "-model model -prompt the -tokens 3", "eval": "-model model"},
		"-tokens=9223372036854775807", "-tokens=4611686018427387904", "-tokens=4294967296") // generate writes until Ctrl-C
}
