package tokenize_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

const vocabText = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n\n[MASK]\nun\n##aff\n##able\né\n"

func TestParseWordPiece(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseWordPiece([]byte(vocabText), false))
	if got, want := tokentest.Must[[]int32](t)(tok.Encode("unaffable É [MASK]")), []int32{2, 6, 7, 8, 1, 5, 3}; !slices.Equal(got, want) {
		t.Errorf("cased: got %v, want %v", got, want)
	}
	if got := tokentest.Must[string](t)(tok.Decode([]int32{6, 7, 8, 9})); got != "unaffable é" {
		t.Errorf("decoded: got %q, want %q", got, "unaffable é")
	}
	lower := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseWordPiece([]byte("[UNK]\r\ne\r\n"), true))
	if got, want := tokentest.Must[[]int32](t)(lower.Encode("É x")), []int32{1, 0}; !slices.Equal(got, want) {
		t.Errorf("uncased: got %v, want %v", got, want)
	}
	_, err := tokenize.ParseWordPiece([]byte("\n\n"), true)
	tokentest.WantError(t, err, "vocab.txt", "no tokens")
	_, err = tokenize.ParseWordPiece([]byte("a\n\xff\n"), true)
	tokentest.WantError(t, err, "vocab.txt", "line 2", "UTF-8")
}

func TestSaveWordPiece(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vocab.txt")
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseWordPiece([]byte(vocabText), true))
	if err := tok.SaveWordPiece(path); err != nil {
		t.Fatal(err)
	}
	if got := tokentest.Must[[]byte](t)(os.ReadFile(path)); string(got) != vocabText {
		t.Errorf("got %q, want %q", got, vocabText)
	}
	again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.LoadWordPiece(path, true))
	if a, b := tokentest.Must[[]byte](t)(tok.MarshalJSON()), tokentest.Must[[]byte](t)(again.MarshalJSON()); !bytes.Equal(a, b) {
		t.Errorf("loaded: got %s, want %s", b, a)
	}
	cased := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.LoadWordPiece(path, false))
	if got, want := tokentest.Must[[]int32](t)(cased.Encode("É é")), []int32{2, 1, 9, 3}; !slices.Equal(got, want) {
		t.Errorf("cased: got %v, want %v", got, want)
	}
	tokentest.WantError(t, tokentest.Chars(t).SaveWordPiece(path), "vocab.txt", "use Save")
}

// TestWordPieceCases checks cases that others have published for the two vocabularies of BERT.
func TestWordPieceCases(t *testing.T) {
	for _, name := range []string{"bert-base-uncased", "bert-base-cased"} {
		tok := published(t, name, "vocab.txt")
		tok.Bare, tok.Special = true, tokenize.AsText
		var file struct{ Cases []reference }
		if err := json.Unmarshal(tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, "tokenizers", name, "cases.json"))), &file); err != nil {
			t.Fatal(err)
		}
		if len(file.Cases) == 0 {
			t.Fatalf("%s: no cases", name)
		}
		for _, r := range file.Cases {
			e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(r.Text))
			if len(r.IDs) > 0 && !slices.Equal(e.IDs, r.IDs) || len(r.Tokens) > 0 && !slices.Equal(e.Tokens, r.Tokens) {
				t.Errorf("%s: %q: got %v %q, want %v %q", name, r.Text, e.IDs, e.Tokens, r.IDs, r.Tokens)
			}
		}
	}
}

func FuzzParseWordPiece(f *testing.F) {
	f.Add([]byte(vocabText), true)
	f.Add([]byte("a\r\n\n##b"), false)
	f.Fuzz(func(t *testing.T, vocab []byte, lowercase bool) {
		if tok, err := tokenize.ParseWordPiece(vocab, lowercase); err == nil {
			useLoaded(t, tok)
		}
	})
}
