package tokenize_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// TestModelFile: Load reads what ModelFile returns from a folder, and gets the same ids.
func TestModelFile(t *testing.T) {
	_, err := tokenize.Load(t.TempDir())
	wantError(t, err, "none of tokenizer.json, vocab.json")
	testModelFile(t, trainChars(t), "tokenizer.json")
	path := shared(t, "tokenizers", "t5-base", "spiece.model")
	fromFolder := must[*tokenize.Tokenizer](t)(tokenize.Load(filepath.Dir(path)))
	testModelFile(t, fromFolder, "tokenizer.model")
}

func testModelFile(t *testing.T, tok *tokenize.Tokenizer, want string) {
	t.Helper()
	name, data, err := tok.ModelFile()
	if err != nil || name != want {
		t.Fatalf("got %s (%v), want %s", name, err, want)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
		t.Fatal(err)
	}
	again := must[*tokenize.Tokenizer](t)(tokenize.Load(dir))
	const text = "the best of times"
	wantIDs, ids := must[[]int32](t)(tok.Encode(text)), must[[]int32](t)(again.Encode(text))
	if !slices.Equal(ids, wantIDs) {
		t.Errorf("%s: got %v, want %v", name, ids, wantIDs)
	}
}
