package parquet_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/gorgoformer/gorgoformer/train/data"
	column "github.com/gorgoformer/gorgoformer/train/data/parquet"
)

// row is a row of the test files.
type row struct {
	ID    int64    `parquet:"id"`
	Text  string   `parquet:"text,zstd"`
	Maybe *string  `parquet:"maybe,optional,snappy,dict"`
	Tags  []string `parquet:"tags,list"`
	Meta  struct {
		Title string `parquet:"title"`
	} `parquet:"meta"`
}

// file returns a Parquet file of n rows in several row groups and pages.
func file(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.MaxRowsPerRowGroup(100), parquet.PageBufferSize(1000))
	for i := range n {
		r := row{ID: int64(i), Text: fmt.Sprintf("text %d 한글", i), Tags: []string{"a", "b"}}
		if i%3 > 0 {
			r.Maybe = &r.Text
		}
		r.Meta.Title = fmt.Sprint("title ", i)
		if _, err := w.Write([]row{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read returns the texts of a column.
func read(t testing.TB, content []byte, name string, maxBad int) (texts []string, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.parquet")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	d := data.Documents{Paths: []string{path}, Formats: map[string]data.Format{".parquet": column.Column{Name: name}}, MaxBad: maxBad}
	for doc, err := range d.All() {
		if err != nil {
			return texts, err
		}
		texts = append(texts, doc.Text)
	}
	return texts, nil
}

// TestColumn reads plain, nested and optional columns; a null is a bad record with its row.
func TestColumn(t *testing.T) {
	const n = 250
	content := file(t, n)
	var texts, titles, some []string
	for i := range n {
		texts, titles = append(texts, fmt.Sprintf("text %d 한글", i)), append(titles, fmt.Sprint("title ", i))
		if i%3 > 0 {
			some = append(some, texts[i])
		}
	}
	for name, want := range map[string][]string{"": texts, "text": texts, "meta.title": titles, "maybe": some} {
		if got, err := read(t, content, name, n); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %d texts (%v), want %d", name, len(got), err, len(want))
		}
	}
	if _, err := read(t, content, "maybe", 2); err == nil || !strings.Contains(err.Error(), "a.parquet:7: the value is null") {
		t.Errorf("got %v, want the row of the third null", err)
	}
}

// TestErrors: a wrong column, a wrong type and files that are none are errors that say so.
func TestErrors(t *testing.T) {
	content := file(t, 10)
	for name, words := range map[string]string{"txt": "no column \"txt\", only \"id\", \"text\"", "id": "want a string", "tags.list.element": "list", "meta": "column \"meta\" is a group"} {
		if _, err := read(t, content, name, 0); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: got %v, want %q", name, err, words)
		}
	}
	for name, content := range map[string][]byte{"empty": nil, "text": []byte("plain text"), "magic": []byte("PAR1PAR1"), "cut": content[:len(content)-100]} {
		if texts, err := read(t, content, "", 0); err == nil {
			t.Errorf("%s: got %d texts and no error", name, len(texts))
		}
	}
}

// TestDamaged: a file with any byte changed is read or is an error, and never ends the program.
func TestDamaged(t *testing.T) {
	whole := file(t, 120)
	for i := 0; i < len(whole); i += 37 {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x55
		texts, _ := read(t, damaged, "", 1000)
		if len(texts) > 10000 {
			t.Errorf("byte %d changed: got %d texts of 120 rows", i, len(texts))
		}
	}
}
