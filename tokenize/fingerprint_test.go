package tokenize_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

var fingerprintTexts = []string{"the quick brown fox", "the lazy dog, the brown dog", "빠른 갈색 여우", "Don't panic"}

func fingerprint(t testing.TB, tok *tokenize.Tokenizer) string {
	t.Helper()
	f, err := tok.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	if len(f) != 64 {
		t.Fatalf("got fingerprint %q, want 64 digits", f)
	}
	return f
}

// trainedTokenizers has one of each trainer.
func trainedTokenizers(t testing.TB) map[string]*tokenize.Tokenizer {
	t.Helper()
	texts := slices.Values(fingerprintTexts)
	all := map[string]*tokenize.Tokenizer{}
	for name, train := range map[string]func() (*tokenize.Tokenizer, error){
		"char": func() (*tokenize.Tokenizer, error) { return trainer.Char{}.Train(texts) },
		"word": func() (*tokenize.Tokenizer, error) { return trainer.Word{}.Train(texts) },
		"lower": func() (*tokenize.Tokenizer, error) {
			return trainer.Word{Normalizer: tokenize.Lowercase{}}.Train(texts)
		},
		"bpe":    func() (*tokenize.Tokenizer, error) { return trainer.BPE{VocabSize: 270}.Train(texts) },
		"bpe271": func() (*tokenize.Tokenizer, error) { return trainer.BPE{VocabSize: 271}.Train(texts) },
		"special": func() (*tokenize.Tokenizer, error) {
			return trainer.BPE{VocabSize: 271, Special: []string{"<s>"}}.Train(texts)
		},
		"unigram":   func() (*tokenize.Tokenizer, error) { return trainer.Unigram{VocabSize: 60}.Train(texts) },
		"wordpiece": func() (*tokenize.Tokenizer, error) { return trainer.WordPiece{VocabSize: 60}.Train(texts) },
	} {
		tok, err := train()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = tok
	}
	return all
}

// saved writes the files of a model folder and loads it.
func saved(t testing.TB, tok *tokenize.Tokenizer) *tokenize.Tokenizer {
	t.Helper()
	files, err := tok.ModelFiles()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := tokenize.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

// TestFingerprint: every trainer gives another fingerprint, saving and loading keeps it, and using the tokenizer does not change it.
func TestFingerprint(t *testing.T) {
	seen := map[string]string{}
	for name, tok := range trainedTokenizers(t) {
		f := fingerprint(t, tok)
		if other, ok := seen[f]; ok {
			t.Errorf("%s and %s have the same fingerprint", name, other)
		}
		seen[f] = name
		if got := fingerprint(t, saved(t, tok)); got != f {
			t.Errorf("%s: got %s after saving and loading, want %s", name, got, f)
		}
		if _, err := tok.Encode("the fox"); err != nil {
			t.Fatal(err)
		}
		if got := fingerprint(t, tok); got != f {
			t.Errorf("%s: got %s after encoding, want %s", name, got, f)
		}
	}
}

// TestFingerprintOfSettings: each field that changes ids changes the fingerprint, and the others do not.
func TestFingerprintOfSettings(t *testing.T) {
	tok := trainedTokenizers(t)["bpe"]
	seen := map[string]string{}
	for name, change := range map[string]func(*tokenize.Tokenizer){
		"none":        func(*tokenize.Tokenizer) {},
		"AsText":      func(t *tokenize.Tokenizer) { t.Special = tokenize.AsText },
		"Forbid":      func(t *tokenize.Tokenizer) { t.Special = tokenize.Forbid },
		"Bare":        func(t *tokenize.Tokenizer) { t.Bare = true },
		"Truncation":  func(t *tokenize.Tokenizer) { t.Truncation = &tokenize.Truncation{MaxLength: 8} },
		"Truncation9": func(t *tokenize.Tokenizer) { t.Truncation = &tokenize.Truncation{MaxLength: 9} },
		"OmitUnknown": func(t *tokenize.Tokenizer) { t.OmitUnknown = true },
		"Padding":     func(t *tokenize.Tokenizer) { t.Padding = &tokenize.Padding{} },
	} {
		c := *tok
		change(&c)
		f := fingerprint(t, &c)
		if other, ok := seen[f]; ok {
			t.Errorf("%s and %s have the same fingerprint", name, other)
		}
		seen[f] = name
	}
	c := *tok
	c.SkipSpecial, c.RuneOffsets = true, true
	if fingerprint(t, &c) != fingerprint(t, tok) {
		t.Error("SkipSpecial and RuneOffsets change the fingerprint, but no id")
	}
}

// unsaid is a Normalizer that cannot be written to a file.
type unsaid struct{}

func (unsaid) Normalize(t tokenize.Text) tokenize.Text { return t }

func TestFingerprintErrors(t *testing.T) {
	s := trainedTokenizers(t)["bpe"].Stages()
	s.Normalizer = unsaid{}
	tok, err := tokenize.New(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tok.Fingerprint(); err == nil || !strings.Contains(err.Error(), "unsaid does not implement json.Marshaler") {
		t.Errorf("got %v, want an error that names the stage", err)
	}
}

// TestFingerprintPublished: published tokenizers of all kinds of files keep their fingerprints when saved and loaded.
func TestFingerprintPublished(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, name := range []string{"bert-base-uncased/vocab.txt", "sentencepiece/test_model.model", "gpt2", "bert-base-cased/vocab.txt", "all-minilm-l6-v2/tokenizer.json",
		"sentencepiece/test_ja_model.model", "t5-base/spiece.model"} {
		if !sweep.All() && len(seen) > 1 {
			break
		}
		tok := published(t, strings.Split(name, "/")...)
		f := fingerprint(t, tok)
		if other, ok := seen[f]; ok {
			t.Errorf("%s and %s have the same fingerprint", name, other)
		}
		seen[f] = name
		if got := fingerprint(t, saved(t, tok)); got != f {
			t.Errorf("%s: got %s after saving and loading, want %s", name, got, f)
		}
	}
}
