package main

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// known returns a tokenizer with the words a, b, the, and the token "[UNK]" for others.
func known(t *testing.T) *tokenize.Tokenizer {
	t.Helper()
	model, err := tokenize.NewWordLevel(map[string]int32{"[UNK]": 0, "a": 1, "b": 2, "the": 3}, "[UNK]")
	if err != nil {
		t.Fatal(err)
	}
	tok, err := tokenize.New(tokenize.Stages{Splitter: tokenize.Words{}, Model: model})
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// TestCount compares with counts by hand: "the cat, a b" is the, [UNK], [UNK], a, b; "한국 the" is [UNK], the.
func TestCount(t *testing.T) {
	c, err := count(known(t), []string{"the cat, a b", "한국 the"})
	if err != nil {
		t.Fatal(err)
	}
	if want := (counts{bytes: 12 + 10, words: 4 + 2, tokens: 5 + 2, unknown: 2 + 1}); c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
	for name, pair := range map[string][2]float64{
		"tokens per word": {c.perWord(), 7.0 / 6}, "unknown": {c.unknownShare(), 3.0 / 7}, "bytes per token": {c.bytesPerToken(), 22.0 / 7},
	} {
		if math.Abs(pair[0]-pair[1]) > 1e-12 {
			t.Errorf("%s: got %g, want %g", name, pair[0], pair[1])
		}
	}
}

// TestUnknown: every kind counts text outside its vocabulary. Bytes are never unknown.
func TestUnknown(t *testing.T) {
	learn := &text{learning: []string{"aaa bbb aaa", "bbb aaa bbb"}, held: []string{"aaa zzz"}}
	for _, c := range contestants([]int{300}) {
		r, err := c.measure(learn, nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name(), err)
		}
		switch {
		case (c.kind == bytesKind || c.kind == bpeKind) && r.unknown != 0:
			t.Errorf("%s: got %d unknown tokens, want none", c.name(), r.unknown)
		case c.kind == charsKind && r.unknown != 3:
			t.Errorf("%s: got %d unknown tokens, want 3, each z", c.name(), r.unknown)
		case (c.kind == wordsKind || c.kind == pieceKind || c.kind == uniKind) && r.unknown != 1:
			t.Errorf("%s: got %d unknown tokens, want 1, zzz", c.name(), r.unknown)
		}
		if r.words != 2 || r.bytes != 7 || r.speed <= 0 {
			t.Errorf("%s: got %+v, want 2 words of 7 bytes and a speed", c.name(), r)
		}
	}
}

// TestPlainText: template tokens and truncation do not count, and the text of a special token is plain text.
func TestPlainText(t *testing.T) {
	stages := known(t).Stages()
	stages.Added = []tokenize.AddedToken{{ID: 4, Text: "[CLS]", Special: true}}
	stages.PostProcessor = tokenize.Template{Single: []tokenize.TemplatePart{{Name: "[CLS]", IDs: []int32{4}, Tokens: []string{"[CLS]"}}, {Text: "A"}},
		Pair: []tokenize.TemplatePart{{Text: "A"}, {Text: "B"}}}
	tok, err := tokenize.New(stages)
	if err != nil {
		t.Fatal(err)
	}
	tok.Truncation = &tokenize.Truncation{MaxLength: 2}
	r, err := contestant{kind: "published", tok: tok}.measure(&text{held: []string{"a b the [CLS]"}}, nil)
	if err != nil || r.tokens != 6 || r.unknown != 3 || r.trained != 0 {
		t.Errorf("got %+v (%v), want 6 tokens, of which [, CLS and ] are unknown", r, err)
	}
}

func TestCut(t *testing.T) {
	bytes, err := trainBytes(0, slices.Values([]string{"a"}), nil)
	if err != nil {
		t.Fatal(err)
	}
	plain := style{between: "|"}
	for _, c := range []struct {
		tok            *tokenize.Tokenizer
		sentence, want string
		tokens         int
	}{
		{known(t), "the cat,  a b", "the ⟨cat⟩|⟨,⟩  a b", 5},
		{known(t), " a ", " a ", 1},
		{bytes, "한a", "한³|a", 4},
	} {
		cells, tokens, err := cut(c.tok, c.sentence)
		if got := plain.line(c.sentence, cells); err != nil || got != c.want || tokens != c.tokens {
			t.Errorf("%q: got %q of %d tokens (%v), want %q of %d", c.sentence, got, tokens, err, c.want, c.tokens)
		}
	}
	colours := style{even: "<", odd: "(", bad: "!", reset: "."}
	cells, _, err := cut(known(t), "a the x b")
	if got, want := colours.line("a the x b", cells), "<a. (the. !x. (b."; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

// TestFindings: the sentences state the figures.
func TestFindings(t *testing.T) {
	of := func(kind string, vocab, tokens, unknown int) row {
		return row{kind: kind, vocab: vocab, counts: counts{bytes: 1000, words: 200, tokens: tokens, unknown: unknown}}
	}
	rows := []row{
		of(bytesKind, 256, 1000, 0), of(charsKind, 50, 900, 0), of(wordsKind, 500, 240, 60), of(wordsKind, 3000, 240, 12),
		of(bpeKind, 500, 500, 0), of(bpeKind, 2000, 300, 0), of(bpeKind, 8000, 250, 0), of(uniKind, 8000, 260, 1), of(pieceKind, 8000, 270, 0),
	}
	want := []string{
		"Characters make 4.50 tokens per word (1.1 bytes each). Whole words with their punctuation make 1.20, but 5.00% of them are " +
			"unknown, although the vocabulary has all 3,000 words of the training text; with 500 entries, 25.00%.",
		"Among subwords, byte-level BPE 2,000 makes 1.50, 33% as many as characters, with 0 unknown and 67% as many entries as all words. " +
			"From 500 to 8,000 entries (16 times as many) its tokens fall to 50%.",
		"Among the largest subword vocabularies, byte-level BPE 8,000 makes the fewest tokens (1.25 per word, 0 unknown) and WordPiece 8,000 the most (1.35, 0).",
	}
	for i, got := range findings(rows) {
		if got != want[i] {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
	if got, want := fmt.Sprintf("%q", wrap([]string{"one two three", "four"}, 7)), `"one two\nthree\nfour\n"`; got != want {
		t.Errorf("wrap: got %s, want %s", got, want)
	}
}
