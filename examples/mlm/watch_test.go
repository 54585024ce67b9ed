package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/watchtest"
)

// TestWatch serves a page on the model while it learns.
func TestWatch(t *testing.T) {
	inNumbers(t)
	watchtest.Page(t, "encoder", "mask", `{"text":"one two [MASK]","step":-1}`, func(flag string) error {
		_, err := mlm("train -data numbers.txt -out model -steps 1000000000 " + small + flag)
		return err
	})
}
