package trainer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// extender is a trainer that extends tokenizers.
type extender interface {
	trainer.Trainer
	Extend(old *tokenize.Tokenizer, texts func(func(string) bool)) (*tokenize.Tokenizer, error)
}

// Only bytes of a byte-level BPE can hold a string that is not UTF-8. All other trainers must name the text and the byte.
func TestInvalidTexts(t *testing.T) {
	good := []string{"a text", "U+FFFD itself: \ufffd", "한국어", ""}
	invalid := map[string]int{"a\xff": 1, "\xe2\x82": 0, "x\xed\xa0\x80": 1, "한\x80국": 3, "\xc0\xaf": 0, strings.Repeat("long text\n", 60000) + "\xf5": 600000}
	trainers := []trainer.Trainer{
		trainer.CharBPE{}, trainer.CharBPE{ByteFallback: true}, trainer.CharBPE{Suffix: "$"}, trainer.WordPiece{},
		trainer.Unigram{VocabSize: 30}, trainer.Unigram{VocabSize: 300, ByteFallback: true}, trainer.Word{}, trainer.Char{},
	}
	for _, tr := range trainers {
		old := tokentest.Must[*tokenize.Tokenizer](t)(tr.Train(slices.Values(good)))
		for text, offset := range invalid {
			texts := slices.Values(append(slices.Clone(good), text, "more"))
			_, err := tr.Train(texts)
			want := fmt.Sprintf("text 5: byte 0x%02x at offset %d is not UTF-8", text[offset], offset)
			tokentest.WantError(t, err, "trainer: train", want)
			if e, ok := tr.(extender); ok {
				_, err := e.Extend(old, texts)
				tokentest.WantError(t, err, "trainer: extend", want)
			}
		}
	}
}

// Each byte of a string that is not UTF-8 becomes a token of a byte-level BPE, and sequences of such bytes merge.
func TestBPETrainsOnBytes(t *testing.T) {
	for _, n := range []tokenize.Normalizer{nil, tokenize.Lowercase{}, tokenize.NFC, tokenize.NFKC} {
		texts := slices.Values([]string{"\xff\xfe\xfd", "\xff\xfe\xfd", "\xff\xfe"})
		tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 5, SeenBytes: true, Normalizer: n}.Train(texts))
		ids := tokentest.Must[[]int32](t)(tok.Encode("\xff\xfe\xfd"))
		if len(ids) != 1 {
			t.Errorf("normalizer %v: got ids %v of three bytes that occur together, want one id", n, ids)
		}
		if text := tokentest.Must[string](t)(tok.Decode(ids)); text != "\xff\xfe\xfd" {
			t.Errorf("normalizer %v: got %q back, want the same bytes", n, text)
		}
	}
}
