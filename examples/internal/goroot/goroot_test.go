package goroot_test

import (
	"os"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
)

func TestOpticks(t *testing.T) {
	path, err := goroot.Opticks()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() < 500_000 {
		t.Errorf("got %v of %s, want a book", err, path)
	}
}

func TestWithoutGo(t *testing.T) {
	t.Setenv("PATH", "")
	if path, err := goroot.Opticks(); err == nil {
		t.Errorf("got %s, want an error", path)
	}
}
