package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/watchtest"
)

// TestWatch serves a page on the model while it learns.
func TestWatch(t *testing.T) {
	o := small(t, filepath.Join(t.TempDir(), "model"))
	watchtest.Page(t, "causal", "token", `{"text":"the quick","step":-1}`, func(flag string) error {
		o.Steps = 1_000_000_000
		if err := o.Watch.Set(strings.TrimPrefix(flag, "-watch=")); err != nil {
			return err
		}
		_, err := learn(o)
		return err
	})
}
