package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
)

// TestFile checks the files of the folder, the contents and the mode before and after each way to end a File.
func TestFile(t *testing.T) {
	for _, end := range []struct {
		name, want string
		end        func(*atomicfile.File) error
	}{
		{"commit", "new", (*atomicfile.File).Commit},
		{"abandon", "old", func(f *atomicfile.File) error { f.Abandon(); return nil }},
		{"commit, abandon", "new", func(f *atomicfile.File) error { defer f.Abandon(); return f.Commit() }},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "tokens.bin")
		if err := atomicfile.Write(path, []byte("old")); err != nil {
			t.Fatal(err)
		}
		f, err := atomicfile.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("new"); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); string(got) != "old" {
			t.Errorf("%s: before: got %q, %v, want the old file", end.name, got, err)
		}
		if err := end.end(f); err != nil {
			t.Errorf("%s: %v", end.name, err)
		}
		if got, err := os.ReadFile(path); string(got) != end.want {
			t.Errorf("%s: got %q, %v, want %q", end.name, got, err, end.want)
		}
		if files, err := os.ReadDir(dir); len(files) != 1 {
			t.Errorf("%s: got %d files, %v, want 1", end.name, len(files), err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o444 != 0o444 {
			t.Errorf("%s: got mode %v, %v, want one that all may read", end.name, info, err)
		}
	}
}

// TestErrors checks that a failed write leaves no file behind.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	if err := atomicfile.Write(filepath.Join(dir, "missing", "f"), nil); err == nil {
		t.Error("a missing folder: got no error")
	}
	path := filepath.Join(dir, "folder")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(path, []byte("text")); err == nil {
		t.Error("the name of a folder: got no error")
	}
	if files, err := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("got %d files, %v, want 1", len(files), err)
	}
}
