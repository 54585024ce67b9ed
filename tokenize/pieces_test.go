package tokenize_test

import (
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// TestPieces compares Pieces with the pieces that encoding makes.
func TestPieces(t *testing.T) {
	newlines := tokenize.Split{Pattern: "\n", Behavior: tokenize.Isolated}
	for _, s := range []tokenize.Splitter{
		tokenize.Metaspace{}, tokenize.Metaspace{Whole: true}, tokenize.Metaspace{Replacement: "_", Prepend: tokenize.PrependNever},
		tokenize.Splitters{tokenize.Metaspace{}, newlines}, tokenize.Splitters{newlines, tokenize.Metaspace{Prepend: tokenize.PrependFirst}},
		tokenize.Splitters{newlines, tokenize.Splitters{tokenize.Digits{}, tokenize.Metaspace{Prepend: tokenize.PrependFirst}}},
		tokenize.Splitters{tokenize.WhitespaceSplit{}, tokenize.Punctuation{}}, tokenize.BertSplitter{}, tokenize.Words{}, tokenize.Chars{},
		tokenize.Splitters{tokenize.Split{Pattern: "t", Behavior: tokenize.Removed, Invert: true}, tokenize.Digits{Individual: true}},
		tokenize.ByteLevel{PrefixSpace: true}, tokenize.Splitters{tokenize.Digits{}, tokenize.ByteLevel{}}, tokenize.Splitters{},
	} {
		for _, text := range append(tokentest.Texts, tokentest.Corpus, " a  b ", "\na", "▁x _y") {
			if text == "" {
				continue // nothing is encoded
			}
			var want []string
			for _, p := range s.Split(nil, tokenize.NewText(text)) {
				want = append(want, p.String())
			}
			var got []string
			err := tokenize.Stages{Splitter: s}.Pieces().Each(func(piece string) error {
				got = append(got, piece)
				return nil
			})(text)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%#v: %q: got %q, %v, want %q", s, text, got, err, want)
			}
		}
	}
}
