package tokenize_test

import (
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// TestSplitAtAdded compares all ways to encode texts with added tokens of all kinds: their ids, counts, prefixes and pieces.
func TestSplitAtAdded(t *testing.T) {
	ids := map[string]int32{"<unk>": 0}
	for c := 'a'; c <= 'z'; c++ {
		ids[string(c)] = int32(len(ids))
	}
	var added []tokenize.AddedToken
	for i, text := range []string{"<r>", "<l>", " <w>", "<lr>", "<r>x", "\n"} {
		added = append(added, tokenize.AddedToken{ID: int32(len(ids) + i), Text: text, Special: true,
			LeftStrip: text[1:] == "l>" || text == "<lr>", RightStrip: text == "<r>" || text == "<lr>", SingleWord: text == " <w>"})
	}
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: tokenize.Chars{},
		Model: tokentest.Must[*tokenize.WordLevel](t)(tokenize.NewWordLevel(ids, "<unk>")), Added: added}))
	for _, text := range []string{"", "a", "<r>", "<r>  <w> b", "a <l><lr> <r>x", "<r> <w>", "x <l> <r> <w>\n\n", "<lr>   <l>  <r>a<r>x  c"} {
		got := tokentest.Must[[]int32](t)(tok.AppendEncode(nil, text))
		e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
		if !slices.Equal(got, e.IDs) {
			t.Errorf("%q: got ids %v, want those with offsets, %v", text, got, e.IDs)
		}
		if n := tokentest.Must[int](t)(tok.CountTokens(text)); n != len(got) {
			t.Errorf("%q: counted %d, want %d", text, n, len(got))
		}
		for n := range got {
			want := text[:max(e.Offsets[n].Start, 0)]
			if prefix := tokentest.Must[string](t)(tok.TruncateText(text, n)); n > 0 && e.Offsets[n-1].End <= e.Offsets[n].Start && len(prefix) > len(want) {
				t.Errorf("%q: first %d tokens: got %q, want no more than %q", text, n, prefix, want)
			}
		}
		var pieces, want []string
		err := tok.Stages().Pieces().Each(func(piece string) error { pieces = append(pieces, piece); return nil })(text)
		for i, o := range e.Offsets {
			if !tok.IsSpecial(e.IDs[i]) {
				want = append(want, text[o.Start:o.End])
			}
		}
		if err != nil || !slices.Equal(pieces, want) {
			t.Errorf("%q: got pieces %q, %v, want %q", text, pieces, err, want)
		}
	}
}
