package tokenize_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// ggufTexts are texts with words, numbers, spaces, lines and scripts.
var ggufTexts = []string{
	"don't <s> stop [MASK] </s> <|endoftext|>", "", " ", "Hello, World! It's 1234 o'clock.", "  two  spaces\n\nand lines\t", "한국어 日本語 Ελληνικά émigré ﬁn", "🙂 \x00 ½",
}

// TestGGUFReference: every published tokenizer goes through the metadata of a GGUF file and back, as a whole, and gives the same ids.
func TestGGUFReference(t *testing.T) {
	models := map[string]string{
		"falcon": "gpt2", "llama2": "llama", "llama2/tokenizer.model": "llama", "t5-small": "t5", "t5-base/spiece.model": "t5",
		"bert-base-cased": "bert",
	}
	for name, model := range models {
		if !sweep.All() && (name == "falcon" || name == "llama2" || name == "t5-base/spiece.model") {
			continue // large
		}
		tok := loadShared(t, "tokenizers", name)
		keys, err := tok.GGUF(tok.VocabSize() + 3)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if keys["tokenizer.ggml.model"] != model {
			t.Errorf("%s: got model %v, want %s", name, keys["tokenizer.ggml.model"], model)
		}
		sameIDs(t, name, tok, keys, ggufTexts)
		if _, whole := keys["tokenizer.huggingface.json"]; !whole || model == "none" {
			continue
		}
		plain := maps.Clone(keys)
		delete(plain, "tokenizer.huggingface.json")
		sameIDs(t, name+" without its JSON", tok, plain, ggufTexts[1:]) // spaces around special tokens are a rule of the JSON
	}
}

// sameIDs fails unless the tokenizer in keys gives the ids and texts of tok.
func sameIDs(t *testing.T, name string, tok *tokenize.Tokenizer, keys map[string]any, texts []string) {
	t.Helper()
	back, err := tokenize.ParseGGUF(keys)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	back.Special = tok.Special // a .model file is read as sentencepiece reads it
	for _, text := range texts {
		want, err := tok.Encode(text)
		if err != nil {
			continue
		}
		if got, err := back.Encode(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q has ids %v (%v), want %v", name, text, got, err, want)
		}
	}
	if back.Roles != tok.Roles {
		t.Errorf("%s: got roles %+v, want %+v", name, back.Roles, tok.Roles)
	}
}

// TestGGUFTrained: every kind of tokenizer that is trained here goes through the metadata and back.
func TestGGUFTrained(t *testing.T) {
	text := slices.Values(strings.SplitAfter("The quick brown fox\njumps over the lazy dog 123 times, doesn't it?\n", "\n"))
	for model, tr := range map[string]trainer.Trainer{
		"gpt2": trainer.BPE{VocabSize: 300, Special: []string{"<s>"}}, "t5": trainer.Unigram{VocabSize: 80}, "bert": trainer.WordPiece{VocabSize: 80},
		"none": trainer.Char{Unknown: "<unk>"},
	} {
		tok, err := tr.Train(text)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := tok.GGUF(tok.VocabSize())
		if err != nil || keys["tokenizer.ggml.model"] != model {
			t.Errorf("got model %v (%v), want %s", keys["tokenizer.ggml.model"], err, model)
		}
		for name, omit := range map[string]string{"whole": "", "plain": "tokenizer.huggingface.json"} {
			plain := maps.Clone(keys)
			if delete(plain, omit); omit != "" && model == "none" {
				continue
			}
			back, err := tokenize.ParseGGUF(plain)
			if err != nil {
				t.Errorf("%s %s: %v", model, name, err)
				continue
			}
			for _, s := range []string{"the quick dog", "over 12\nThe lazy fox"} {
				want, _ := tok.Encode(s)
				if got, err := back.Encode(s); err != nil || !slices.Equal(got, want) {
					t.Errorf("%s %s: %q has ids %v (%v), want %v", model, name, s, got, err, want)
				}
			}
			foldered(t, model+" "+name, back)
		}
	}
}

// foldered fails unless the files of a tokenizer load from a folder.
func foldered(t *testing.T, name string, tok *tokenize.Tokenizer) {
	t.Helper()
	files, err := tok.ModelFiles()
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tokenize.Load(dir); err != nil {
		t.Errorf("%s: the folder does not load: %v", name, err)
	}
}

// TestGGUFStale: a tokenizer.json of another vocabulary does not count.
func TestGGUFStale(t *testing.T) {
	tok, err := trainer.BPE{VocabSize: 300}.Train(slices.Values([]string{"some text here, some there"}))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tok.GGUF(tok.VocabSize())
	if err != nil {
		t.Fatal(err)
	}
	tokens := slices.Clone(keys["tokenizer.ggml.tokens"].([]string))
	tokens[0], tokens[1] = tokens[1], tokens[0]
	keys["tokenizer.ggml.tokens"] = tokens
	back, err := tokenize.ParseGGUF(keys)
	if err != nil {
		t.Fatal(err)
	}
	if id, _ := back.TokenToID(tokens[0]); id != 0 {
		t.Errorf("%q has id %d, want 0: the stale tokenizer.json was read", tokens[0], id)
	}
}

// TestGGUFRefused: the error names the key.
func TestGGUFRefused(t *testing.T) {
	good := func() map[string]any {
		return map[string]any{
			"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2", "tokenizer.ggml.tokens": []string{"a", "b", "ab"}, "tokenizer.ggml.merges": []string{"a b"},
			"tokenizer.ggml.token_type": []int32{1, 1, 1},
		}
	}
	if _, err := tokenize.ParseGGUF(good()); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(m map[string]any){
		"tokenizer.ggml.tokens is missing":                        func(m map[string]any) { delete(m, "tokenizer.ggml.tokens") },
		"tokenizer.ggml.tokens is []int32 with 0 tokens":          func(m map[string]any) { m["tokenizer.ggml.tokens"] = []int32{1} },
		`tokenizer.ggml.model is "rwkv", want gpt2, llama`:        func(m map[string]any) { m["tokenizer.ggml.model"] = "rwkv" },
		"tokenizer.ggml.model is none: the file has no tokenizer": func(m map[string]any) { clear(m); m["tokenizer.ggml.model"] = "none" },
		"tokenizer.ggml.model is missing":                         func(m map[string]any) { delete(m, "tokenizer.ggml.model") },
		`tokenizer.ggml.pre is "x", want one of gpt-2`:            func(m map[string]any) { m["tokenizer.ggml.pre"] = "x" },
		`tokenizer.ggml.merges[0]: "ab": two tokens`:              func(m map[string]any) { m["tokenizer.ggml.merges"] = []string{"ab"} },
		`merges[0]: "x" is not in the vocabulary`:                 func(m map[string]any) { m["tokenizer.ggml.merges"] = []string{"x b"} },
		"tokenizer.ggml.merges is <nil>, want strings":            func(m map[string]any) { delete(m, "tokenizer.ggml.merges") },
		`tokens 0 and 1 are both "a"`:                             func(m map[string]any) { m["tokenizer.ggml.tokens"] = []string{"a", "a", "ab"} },
		"tokenizer.ggml.token_type has 1 types for 3 tokens":      func(m map[string]any) { m["tokenizer.ggml.token_type"] = []int32{1} },
		`token 1, "b", has type 9, want 1 … 6`:                    func(m map[string]any) { m["tokenizer.ggml.token_type"] = []int32{1, 9, 1} },
		"tokenizer.ggml.scores is <nil>, want float32":            func(m map[string]any) { m["tokenizer.ggml.model"] = "llama" },
		"tokenizer.ggml.scores has 1 scores for 3 tokens":         func(m map[string]any) { m["tokenizer.ggml.scores"] = []float32{1} },
		"none of the 3 pieces is the unknown piece": func(m map[string]any) {
			m["tokenizer.ggml.model"], m["tokenizer.ggml.scores"] = "llama", []float32{0, 0, 0}
		},
	} {
		keys := good()
		change(keys)
		if _, err := tokenize.ParseGGUF(keys); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "tokenize: gguf: ") {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
	tok, err := tokenize.ParseGGUF(good())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tok.GGUF(2); err == nil || !strings.Contains(err.Error(), "the tokenizer has 3 tokens, the model 2") {
		t.Errorf("got error %v, want one with both sizes", err)
	}
}
