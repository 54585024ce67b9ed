package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/watchtest"
)

// TestWatch serves a page on the model while it learns.
func TestWatch(t *testing.T) {
	t.Chdir(t.TempDir())
	watchtest.Page(t, "pictures", "class", `{"picture":2,"step":-1}`, func(flag string) error {
		_, err := vision("train -out model -layers 1 -heads 2 -dim 16 -hidden 32 -batch 8 -steps 1000000000 " + flag)
		return err
	})
}
