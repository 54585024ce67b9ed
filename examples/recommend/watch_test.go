package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/watchtest"
)

// TestWatch serves a page on the model while it learns.
func TestWatch(t *testing.T) {
	inWalks(t)
	watchtest.Page(t, "items", "item", `{"text":"3 4 5","step":-1}`, func(flag string) error {
		_, err := recommend("train -out model -steps 1000000000 " + small + flag)
		return err
	})
}
