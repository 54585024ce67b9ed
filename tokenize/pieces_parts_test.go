package tokenize_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// listPieces returns the pieces of texts.
func listPieces(t *testing.T, p *tokenize.Pieces, texts ...string) (pieces []string) {
	t.Helper()
	each := p.Each(func(piece string) error {
		pieces = append(pieces, piece)
		return nil
	})
	for _, text := range texts {
		if err := each(text); err != nil {
			t.Fatal(err)
		}
	}
	return pieces
}

// TestParts checks that the parts of a text join to the text and have its pieces.
func TestParts(t *testing.T) {
	text := strings.Repeat(tokentest.Corpus, 3)
	for name, c := range map[string]struct {
		stages tokenize.Stages
		cut    bool
	}{
		"bytes":        {tokenize.Stages{Splitter: tokenize.ByteLevel{}}, true},
		"words":        {tokenize.Stages{Splitter: tokenize.Words{}}, true},
		"no splitter":  {tokenize.Stages{}, false},
		"normalizer":   {tokenize.Stages{Splitter: tokenize.Words{}, Normalizer: tokenize.NFC}, false},
		"added tokens": {tokenize.Stages{Splitter: tokenize.Words{}, Added: []tokenize.AddedToken{{Text: "times,\nit"}}}, false},
	} {
		p := c.stages.Pieces()
		parts := slices.Collect(p.Parts(text, 64))
		cut := len(parts[0]) < len(text)
		if joined := strings.Join(parts, ""); joined != text || cut != c.cut {
			t.Errorf("%s: got %d parts of %d bytes, want the %d bytes of the text, cut: %t", name, len(parts), len(joined), len(text), c.cut)
		}
		if got, want := listPieces(t, p, parts...), listPieces(t, p, text); !slices.Equal(got, want) {
			t.Errorf("%s: got the pieces %q of the parts, want %q", name, got, want)
		}
		if again := slices.Collect(p.Parts(text, 64)); !slices.Equal(again, parts) {
			t.Errorf("%s: the second time, got other parts", name)
		}
	}
}

func TestPiecesOfStages(t *testing.T) {
	s := tokenize.Stages{Normalizer: tokenize.Lowercase{}, Splitter: tokenize.WhitespaceSplit{},
		Added: []tokenize.AddedToken{{Text: "<s>"}, {Text: "Two", Normalized: true}}}
	if got, want := listPieces(t, s.Pieces(), "One <s>Two THREE<S>"), []string{"one", "three<s>"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	stop, n := errors.New("stop"), 0
	err := s.Pieces().Each(func(string) error { n++; return stop })("a b c")
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("got %v after %d pieces, want %v after 1", err, n, stop)
	}
}

func TestByteAlphabets(t *testing.T) {
	var order []string
	for b, token := range (tokenize.ByteLevel{}).Alphabet() {
		if back := (tokenize.ByteLevel{}).Decode([]string{token}); b < 0x80 && back[0] != string(rune(b)) {
			t.Errorf("byte %d: %q decodes to %q", b, token, back)
		}
		order = append(order, token)
	}
	if len(order) != 256 || !slices.IsSorted(order) || order[0] != "!" || order[255] != "\u0143" {
		t.Errorf("ByteLevel: got %q, want 256 characters in order, from ! to \u0143", order)
	}
	next := 0
	for b, token := range (tokenize.ByteFallback{}).Alphabet() {
		if back, ok := (tokenize.ByteFallback{}).Byte(token); int(b) != next || !ok || back != b {
			t.Errorf("byte %d: got %d, %q, which names %d, %t", next, b, token, back, ok)
		}
		next++
	}
	if _, ok := (tokenize.ByteFallback{}).Byte("<0x1>"); next != 256 || ok {
		t.Errorf("got %d bytes, <0x1>: %t, want 256 and no byte", next, ok)
	}
}
