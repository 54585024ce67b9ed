package tokentest

import (
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// Corpus is a small text in several scripts that the tests train on.
const Corpus = `It was the best of times, it was the worst of times,
it was the age of wisdom; it was the age of foolishness.
We'll say (don't we?) "the times" 1859 12 times.

대한민국의 국가 형태는 대한민국이다. 한국어 문장을 나눈다.
Größe über alles, naïve café.
def f(x):	return x + 1
日本語の文章です。👍🏽
`

// Texts are the texts of round trips: several scripts, composed and decomposed Hangul, spaces, invalid bytes.
var Texts = []string{
	"", " ", "\n", "  \n\n  a", "it was the best of times",
	"한국어 문장", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165", // the same word decomposed
	"e\u0301 é 👍🏽\u200d \ufeff", "\xff", "a\xc3", "\xe2\x82", "\xed\xa0\x80", "한\x80국", "\x00\x01\x7f",
	strings.Repeat("a", 100), strings.Repeat("한", 50),
}

// BPE trains a byte-level BPE of 400 tokens on Corpus.
func BPE(t testing.TB, special ...string) *tokenize.Tokenizer {
	t.Helper()
	return Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 400, Special: special}.Train(strings.Lines(Corpus)))
}

// Chars trains a tokenizer of characters on Corpus.
func Chars(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	return Must[*tokenize.Tokenizer](t)(trainer.Char{Special: []string{"<pad>", "<s>", "</s>"}}.Train(strings.Lines(Corpus)))
}

// Words trains a tokenizer of words on Corpus.
func Words(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	return Must[*tokenize.Tokenizer](t)(trainer.Word{Special: []string{"<pad>", "<s>", "</s>"}}.Train(strings.Lines(Corpus)))
}
