package tokenize_test

import (
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// TestMetaspaceFast compares ids of the fast path with ids of the path with offsets, for every way to write and split
// marks.
func TestMetaspaceFast(t *testing.T) {
	model := tokentest.Must[*tokenize.Unigram](t)(tokenize.NewUnigram(tokenize.UnigramConfig{
		Pieces: pieces("▁", -1.0, "a", -2.0, "▁a", -2.5, "▁▁", -1.5, "a▁", -1.0, "b", -3.0, "_", -1.0, "_a", -1.0, " ", -1.0)}))
	var splitters []tokenize.Splitter
	for _, mark := range []string{"", "_"} {
		for _, prepend := range []tokenize.PrependScheme{tokenize.PrependAlways, tokenize.PrependFirst, tokenize.PrependNever} {
			for _, whole := range []bool{false, true} {
				m := tokenize.Metaspace{Replacement: mark, Prepend: prepend, Whole: whole}
				newline := tokenize.Split{Pattern: "\n", Behavior: tokenize.Isolated}
				splitters = append(splitters, m, tokenize.Splitters{tokenize.WhitespaceSplit{}, m}, tokenize.Splitters{m, newline})
			}
		}
	}
	for _, s := range splitters {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: s, Model: model,
			Added: []tokenize.AddedToken{{ID: 20, Text: "<x>"}}}))
		for _, text := range append([]string{"a b", " a  b ", "▁a▁▁a b", "a<x>a <x> b", "a▁_a\t\u3000b\n", "\n\na b\n a\n", "▁", "_a _"}, tokentest.Texts...) {
			e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
			if got := tokentest.Must[[]int32](t)(tok.Encode(text)); !slices.Equal(got, e.IDs) {
				t.Errorf("%+v: %q: got %v, want %v", s, text, got, e.IDs)
			}
		}
	}
}
