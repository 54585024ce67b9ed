package tokenize_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

func TestSaveAndLoad(t *testing.T) {
	low := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{
		Normalizer: tokenize.Normalizers{tokenize.NFKC, tokenize.Lowercase{}},
		Splitter:   tokenize.Splitters{tokenize.WhitespaceSplit{}, tokenize.Split{Pattern: "'", Behavior: tokenize.MergedWithNext}},
	}.Train(strings.Lines(tokentest.Corpus)))
	s := tokentest.BPE(t, "<s>", "</s>").Stages()
	s.PostProcessor = tokenize.PostProcessors{tokenize.ByteLevel{TrimOffsets: true}, tokenize.Template{
		Single: []tokenize.TemplatePart{{Name: "begin", IDs: []int32{0}, Tokens: []string{"<s>"}}, {Text: "A"}},
	}}
	s.Added = append(slices.Clone(s.Added), tokenize.AddedToken{ID: 500, Text: "<é&>", LeftStrip: true, Normalized: true})
	framed := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(s))
	for _, tok := range []*tokenize.Tokenizer{tokentest.Chars(t), tokentest.Words(t), tokentest.BPE(t), low, framed} {
		dir := t.TempDir()
		if err := tok.Save(dir); err != nil {
			t.Fatal(err)
		}
		again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(dir))
		if a, b := tokentest.Must[[]byte](t)(tok.MarshalJSON()), tokentest.Must[[]byte](t)(again.MarshalJSON()); !bytes.Equal(a, b) {
			t.Errorf("saved twice: got %s, want %s", b, a)
		}
		text := tokentest.Corpus
		if tok == framed {
			text += "<s> <é&>"
		}
		want := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
		got := tokentest.Must[*tokenize.Encoding](t)(again.EncodeDetailed(text))
		if !slices.Equal(got.IDs, want.IDs) || !slices.Equal(got.Offsets, want.Offsets) {
			t.Errorf("%T: got %v, want %v", tok.Stages().Splitter, got.IDs, want.IDs)
		}
		if again.Roles != tok.Roles {
			t.Errorf("roles: got %+v, want %+v", again.Roles, tok.Roles)
		}
		if a, b := tokentest.Must[string](t)(tok.Decode(want.IDs)), tokentest.Must[string](t)(again.Decode(want.IDs)); a != b {
			t.Errorf("%T: decoded: got %q, want %q", tok.Stages().Splitter, b, a)
		}
		if files := tokentest.Must[[]os.DirEntry](t)(os.ReadDir(dir)); len(files) != 2 {
			t.Errorf("got %d files in the folder, want 2", len(files))
		}
	}
	err := framed.Save(filepath.Join(t.TempDir(), "none", "tokenizer.json"))
	tokentest.WantError(t, err, "save", "tokenizer.json", "no such file")
}

func TestSaveGPT2(t *testing.T) {
	dir := t.TempDir()
	tok := tokentest.BPE(t, "<|endoftext|>")
	if err := tok.SaveGPT2(dir); err != nil {
		t.Fatal(err)
	}
	again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(dir))
	if a, b := tokentest.Must[[]byte](t)(tok.MarshalJSON()), tokentest.Must[[]byte](t)(again.MarshalJSON()); !bytes.Equal(a, b) {
		t.Errorf("got %s, want %s", b, a)
	}
	tokentest.WantError(t, tokentest.Chars(t).SaveGPT2(dir), "use Save")
	more := withAdded(t, tok, tokenize.AddedToken{Text: "<x>", LeftStrip: true})
	tokentest.WantError(t, more.SaveGPT2(dir), "<x>", "use Save")
}

func TestSaveGPT2IsGPT2(t *testing.T) {
	dir := t.TempDir()
	if err := gpt2(t).SaveGPT2(dir); err != nil {
		t.Fatal(err)
	}
	got := tokentest.Must[[]byte](t)(os.ReadFile(filepath.Join(dir, "merges.txt")))
	want := tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, "tokenizers", "gpt2", "merges.txt")))
	if !bytes.Equal(bytes.TrimSpace(got), bytes.TrimSpace(want)) {
		t.Errorf("merges.txt: got %d bytes that differ from %d", len(got), len(want))
	}
	var a, b map[string]int32
	for path, to := range map[string]*map[string]int32{filepath.Join(dir, "vocab.json"): &a, tokentest.Shared(t, "tokenizers", "gpt2", "vocab.json"): &b} {
		if err := json.Unmarshal(tokentest.Must[[]byte](t)(os.ReadFile(path)), to); err != nil {
			t.Fatal(err)
		}
	}
	if len(a) != len(b) {
		t.Errorf("vocab.json: got %d tokens, want %d", len(a), len(b))
	}
	for token, id := range b {
		if a[token] != id {
			t.Fatalf("%q: got id %d, want %d", token, a[token], id)
		}
	}
}

// TestPhi2 loads a published tokenizer.json: GPT-2's vocabulary with runs of spaces and tabs added.
func TestPhi2(t *testing.T) {
	tok := published(t, "phi-2", "tokenizer.json")
	if got := tok.VocabSize(); got != 50295 {
		t.Errorf("VocabSize: got %d, want 50295", got)
	}
	n := 0
	for _, r := range references(t, "tokenizers", "parity", "gpt2.jsonl") {
		if strings.Contains(r.Text, "  ") || strings.Contains(r.Text, "\t\t") || strings.Contains(r.Text, "<|endoftext|>") {
			continue
		}
		n++
		checkIDs(t, tok, r)
	}
	if n < 100 {
		t.Errorf("only %d cases without runs of spaces", n)
	}
	ids := tokentest.Must[[]int32](t)(tok.Encode("a" + strings.Repeat(" ", 31) + "b"))
	if !slices.Contains(ids, 50257) {
		t.Errorf("31 spaces: got %v, want 50257 in it", ids)
	}
}
