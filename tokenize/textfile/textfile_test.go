package textfile_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

func write(t testing.TB, path, data string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t testing.TB, data string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// wantError checks that err is one line that contains all words.
func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("got no error, want one with %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want %q in it", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got error %q, want one line", err)
	}
}

func TestLines(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "1.txt"), "\xef\xbb\xbfa\nb")
	write(t, filepath.Join(dir, "2.txt.gz"), zipped(t, "c\r\n\n"))
	write(t, filepath.Join(dir, "3.txt"), "d\n\xb0\xa1\n")
	var got []string
	var failed error
	for line, err := range (textfile.Set{Paths: []string{dir}}).Lines() {
		if failed = err; err == nil {
			got = append(got, line)
		}
	}
	if want := []string{"a\n", "b", "c\r\n", "\n", "d\n"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	wantError(t, failed, "3.txt", "offset 2")
	korean := textfile.Set{Paths: []string{filepath.Join(dir, "3.txt")}}
	if err := korean.Encoding.UnmarshalText([]byte("cp949")); err != nil {
		t.Fatal(err)
	}
	for doc, err := range korean.Documents() {
		if err != nil || doc != "d\n가\n" {
			t.Errorf("got %q (%v), want %q", doc, err, "d\n가\n")
		}
	}
}

func FuzzRead(f *testing.F) {
	for name, text := range texts {
		f.Add([]byte(encoded(f, text, name)), name)
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		e, err := textfile.ParseEncoding(name)
		if err != nil {
			return
		}
		r, err := textfile.NewReader(bytes.NewReader(data), "fuzz", e)
		if err != nil {
			return
		}
		whole, err := io.ReadAll(r)
		if string(whole) != strings.ToValidUTF8(string(whole), "") {
			t.Errorf("%s: got %q, which is not UTF-8", name, whole)
		}
		r, _ = textfile.NewReader(iotest.OneByteReader(bytes.NewReader(data)), "fuzz", e)
		again, err2 := io.ReadAll(r)
		if fmt.Sprint(err) != fmt.Sprint(err2) || err == nil && !bytes.Equal(whole, again) {
			t.Errorf("%s: got %q (%v), byte by byte %q (%v)", name, whole, err, again, err2)
		}
	})
}
