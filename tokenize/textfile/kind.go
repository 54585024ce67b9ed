package textfile

import (
	"bytes"
	"strings"
)

const kindHTML = "a web page"

// signatures lists the first bytes of files that are often mistaken for text or for each other.
var signatures = []struct{ start, kind string }{
	{"version https://git-lfs.github.com/spec/", "a pointer of Git LFS: fetch the file itself with git lfs pull"},
	{"\x1f\x8b", "a gzip file: its name must end in .gz"},
	{"PK\x03\x04", "a zip file"},
	{"BZh", "a bzip2 file"},
	{"\x28\xb5\x2f\xfd", "a Zstandard file: its name must end in .zst"},
	{"\xfd7zXZ\x00", "an xz file"},
	{"%PDF-", "a PDF file"},
	{"PAR1", "a Parquet file"},
	{"GGUF", "a GGUF file"},
	{"\x80\x02", "a Python pickle"},
	{"\x80\x03", "a Python pickle"},
	{"\x80\x04", "a Python pickle"},
	{"\x80\x05", "a Python pickle"},
	{"\x7fELF", "a program"},
}

// Kind returns the kind of a file by its first bytes, for error messages: "a zip file", "a web page". It returns "" for any other file.
func Kind(head []byte) string {
	for _, s := range signatures {
		if bytes.HasPrefix(head, []byte(s.start)) {
			return s.kind
		}
	}
	page := strings.ToLower(string(bytes.TrimSpace(head[:min(len(head), headSize)])))
	if strings.HasPrefix(page, "<!doctype html") || strings.HasPrefix(page, "<html") {
		return kindHTML
	}
	return ""
}
