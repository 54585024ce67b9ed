package data_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/data"
)

// formats has a format for the usual names of files.
var formats = map[string]data.Format{
	".jsonl": data.JSONL{}, ".csv": data.CSV{}, ".tsv": data.TSV{}, ".lines": data.Lines{}, ".stories": data.PlainText{Separator: "<|end|>"}, "": data.PlainText{},
}

// read returns all documents as path:line=text, where a text that continues ends with "…".
func read(t testing.TB, d data.Documents) (docs []string, err error) {
	for doc, err := range d.All() {
		if err != nil {
			return docs, err
		}
		text := fmt.Sprintf("%s:%d=%s", filepath.Base(doc.Path), doc.Line, doc.Text)
		if doc.More {
			text += "…"
		}
		docs = append(docs, text)
	}
	return docs, nil
}

// TestDocuments reads one folder with every format, plain and packed.
func TestDocuments(t *testing.T) {
	for _, packed := range []string{"", ".gz", ".zst"} {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"a.csv":     "id,text\r\n1,\"one, \"\"two\"\"\nthree\"\n2,four\n3,\n",
			"b.tsv":     "text\tid\nfive \"six\t1\n\nseven\t2",
			"c.jsonl":   "\ufeff{\"text\":\"eight \\u00e9\\n\",\"id\":1}\r\n\n  {\"id\":2,\"text\":\"\"}\n{\"text\":\"nine\"}",
			"d.lines":   "ten\n \neleven",
			"e.stories": "\n<|end|>\ntwelve\nthirteen\n<|end|>\nfourteen\n",
			"f.txt":     "fifteen\n\nsixteen\n",
			"g.txt":     "",
		} {
			writeFile(t, dir, name+packed, text)
		}
		got := must[[]string](t)(read(t, data.Documents{Paths: []string{dir}, Formats: formats}))
		want := []string{
			"a.csv:2=one, \"two\"\nthree", "a.csv:4=four", "b.tsv:2=five \"six", "b.tsv:4=seven", "c.jsonl:1=eight é\n", "c.jsonl:4=nine", "d.lines:1=ten", "d.lines:3=eleven",
			"e.stories:3=twelve\nthirteen", "e.stories:6=fourteen\n", "f.txt:1=fifteen\n\nsixteen\n",
		}
		for i := range got {
			got[i] = strings.Replace(got[i], packed+":", ":", 1)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", packed, got, want)
		}
	}
}

// TestColumns: a column is found by its name, or by its number in a file without a header.
func TestColumns(t *testing.T) {
	dir := t.TempDir()
	path := writeFile(t, dir, "a.csv", "one,two\nthree,four\n")
	for column, want := range map[string][]string{"two": {"a.csv:2=four"}, "1": {"a.csv:1=two", "a.csv:2=four"}} {
		d := data.Documents{Paths: []string{path}, Formats: map[string]data.Format{"": data.CSV{Column: column}}}
		if got := must[[]string](t)(read(t, d)); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", column, got, want)
		}
	}
}

// badFiles holds files with bad records: their content, the documents that remain, and words of the error of each bad record.
var badFiles = []struct {
	name, content string
	good          int
	words         [][]string
}{
	{"a.jsonl", "{\"text\":\"x\"}\n{\"text\":3}\n{\"text\":null}\n{\"txt\":\"y\"}\n[1]\n{\"text\":\"z\n{\"text\":\"\xff\"}\n{\"text\":\"w\"}\n", 2, [][]string{
		{"a.jsonl:2", "field \"text\" is a number"}, {"a.jsonl:3", "null"}, {"a.jsonl:4", "no field \"text\", only \"txt\""}, {"a.jsonl:5", "want a JSON object"},
		{"a.jsonl:6", "not JSON"}, {"a.jsonl:7", "0xff at offset 9", "UTF-8"},
	}},
	{"b.csv", "text,n\nx,1\n\"y\"z,2\nw\xff,3\nu,4\n", 2, [][]string{{"b.csv:3", "column"}, {"b.csv:4", "UTF-8"}}},
	{"c.csv", "a,b\nx,1\n", 0, [][]string{{"c.csv:1", "no column \"text\", only \"a\", \"b\""}}},
	{"d.tsv", "n\ttext\n1\tx\n2\n3\ty\n", 2, [][]string{{"d.tsv:3", "1 columns, want at least 2"}}},
	{"e.txt", "fine\xff", 0, [][]string{{"e.txt", "offset 4 is not UTF-8"}}},
	{"f.csv", "text\n\"" + strings.Repeat("x", 30000), 0, [][]string{{"f.csv", "a quote may not end"}}},
	{"g.jsonl", "{\"text\":\"" + strings.Repeat("x", 3000) + "\"}\n{\"text\":\"y\"}\n", 1, [][]string{{"g.jsonl:1", "a record of 3012 bytes, want at most 1000"}}},
	{"h.jsonl.gz", "plain", 0, [][]string{{"h.jsonl.gz", "gzip"}}},
	{"i.jsonl.zst", "plain text", 0, [][]string{{"i.jsonl.zst", "no Zstandard file"}}},
}

// TestBadRecords: every bad record is named and counted, and the good ones around it are read. One too many is an error.
func TestBadRecords(t *testing.T) {
	for _, b := range badFiles {
		path := filepath.Join(t.TempDir(), b.name)
		if err := os.WriteFile(path, []byte(b.content), 0o666); err != nil {
			t.Fatal(err)
		}
		for n, words := range b.words {
			_, err := read(t, data.Documents{Paths: []string{path}, Formats: formats, MaxBad: n, Longest: 1000})
			wantError(t, err, words...)
			if n > 0 {
				wantError(t, err, fmt.Sprintf("%d bad records, want at most %d", n+1, n))
			}
		}
		docs, err := read(t, data.Documents{Paths: []string{path}, Formats: formats, MaxBad: len(b.words), Longest: 1000})
		if err != nil || len(docs) != b.good {
			t.Errorf("%s: got %q (%v), want %d documents", b.name, docs, err, b.good)
		}
	}
}

// TestCutPacked: a packed file that ends early is a bad record after its last whole line.
func TestCutPacked(t *testing.T) {
	var lines strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&lines, "{\"text\":\"line %d %x\"}\n", i, i*i*7919)
	}
	for _, packed := range []string{".gz", ".zst"} {
		path := writeFile(t, t.TempDir(), "a.jsonl"+packed, lines.String())
		whole := must[[]byte](t)(os.ReadFile(path))
		if err := os.WriteFile(path, whole[:len(whole)-1000], 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := read(t, data.Documents{Paths: []string{path}, Formats: formats})
		wantError(t, err, "a.jsonl"+packed+":", "cut short")
		docs, err := read(t, data.Documents{Paths: []string{path}, Formats: formats, MaxBad: 1})
		if err != nil || len(docs) == 0 || len(docs) >= 20000 {
			t.Errorf("%s: got %d documents (%v), want the first of 20000", packed, len(docs), err)
		}
	}
}

// TestLongText: a text longer than a record is one document in several records, which end at line ends.
func TestLongText(t *testing.T) {
	text := strings.Repeat("a line of some length\n", 800_000)
	path := writeFile(t, t.TempDir(), "a.txt", text)
	for _, f := range []data.Format{data.PlainText{}, data.PlainText{Separator: "none"}} {
		var joined strings.Builder
		n := 0
		for doc, err := range (data.Documents{Paths: []string{path}, Formats: map[string]data.Format{"": f}}).All() {
			if err != nil {
				t.Fatal(err)
			}
			if n++; doc.More != (n == 1) || len(doc.Text) > 17<<20 || !strings.HasSuffix(doc.Text, "\n") {
				t.Errorf("%+v: record %d has %d bytes and More %v", f, n, len(doc.Text), doc.More)
			}
			joined.WriteString(doc.Text)
		}
		if joined.String() != text || n != 2 {
			t.Errorf("%+v: got %d bytes in %d records, want %d in 2", f, joined.Len(), n, len(text))
		}
	}
}

// TestNoFormat: a file without a format is an error that names it.
func TestNoFormat(t *testing.T) {
	path := writeFile(t, t.TempDir(), "a.doc", "x")
	_, err := read(t, data.Documents{Paths: []string{path}, Formats: map[string]data.Format{".txt": data.PlainText{}}})
	wantError(t, err, "a.doc", "no format", ".doc")
}
