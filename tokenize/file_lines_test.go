package tokenize_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// folder makes files in a temporary folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		data := []byte(text)
		if strings.HasSuffix(name, ".gz") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			tokentest.Must[int](t)(z.Write(data))
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
			data = b.Bytes()
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLines(t *testing.T) {
	dir := folder(t, map[string]string{"a.txt": "1\n2", "b/c.txt.gz": "3\n\n", ".hidden": "no\n", ".git/x": "no\n", "d.txt": "4\n"})
	for _, c := range []struct {
		path string
		want []string
	}{
		{dir, []string{"1\n", "2", "3\n", "\n", "4\n"}},
		{filepath.Join(dir, "*.txt"), []string{"1\n", "2", "4\n"}},
		{filepath.Join(dir, "b", "c.txt.gz"), []string{"3\n", "\n"}},
	} {
		var got []string
		for line, err := range tokenize.Lines(c.path) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, line)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.path, got, c.want)
		}
	}
	for text, err := range tokenize.Documents(dir) {
		if err != nil || text != "1\n2" {
			t.Errorf("first document: got %q, %v, want %q", text, err, "1\n2")
		}
		break
	}
	for _, path := range []string{filepath.Join(dir, "none"), filepath.Join(dir, "*.none"), t.TempDir()} {
		_, err := trainer.Char{}.TrainFiles(path)
		tokentest.WantError(t, err, path, "file")
	}
	broken := folder(t, map[string]string{"x": ""})
	path := filepath.Join(broken, "x.gz")
	if err := os.WriteFile(path, []byte("this is not a gzip file"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := trainer.BPE{}.TrainFiles(path)
	tokentest.WantError(t, err, "x.gz", "gzip")
}
