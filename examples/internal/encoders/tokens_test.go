package encoders_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

var texts = strings.Split("the quick brown fox, jumping over the lazy dog\nthe dogs and the foxes: jump quickly\nfoxes jump over quick dogs", "\n")

// trained returns a framed tokenizer of a kind for a family.
func trained(t *testing.T, kind, family string) vocabulary.Vocabulary {
	t.Helper()
	v, err := vocabulary.Options{Name: kind, Size: 300, Special: encoders.Special(family)}.Open("", vocabulary.Texts(slices.Values(texts)))
	if err == nil {
		v, err = encoders.Frame(v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestFrame: the saved files put the tokens of the family around a text and a pair, and have its roles and ids.
func TestFrame(t *testing.T) {
	for _, kind := range []string{"char", "word", "bpe", "unigram", "wordpiece"} {
		for family, want := range map[string]struct {
			before, after, between string
			pad                    int32
		}{
			"bert": {"[CLS]", "[SEP]", "[SEP]", 0}, "modernbert": {"[CLS]", "[SEP]", "[SEP]", 0}, "roberta": {"<s>", "</s>", "</s> </s>", 1},
		} {
			dir := t.TempDir()
			for name, content := range trained(t, kind, family).Files {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			saved, err := tokenize.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			one, err := saved.EncodeDetailed("the fox")
			if err != nil {
				t.Fatal(err)
			}
			two, err := saved.EncodePair("the", "fox")
			if err != nil {
				t.Fatal(err)
			}
			n := len(one.Tokens)
			if one.Tokens[0] != want.before || one.Tokens[n-1] != want.after || slices.Contains(one.Tokens[1:n-1], want.after) {
				t.Errorf("%s for %s: got %q", kind, family, one.Tokens)
			}
			if !strings.Contains(strings.Join(two.Tokens, " "), " "+want.between+" ") {
				t.Errorf("%s for %s: got the pair %q", kind, family, two.Tokens)
			}
			tokens, err := encoders.NewTokens(saved)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tokens.Hidden(); err != nil || tokens.PAD != want.pad {
				t.Errorf("%s for %s: got padding %d (%v), want %d", kind, family, tokens.PAD, err, want.pad)
			}
			if got, err := tokens.AppendEncode(nil, "the fox"); err != nil || !slices.Equal(got, one.IDs) {
				t.Errorf("%s for %s: got ids %v (%v), want %v", kind, family, got, err, one.IDs)
			}
		}
	}
}

// TestInside cuts a text into words by the marks of the tokens.
func TestInside(t *testing.T) {
	for _, kind := range []string{"bpe", "unigram", "wordpiece"} {
		tokens, err := encoders.NewTokens(trained(t, kind, "bert").Tokenizer)
		if err != nil {
			t.Fatal(err)
		}
		inside, err := tokens.Inside()
		if err != nil {
			t.Fatal(err)
		}
		ids, err := tokens.Tokenizer.AppendEncode(nil, "lazy foxes jumping, quickly over dogs")
		if err != nil {
			t.Fatal(err)
		}
		words := 0
		for i, id := range ids {
			if i == 0 || !inside[id] {
				words++
			}
		}
		if words != 7 && !(kind == "unigram" && words == 6) { // a unigram piece may hold the comma
			t.Errorf("%s: got %d words in %v, want 7", kind, words, ids)
		}
	}
	tokens, err := encoders.NewTokens(trained(t, "char", "bert").Tokenizer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Inside(); err == nil || !strings.Contains(err.Error(), "where words begin") {
		t.Errorf("char: got error %v, want one that names words", err)
	}
}

// TestEncodeMasked: a gap in a text has the ids of the text with the word, except for the tokens of the word.
func TestEncodeMasked(t *testing.T) {
	for _, kind := range []string{"char", "word", "bpe", "unigram", "wordpiece"} {
		tokens, err := encoders.NewTokens(trained(t, kind, "roberta").Tokenizer)
		if err != nil {
			t.Fatal(err)
		}
		before, err := tokens.Tokenizer.AppendEncode(nil, "the quick")
		if err != nil {
			t.Fatal(err)
		}
		after, err := tokens.Tokenizer.AppendEncode(nil, " jump over")
		if err != nil {
			t.Fatal(err)
		}
		hidden, err := tokens.Hidden()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"the quick [MASK] jump over", "the quick <mask> jump over"} {
			if kind == "char" {
				text = strings.Replace(text, " ", "", 2) // a gap is one character
				text = strings.Replace(text, "thequick", "the quick", 1)
			}
			ids, masks, err := tokens.EncodeMasked(text)
			if err != nil {
				t.Fatal(err)
			}
			want := slices.Concat([]int32{tokens.CLS}, before, []int32{hidden}, after, []int32{tokens.SEP})
			if !slices.Equal(ids, want) || !slices.Equal(masks, []int{1 + len(before)}) {
				t.Errorf("%s: got %v and gaps %v, want %v", kind, ids, masks, want)
			}
		}
	}
}

// TestPublished: the tokenizers of BERT and RoBERTa have all tokens, and mark words.
func TestPublished(t *testing.T) {
	for name, want := range map[string]struct{ cls, sep, pad, mask int32 }{"bert-base-uncased": {101, 102, 0, 103}, "roberta-base": {0, 2, 1, 50264}} {
		dir := filepath.Join("..", "..", "..", "..", "shared", "tokenizers", name)
		if _, err := os.Stat(dir); err != nil {
			t.Skip("no reference data")
		}
		tok, err := tokenize.Load(filepath.Join(dir, "tokenizer.json"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := encoders.NewTokens(tok)
		if err != nil {
			t.Fatal(err)
		}
		mask, err := s.Hidden()
		if err != nil || s.CLS != want.cls || s.SEP != want.sep || s.PAD != want.pad || mask != want.mask {
			t.Errorf("%s: got %d %d %d %d (%v), want %+v", name, s.CLS, s.SEP, s.PAD, mask, err, want)
		}
		inside, err := s.Inside()
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range s.Keep() {
			if inside[id] {
				t.Errorf("%s: special token %d continues a word", name, id)
			}
		}
	}
}
