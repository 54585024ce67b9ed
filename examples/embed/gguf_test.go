package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/gguftest"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestGGUF: a .gguf file gives the answer of the folder it was written from, in every family and with a head that the answer does not need.
func TestGGUF(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data.txt")
	if err := os.WriteFile(data, []byte("the cat sleeps\nthe dog barks\nthe cat on the mat\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	cls, classifier := bert, bert
	cls.Pooling = "cls"
	classifier.Head, classifier.Labels = "classifier", []string{"no", "yes"}
	modern := models.ModernBERT{Vocab: 11, Context: 12, Layers: 2, Heads: 2, Dim: 8, Local: 4, InitStd: 0.5}
	for name, m := range map[string]models.TextEncoder{"bert": bert, "cls": cls, "classifier": classifier, "modern": modern} {
		dir := bertTokens(t, saved(t, m))
		args := []string{"-data", data, "-text", "the cat"}
		if name == "cls" || name == "modern" {
			args = append(args, "-pooling", "cls") // the folder does not say it, the file does; a ModernBERT's default is cls
		}
		want := run(t, append(args, "-model", dir)...)
		if got := run(t, "-data", data, "-text", "the cat", "-model", gguftest.Convert(t, dir)); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// bertTokens gives the folder a tokenizer that GGUF files can hold.
func bertTokens(t *testing.T, dir string) string {
	t.Helper()
	text := strings.Replace(strings.Replace(tokenizer, `{"type": "Lowercase"}`, `{"type": "BertNormalizer", "lowercase": true, "clean_text": true, "handle_chinese_chars": true, "strip_accents": null}`, 1),
		`{"type": "Whitespace"}`, `{"type": "BertPreTokenizer"}`, 1)
	if err := os.WriteFile(filepath.Join(dir, "tokenizer.json"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}
