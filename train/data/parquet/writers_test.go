package parquet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOtherWriters reads files of DuckDB, Apache Arrow in Rust and hyparquet: with every compression, dictionaries, delta encodings,
// pages of both versions, nulls, and strings in nested groups. testdata/write.mjs writes them.
func TestOtherWriters(t *testing.T) {
	columns := map[string]func(i int) (string, bool){
		"text":            func(i int) (string, bool) { return fmt.Sprintf("text %d 한글", i), i%7 != 3 },
		"dict":            func(i int) (string, bool) { return fmt.Sprintf("cat%d", i%4), i%5 != 0 },
		"meta.title":      func(i int) (string, bool) { return fmt.Sprint("title ", i), i%11 != 0 && i%3 != 0 },
		"meta.inner.deep": func(i int) (string, bool) { return fmt.Sprint("deep ", i), i%11 != 0 },
	}
	paths, err := filepath.Glob("testdata/*.parquet")
	if err != nil || len(paths) != 9 {
		t.Fatalf("got %d files (%v), want 9", len(paths), err)
	}
	const rows = 40
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range columns {
			nested := !strings.Contains(path, "hyparquet") // it writes flat columns
			if strings.HasPrefix(name, "meta") && !nested {
				continue
			}
			var want []string
			for i := range rows {
				if v, ok := value(i); ok {
					want = append(want, v)
				}
			}
			nulls := rows - len(want)
			if got, err := read(t, content, name, nulls); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %s: got %q (%v), want %q", path, name, got, err, want)
			}
			if _, err := read(t, content, name, nulls-1); err == nil || !strings.Contains(err.Error(), "is null") {
				t.Errorf("%s: %s: got error %v, want the null that is one too many", path, name, err)
			}
		}
	}
}

// TestGroups: a group or a list is an error that says so, and names the columns inside.
func TestGroups(t *testing.T) {
	for _, path := range []string{"testdata/duckdb-zstd.parquet", "testdata/arrow-snappy.parquet"} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"meta":       `column "meta" is a group: name one of "meta.title", "meta.inner.deep"`,
			"meta.inner": `column "meta.inner" is a group: name one of "meta.inner.deep"`,
			"tags":       `column "tags" holds a list in each row, want one string`,
			"tags.list":  `column "tags.list" holds a list in each row, want one string`,
			"meta.other": `no column "meta.other", only "text", "dict"`,
		} {
			if _, err := read(t, content, name, 0); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %s: got error %v, want %q", path, name, err, want)
			}
		}
	}
}
