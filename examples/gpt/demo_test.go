package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemo: without a command, the program prints a sample of any text, even if the prompt is longer than the window.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "text")
	if err := os.WriteFile(data, []byte("\n한글만 있는 글이다.\n"+strings.Repeat("다른 글도 있다.\n", 20)), 0o666); err != nil {
		t.Fatal(err)
	}
	var w bytes.Buffer
	args := "-tokenizer char -layers 1 -heads 1 -dim 4 -context 2 -batch 1 -steps 1"
	err := program(&w).Run(append(strings.Fields(args), "-data", data, "-out", filepath.Join(dir, "out")), &w)
	if err != nil || !strings.HasPrefix(w.String(), "\nA sample:\n한글") {
		t.Errorf("got %q and error %v, want a sample that begins with the text", w.String(), err)
	}
}
