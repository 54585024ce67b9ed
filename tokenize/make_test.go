package tokenize_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// corpus is a small text in several scripts that the tests train on.
const corpus = `It was the best of times, it was the worst of times,
it was the age of wisdom; it was the age of foolishness.
We'll say (don't we?) "the times" 1859 12 times.

대한민국의 국가 형태는 대한민국이다. 한국어 문장을 나눈다.
Größe über alles, naïve café.
def f(x):	return x + 1
日本語の文章です。👍🏽
`

func trainBPE(t testing.TB, special ...string) *tokenize.Tokenizer {
	t.Helper()
	return must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 400, Special: special}.Train(lines(corpus)))
}

func trainChars(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	return must[*tokenize.Tokenizer](t)(trainer.Char{Special: []string{"<pad>", "<s>", "</s>"}}.Train(lines(corpus)))
}

func trainWords(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	return must[*tokenize.Tokenizer](t)(trainer.Word{Special: []string{"<pad>", "<s>", "</s>"}}.Train(lines(corpus)))
}

// texts are the texts of round trips: scripts, composed and decomposed Hangul, spaces, and bytes that are no text.
var texts = []string{
	"", " ", "\n", "  \n\n  a", "it was the best of times",
	"한국어 문장", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165", // the same word decomposed
	"e\u0301 é 👍🏽\u200d \ufeff", "\xff", "a\xc3", "\xe2\x82", "\xed\xa0\x80", "한\x80국", "\x00\x01\x7f",
	strings.Repeat("a", 100), strings.Repeat("한", 50),
}

func TestBytesRoundTrip(t *testing.T) {
	tok := trainBPE(t, "<pad>")
	for _, text := range texts {
		checkRoundTrip(t, tok, text)
	}
}

func checkRoundTrip(t *testing.T, tok *tokenize.Tokenizer, text string) {
	t.Helper()
	ids, err := tok.Encode(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	got, err := tok.Decode(ids)
	if err != nil || got != text {
		t.Errorf("decoded: got %q, %v, want %q", got, err, text)
	}
	e, err := tok.EncodeDetailed(text)
	if err != nil || !slices.Equal(e.IDs, ids) {
		t.Errorf("%q: detailed: got %v, %v, want %v", text, e, err, ids)
	}
	var streamed strings.Builder
	s := tok.Stream()
	for _, id := range ids {
		streamed.WriteString(must[string](t)(s.Write(id)))
	}
	streamed.WriteString(must[string](t)(s.Flush()))
	if streamed.String() != text {
		t.Errorf("streamed: got %q, want %q", streamed.String(), text)
	}
}

func FuzzEncode(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	tok := trainBPE(f, "<pad>", "<s>")
	chars := must[*tokenize.Tokenizer](f)(trainer.Char{Unknown: "<unk>"}.Train(lines(corpus)))
	words := trainWords(f)
	f.Fuzz(func(t *testing.T, text string) {
		checkRoundTrip(t, tok, text)
		for _, tok := range []*tokenize.Tokenizer{tok, chars, words} {
			e := must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
			for _, o := range e.Offsets {
				if o.Start < 0 || o.End < o.Start || o.End > len(text) {
					t.Fatalf("%q: offset %v is outside the text", text, o)
				}
			}
		}
	})
}

func TestCharsRoundTrip(t *testing.T) {
	tok := trainChars(t)
	ids := must[[]int32](t)(tok.Encode(corpus))
	if got := must[string](t)(tok.Decode(ids)); got != corpus {
		t.Errorf("got %q, want %q", got, corpus)
	}
	if got, want := len(ids), len([]rune(corpus)); got != want {
		t.Errorf("got %d ids, want %d, one for each character", got, want)
	}
	for i, want := range []string{"<pad>", "<s>", "</s>", "\t", "\n", " "} {
		if got, ok := tok.IDToToken(int32(i)); !ok || got != want {
			t.Errorf("token %d: got %q, want %q", i, got, want)
		}
	}
	_, err := tok.Encode("it was\xff")
	wantError(t, err, "byte 6", "not in the vocabulary")
}

func TestWordsDecodeReadably(t *testing.T) {
	tok := trainWords(t)
	const text = "it was the best of times,\nit was the age (of wisdom) 12."
	ids := must[[]int32](t)(tok.Encode(text))
	if got := must[string](t)(tok.Decode(ids)); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
	unknown, _ := tok.TokenToID("<unk>")
	if unknown != 3 {
		t.Errorf("<unk>: got id %d, want 3, after the special tokens", unknown)
	}
	if got := must[[]int32](t)(tok.Encode("zebra")); !slices.Equal(got, []int32{unknown}) {
		t.Errorf("an unseen word: got %v, want [%d]", got, unknown)
	}
	strict := must[*tokenize.Tokenizer](t)(trainer.Word{NoUnknown: true}.Train(lines(corpus)))
	_, err := strict.Encode("it was zebra")
	wantError(t, err, "byte 7", `"zebra"`)
}

// TestHangul takes a syllable composed and decomposed: with NFC both are one character, and offsets cover all of it.
func TestHangul(t *testing.T) {
	const composed, decomposed = "한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"
	tok := must[*tokenize.Tokenizer](t)(trainer.Char{Normalizer: tokenize.NFC}.Train(lines(corpus)))
	a := must[*tokenize.Encoding](t)(tok.EncodeDetailed(composed))
	b := must[*tokenize.Encoding](t)(tok.EncodeDetailed(decomposed))
	if len(a.IDs) != 2 || !slices.Equal(a.IDs, b.IDs) {
		t.Errorf("got %v and %v, want two equal ids each", a.IDs, b.IDs)
	}
	if want := []tokenize.Span{{Start: 0, End: 9}, {Start: 9, End: 18}}; !slices.Equal(b.Offsets, want) {
		t.Errorf("offsets: got %v, want %v", b.Offsets, want)
	}
	words := must[*tokenize.Tokenizer](t)(trainer.Word{}.Train(lines(decomposed + " " + decomposed)))
	if e := must[*tokenize.Encoding](t)(words.EncodeDetailed(decomposed)); len(e.IDs) != 1 || e.Tokens[0] != decomposed {
		t.Errorf("a decomposed word: got %q, want one token", e.Tokens)
	}
}

func TestOffsetsSliceTheText(t *testing.T) {
	low := must[*tokenize.Tokenizer](t)(trainer.Word{Normalizer: tokenize.Lowercase{}}.Train(lines(corpus)))
	for _, tok := range []*tokenize.Tokenizer{trainBPE(t), trainChars(t), trainWords(t), low} {
		e := must[*tokenize.Encoding](t)(tok.EncodeDetailed(corpus))
		bytes := *tok
		bytes.RuneOffsets = true
		r := must[*tokenize.Encoding](t)(bytes.EncodeDetailed(corpus))
		runes := []rune(corpus)
		for i, o := range e.Offsets {
			got := corpus[o.Start:o.End]
			if inRunes := string(runes[r.Offsets[i].Start:r.Offsets[i].End]); got != inRunes {
				t.Errorf("token %d: %q by bytes, %q by runes", i, got, inRunes)
			}
			want := must[string](t)(tok.Decode(e.IDs[i : i+1]))
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

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("got no error, want one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error: got %q, want %q in it", err, part)
		}
	}
}
