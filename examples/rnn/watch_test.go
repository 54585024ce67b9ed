package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/watchtest"
)

// TestWatch serves a page on the model while it learns.
func TestWatch(t *testing.T) {
	t.Chdir(t.TempDir())
	watchtest.Page(t, "causal", "token", `{"text":"1 JAN","step":-1}`, func(flag string) error {
		var w bytes.Buffer
		return program(&w).Run(strings.Fields("dates -steps 1000000000 -layers 1 -heads 2 -dim 32 -batch 4 -lr 1e-3 -rnn-lr 1e-3 -min-lr 1e-3 -out out "+flag), &w)
	})
}
