package textfile_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// TestNotText names files that are not text.
func TestNotText(t *testing.T) {
	for data, word := range map[string]string{
		"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n": "git lfs pull", "PK\x03\x04abc": "zip file", "\x80\x02}q\x00.": "pickle", zipped(t, "a"): ".gz", "%PDF-1.4\n": "PDF",
	} {
		_, err := readAll(t, "a.txt", data, "utf-8")
		wantError(t, err, "a.txt", word)
		_, err = readAll(t, "a.txt.gz", zipped(t, data), "utf-8")
		wantError(t, err, "a.txt.gz", word)
	}
	whole := zipped(t, strings.Repeat("text of some length ", 1000))
	for n := range len(whole) {
		_, err := readAll(t, "cut.gz", whole[:n], "utf-8")
		wantError(t, err, "cut.gz")
	}
	_, err := readAll(t, "a.gz", "plain", "utf-8")
	wantError(t, err, "a.gz", "gzip")
	if got, err := readAll(t, "page.html", "<!DOCTYPE html><p>x", "utf-8"); err != nil || got == "" {
		t.Errorf("a web page is text: got %q (%v)", got, err)
	}
	_, err = textfile.Open(t.TempDir(), textfile.Encoding{})
	wantError(t, err, "a folder")
	_, err = textfile.Open(filepath.Join(t.TempDir(), "none"), textfile.Encoding{})
	wantError(t, err, "none", "no such file")
}

// TestAfterTheEnd: a packed file may have several members, and a gzip file zeros at its end. Other bytes after the end are an error that
// says so, and a member that is cut is cut short.
func TestAfterTheEnd(t *testing.T) {
	one, two := zipped(t, "one\n"), zipped(t, strings.Repeat("two ", 50000))
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	frame := string(w.EncodeAll([]byte("one\n"), nil))
	for name, data := range map[string]string{"a.gz": one, "b.gz": one + "\x00", "c.gz": one + strings.Repeat("\x00", 100000), "d.zst": frame} {
		if got, err := readAll(t, name, data, "utf-8"); err != nil || got != "one\n" {
			t.Errorf("%s: got %q (%v), want one", name, got, err)
		}
	}
	if got, err := readAll(t, "a.gz", one+two+one, "utf-8"); err != nil || len(got) != 200008 {
		t.Errorf("got %d bytes (%v), want 200008", len(got), err)
	}
	if got, err := readAll(t, "a.zst", frame+frame, "utf-8"); err != nil || got != "one\none\n" {
		t.Errorf("got %q (%v), want one twice", got, err)
	}
	for _, after := range []string{"x", "xy", "more text", "\x1f", "\x1fx", "\x00x", strings.Repeat("x", 100000)} {
		_, err := readAll(t, "a.gz", one+after, "utf-8")
		wantError(t, err, "a.gz", "other bytes follow the end of the gzip data")
		_, err = readAll(t, "a.zst", frame+strings.Repeat(after, 4), "utf-8")
		wantError(t, err, "a.zst", "other bytes after its end")
	}
	for n := 2; n < len(one); n++ {
		_, err := readAll(t, "a.gz", two+one[:n], "utf-8")
		wantError(t, err, "a.gz", "cut short")
	}
}

// TestZstandard: a .zst file is read whole. Every cut of it, other bytes, and a window above 128 MiB are errors that name the file.
func TestZstandard(t *testing.T) {
	text := strings.Repeat("text of some length ", 1000)
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(w.EncodeAll([]byte(text), nil))
	if got, err := readAll(t, "a.zst", whole, "utf-8"); err != nil || got != text {
		t.Errorf("got %d bytes (%v), want %d", len(got), err, len(text))
	}
	for n := range len(whole) {
		_, err := readAll(t, "cut.zst", whole[:n], "utf-8")
		wantError(t, err, "cut.zst")
	}
	_, err = readAll(t, "a.zst", "plain text", "utf-8")
	wantError(t, err, "a.zst", "no Zstandard file")
	_, err = readAll(t, "wide.zst", "\x28\xb5\x2f\xfd\x00\xf0"+whole[6:], "utf-8")
	wantError(t, err, "wide.zst", "window")
}
