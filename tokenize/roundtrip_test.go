package tokenize_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

func TestBytesRoundTrip(t *testing.T) {
	tok := tokentest.BPE(t, "<pad>")
	for _, text := range tokentest.Texts {
		tokentest.RoundTrip(t, tok, text)
	}
}

func FuzzEncode(f *testing.F) {
	for _, text := range tokentest.Texts {
		f.Add(text)
	}
	tok := tokentest.BPE(f, "<pad>", "<s>")
	chars := tokentest.Must[*tokenize.Tokenizer](f)(trainer.Char{Unknown: "<unk>"}.Train(strings.Lines(tokentest.Corpus)))
	words := tokentest.Words(f)
	f.Fuzz(func(t *testing.T, text string) {
		tokentest.RoundTrip(t, tok, text)
		for _, tok := range []*tokenize.Tokenizer{tok, chars, words} {
			e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
			for _, o := range e.Offsets {
				if o.Start < 0 || o.End < o.Start || o.End > len(text) {
					t.Fatalf("%q: offset %v is outside the text", text, o)
				}
			}
		}
	})
}

func TestCharsRoundTrip(t *testing.T) {
	tok := tokentest.Chars(t)
	ids := tokentest.Must[[]int32](t)(tok.Encode(tokentest.Corpus))
	if got := tokentest.Must[string](t)(tok.Decode(ids)); got != tokentest.Corpus {
		t.Errorf("got %q, want %q", got, tokentest.Corpus)
	}
	if got, want := len(ids), len([]rune(tokentest.Corpus)); got != want {
		t.Errorf("got %d ids, want %d, one for each character", got, want)
	}
	for i, want := range []string{"<pad>", "<s>", "</s>", "\t", "\n", " "} {
		if got, ok := tok.IDToToken(int32(i)); !ok || got != want {
			t.Errorf("token %d: got %q, want %q", i, got, want)
		}
	}
	_, err := tok.Encode("it was\xff")
	tokentest.WantError(t, err, "byte 6", "not in the vocabulary")
}

func TestWordsDecodeReadably(t *testing.T) {
	tok := tokentest.Words(t)
	const text = "it was the best of times,\nit was the age (of wisdom) 12."
	ids := tokentest.Must[[]int32](t)(tok.Encode(text))
	if got := tokentest.Must[string](t)(tok.Decode(ids)); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
	unknown, _ := tok.TokenToID("<unk>")
	if unknown != 3 {
		t.Errorf("<unk>: got id %d, want 3, after the special tokens", unknown)
	}
	if got := tokentest.Must[[]int32](t)(tok.Encode("zebra")); !slices.Equal(got, []int32{unknown}) {
		t.Errorf("an unseen word: got %v, want [%d]", got, unknown)
	}
	strict := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{NoUnknown: true}.Train(strings.Lines(tokentest.Corpus)))
	_, err := strict.Encode("it was zebra")
	tokentest.WantError(t, err, "byte 7", `"zebra"`)
}

// TestHangul takes a syllable composed and decomposed: with NFC both are one character, and offsets cover all of it.
func TestHangul(t *testing.T) {
	const composed, decomposed = "한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Char{Normalizer: tokenize.NFC}.Train(strings.Lines(tokentest.Corpus)))
	a := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(composed))
	b := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(decomposed))
	if len(a.IDs) != 2 || !slices.Equal(a.IDs, b.IDs) {
		t.Errorf("got %v and %v, want two equal ids each", a.IDs, b.IDs)
	}
	if want := []tokenize.Span{{Start: 0, End: 9}, {Start: 9, End: 18}}; !slices.Equal(b.Offsets, want) {
		t.Errorf("offsets: got %v, want %v", b.Offsets, want)
	}
	words := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{}.Train(strings.Lines(decomposed + " " + decomposed)))
	if e := tokentest.Must[*tokenize.Encoding](t)(words.EncodeDetailed(decomposed)); len(e.IDs) != 1 || e.Tokens[0] != decomposed {
		t.Errorf("a decomposed word: got %q, want one token", e.Tokens)
	}
}

func TestOffsetsSliceTheText(t *testing.T) {
	low := tokentest.Must[*tokenize.Tokenizer](t)(trainer.Word{Normalizer: tokenize.Lowercase{}}.Train(strings.Lines(tokentest.Corpus)))
	for _, tok := range []*tokenize.Tokenizer{tokentest.BPE(t), tokentest.Chars(t), tokentest.Words(t), low} {
		e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(tokentest.Corpus))
		bytes := *tok
		bytes.RuneOffsets = true
		r := tokentest.Must[*tokenize.Encoding](t)(bytes.EncodeDetailed(tokentest.Corpus))
		runes := []rune(tokentest.Corpus)
		for i, o := range e.Offsets {
			got := tokentest.Corpus[o.Start:o.End]
			if inRunes := string(runes[r.Offsets[i].Start:r.Offsets[i].End]); got != inRunes {
				t.Errorf("token %d: %q by bytes, %q by runes", i, got, inRunes)
			}
			want := tokentest.Must[string](t)(tok.Decode(e.IDs[i : i+1]))
			whole := strings.ToValidUTF8(want, "") == want // a token may be a part of a character
			if tok == low {
				got = strings.ToLower(got)
			}
			if whole && got != want {
				t.Errorf("token %d: offsets give %q, want %q", i, got, want)
			}
		}
	}
}
