package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"-nope": 1, "more": 1, "-h": 0, "help": 0, "version": 0})
}

// TestREADME checks that the Go code in the README is part of this program.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "```go\n")[1:]
	if len(blocks) < 2 {
		t.Fatalf("the README has %d blocks of Go, want at least the model and its training", len(blocks))
	}
	for _, b := range blocks {
		code, _, _ := strings.Cut(b, "```")
		if !strings.Contains(string(program), code) {
			t.Errorf("this code of the README is not in main.go:\n%s", code)
		}
	}
}
