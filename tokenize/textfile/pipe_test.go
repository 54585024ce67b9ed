//go:build unix

package textfile_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// TestNotRegular: pipes, devices and unreadable files are errors at once, not reads that never end.
func TestNotRegular(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o666); err != nil {
		t.Skipf("no pipes here: %v", err)
	}
	for path, word := range map[string]string{dir: "a pipe", pipe: "a pipe", os.DevNull: "a device"} {
		_, err := textfile.Find(path)
		wantError(t, err, word)
	}
	_, err := textfile.Open(pipe, textfile.Encoding{})
	wantError(t, err, "a pipe")
	if os.Getuid() == 0 {
		return // root may read everything
	}
	secret := write(t, filepath.Join(t.TempDir(), "secret"), "x")
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	_, err = textfile.Open(secret, textfile.Encoding{})
	wantError(t, err, secret, "permission denied")
}
