package main

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/watchtest"
)

// TestWatch serves a page on the model while it learns.
func TestWatch(t *testing.T) {
	inText(t)
	watchtest.Page(t, "causal", "token", `{"text":"the","step":-1}`, func(flag string) error {
		_, err := positions(small + "-schemes rope -out watched -steps 1000000000 " + flag)
		return err
	})
}
