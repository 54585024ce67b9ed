package checkpoints_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

func writing(text string, err error) func(io.Writer) error {
	return func(w io.Writer) error {
		if _, failed := io.WriteString(w, text); failed != nil {
			return failed
		}
		return err
	}
}

func wantText(t testing.TB, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	check(t, err)
	wantSame(t, path, string(got), want)
}

// TestWriteFile: the content changes as a whole, a failure changes nothing, and leftovers of killed processes are removed.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "notes [1].txt")
	check(t, checkpoints.WriteFile(path, writing("old", nil)))
	wantText(t, path, "old")

	failure := errors.New("the disk sighs")
	err := checkpoints.WriteFile(path, writing("half", failure))
	wantError(t, err, "checkpoints: ", path, "sighs")
	if !errors.Is(err, failure) {
		t.Errorf("got %v, want it to wrap %v", err, failure)
	}
	wantText(t, path, "old")
	wantFiles(t, dir, "notes [1].txt")

	check(t, os.WriteFile(filepath.Join(dir, ".notes [1].txt.tmp-0123456789abcdef"), []byte("ha"), 0o666))
	check(t, os.WriteFile(filepath.Join(dir, ".other.tmp-0123456789abcdef"), []byte("ha"), 0o666))
	check(t, checkpoints.WriteFile(path, writing("new", nil)))
	wantText(t, path, "new")
	wantFiles(t, dir, ".other.tmp-0123456789abcdef", "notes [1].txt")

	wantError(t, checkpoints.WriteFile(filepath.Join(dir, "none", "x"), writing("", nil)), "checkpoints: ", "none")
}
