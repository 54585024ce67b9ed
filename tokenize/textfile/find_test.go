package textfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// found returns the files that Find finds for paths, relative to dir.
func found(t testing.TB, dir string, paths ...string) string {
	t.Helper()
	files, err := textfile.Find(paths...)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		name, err := filepath.Rel(dir, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.ToSlash(name))
	}
	return strings.Join(names, " ")
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for _, name := range []string{"b/2.txt", "b/1.txt", "b/.hidden", "b/.git/x", "b/c/3.txt", "a.txt", ".dot.txt", "x[1].txt"} {
		write(t, at(name), name)
	}
	for _, c := range []struct{ paths, want string }{
		{"b", "b/1.txt b/2.txt b/c/3.txt"},
		{"a.txt b", "a.txt b/1.txt b/2.txt b/c/3.txt"},
		{"b a.txt b/1.txt", "b/1.txt b/2.txt b/c/3.txt a.txt"},
		{"*.txt", "a.txt x[1].txt"},
		{".*.txt", ".dot.txt"},
		{"b/.hidden", "b/.hidden"},
		{"b/.git", "b/.git/x"},
		{"*/1.txt", "b/1.txt"},
		{"x[1].txt", "x[1].txt"},
		{"b/../b/./1.txt b/1.txt", "b/1.txt"},
	} {
		paths := strings.Fields(c.paths)
		for i := range paths {
			paths[i] = dir + "/" + paths[i]
		}
		if got := found(t, dir, paths...); got != c.want {
			t.Errorf("%s: got %s, want %s", c.paths, got, c.want)
		}
	}
	empty := at("empty")
	if err := os.Mkdir(empty, 0o777); err != nil {
		t.Fatal(err)
	}
	for path, word := range map[string]string{"": "empty", at("none"): "no such file", at("no*"): "matches none", empty: "no files", at("**/x"): "name a folder", at("[a"): "syntax error"} {
		_, err := textfile.Find(path)
		wantError(t, err, path, word)
	}
	_, err := textfile.Find()
	wantError(t, err, "no files")
}

// TestLinks follows links to files and folders. Each counts once, and a cycle ends.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	write(t, at("real/1.txt"), "1")
	write(t, at("real/sub/2.txt"), "2")
	write(t, at("top/0.txt"), "0")
	for link, to := range map[string]string{"top/folder": "../real", "top/file.txt": "../real/sub/2.txt", "real/sub/up": "..", "real/sub/self": ".", "link": "top"} {
		if err := os.Symlink(filepath.FromSlash(to), at(link)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	for paths, want := range map[string]string{
		"top":      "top/0.txt top/file.txt top/folder/1.txt",
		"link":     "link/0.txt link/file.txt link/folder/1.txt",
		"top real": "top/0.txt top/file.txt top/folder/1.txt",
		"real top": "real/1.txt real/sub/2.txt top/0.txt",
		"real/sub": "real/sub/2.txt real/sub/up/1.txt",
	} {
		var all []string
		for _, p := range strings.Fields(paths) {
			all = append(all, at(p))
		}
		if got := found(t, dir, all...); got != want {
			t.Errorf("%s: got %s, want %s", paths, got, want)
		}
	}
	for link, to := range map[string]string{"top/gone": "nowhere", "round/a": "b", "round/b": "a"} {
		if err := os.MkdirAll(filepath.Dir(at(link)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := textfile.Find(at("top"))
	wantError(t, err, "gone", "broken link")
	_, err = textfile.Find(at("top/gone"))
	wantError(t, err, "gone", "broken link")
	_, err = textfile.Find(at("round"))
	wantError(t, err, "round", "too many")
}
