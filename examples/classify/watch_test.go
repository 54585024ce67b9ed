package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/watchtest"
)

// TestWatch serves a page on the model while it learns.
func TestWatch(t *testing.T) {
	o := small(t)
	watchtest.Page(t, "encoder", "class", `{"text":"a film","step":-1}`, func(flag string) error {
		o.Steps = 1_000_000_000
		if err := o.Watch.Set(strings.TrimPrefix(flag, "-watch=")); err != nil {
			return err
		}
		_, err := learn(new(bytes.Buffer), o)
		return err
	})
}
