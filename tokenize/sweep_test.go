package tokenize_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// postProcessors are one of each kind, with ids below 3.
func postProcessors() map[string]tokenize.PostProcessor {
	a, b := tokenize.SpecialToken{Text: "<pad>", ID: 0}, tokenize.SpecialToken{Text: "<s>", ID: 1}
	special := tokenize.TemplatePart{Name: "<s>", IDs: []int32{1}, Tokens: []string{"<s>"}}
	one, two := tokenize.TemplatePart{Text: "A"}, tokenize.TemplatePart{Text: "B", Type: 1}
	template := tokenize.Template{Single: []tokenize.TemplatePart{special, one}, Pair: []tokenize.TemplatePart{special, one, special, two}}
	return map[string]tokenize.PostProcessor{
		"none": nil, "template": template, "bert": tokenize.BertProcessing{Sep: a, Cls: b},
		"roberta":   tokenize.RobertaProcessing{Sep: a, Cls: b, TrimOffsets: true, PrefixSpace: true},
		"bytelevel": tokenize.ByteLevel{TrimOffsets: true}, "sequence": tokenize.PostProcessors{tokenize.ByteLevel{}, template},
		"nested": tokenize.PostProcessors{tokenize.PostProcessors{tokenize.BertProcessing{Sep: a, Cls: b}}},
	}
}

// sweepTexts have added tokens, spaces and unknown characters at all places.
var sweepTexts = []string{
	"", " ", "  ", "hello", " hello", "it was the best", "<s>", "<s>it", "it<s>", "<s> it <s>", "  <pad>  it was  ", "<s><s>", "▁", "▁it", " ▁it", "a\nb", "한국어 문장 👍🏽",
	"MASK it MASK", "itMASK", "é\u0301 \xff it",
}

// sweepNext is the next text of a sweep whose combinations take sweepShare texts each, all in turn.
var sweepNext int

func sweepShare() int {
	if !sweep.All() {
		return 1
	}
	return 4
}

// checkEncoders compares the ids of all functions that encode.
func checkEncoders(t *testing.T, tok *tokenize.Tokenizer, text string) {
	t.Helper()
	e, err := tok.EncodeDetailed(text)
	check := func(name string, ids []int32, other error) {
		t.Helper()
		if (err == nil) != (other == nil) || err != nil && !strings.HasSuffix(other.Error(), err.Error()) {
			t.Fatalf("%.100q: %s: got the error %v, want %v", text, name, other, err)
		}
		if err == nil && !slices.Equal(ids, e.IDs) {
			t.Fatalf("%.100q: %s: got %v, want %v", text, name, ids, e.IDs)
		}
	}
	ids, other := tok.Encode(text)
	check("Encode", ids, other)
	for _, dst := range [][]int32{nil, {}, {-7, -8}, append(make([]int32, 0, 2*len(text)+32), -9)} {
		ids, other = tok.AppendEncode(dst, text)
		if n := len(dst); len(ids) < n || !slices.Equal(ids[:n], dst) {
			t.Fatalf("%.100q: AppendEncode: got %v, want %v in front", text, ids, dst)
		} else if other != nil && len(ids) != n {
			t.Fatalf("%.100q: AppendEncode: got %v with an error, want %v", text, ids, dst)
		} else {
			check("AppendEncode", ids[n:], other)
		}
	}
	all, other := tok.EncodeAll([]string{text, text})
	detailed, another := tok.EncodeAllDetailed([]string{text, text})
	if err != nil {
		check("EncodeAll", nil, other)
		check("EncodeAllDetailed", nil, another)
		return
	}
	for i := range all {
		check("EncodeAll", all[i], other)
		check("EncodeAllDetailed", detailed[i].IDs, another)
	}
	if n, err := tok.CountTokens(text); err != nil || n != len(e.IDs) {
		t.Fatalf("%.100q: CountTokens: got %d, %v, want %d", text, n, err, len(e.IDs))
	}
	checkPairIDs(t, tok, text)
}

// checkPairIDs compares the ids of a pair with those of its texts.
func checkPairIDs(t *testing.T, tok *tokenize.Tokenizer, text string) {
	t.Helper()
	bare := *tok
	bare.Bare = true
	second := text + text
	a, b := tokentest.Must[[]int32](t)(bare.Encode(text)), tokentest.Must[[]int32](t)(bare.Encode(second))
	for _, tok := range []*tokenize.Tokenizer{tok, &bare} {
		pair, err := tok.EncodePair(text, second)
		if p, ok := tok.Stages().PostProcessor.(tokenize.Template); ok && len(p.Pair) == 0 {
			tokentest.WantError(t, err, "pair")
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var of [2][]int32
		for i, n := range pair.Texts {
			if n >= 0 {
				of[n] = append(of[n], pair.IDs[i])
			}
		}
		if !slices.Equal(of[0], a) || !slices.Equal(of[1], b) {
			t.Fatalf("%.100q: EncodePair: got %v, want %v and %v", text, of, a, b)
		}
		if tok == &bare && !slices.Equal(pair.IDs, append(slices.Clone(a), b...)) {
			t.Fatalf("%.100q: EncodePair, bare: got %v, want %v", text, pair.IDs, append(a, b...))
		}
	}
}

// sweepModels are small models of every kind, with the special tokens <pad> and <s> first.
func sweepModels(t *testing.T) map[string]*tokenize.Tokenizer {
	special := []string{"<pad>", "<s>"}
	metaspace := tokenize.Metaspace{}
	text := tokentest.Corpus + "it was the best hello\n"
	train := tokentest.Must[*tokenize.Tokenizer](t)
	return map[string]*tokenize.Tokenizer{
		"charbpe":   train(trainer.CharBPE{VocabSize: 300, Special: special, Unknown: "<unk>", Splitter: metaspace}.Train(strings.Lines(text))),
		"fallback":  train(trainer.CharBPE{VocabSize: 500, Special: special, ByteFallback: true, Splitter: metaspace}.Train(strings.Lines(text))),
		"unigram":   train(trainer.Unigram{VocabSize: 200, Special: special, Splitter: metaspace}.Train(strings.Lines(text))),
		"wordpiece": train(trainer.WordPiece{VocabSize: 300, Special: special, Splitter: metaspace}.Train(strings.Lines(text))),
		"words":     train(trainer.Word{Special: special, Splitter: metaspace}.Train(strings.Lines(text))),
	}
}

// TestEncodersAgree encodes with every combination of Metaspace, PostProcessor, Normalizer and Bare.
func TestEncodersAgree(t *testing.T) {
	t.Parallel()
	for name, trained := range sweepModels(t) {
		stages := trained.Stages()
		stages.Added = append(stages.Added, tokenize.AddedToken{ID: int32(trained.VocabSize()), Text: "MASK", Normalized: true, LeftStrip: true})
		for _, scheme := range []tokenize.PrependScheme{tokenize.PrependFirst, tokenize.PrependAlways, tokenize.PrependNever} {
			for i := range 6 {
				m := tokenize.Metaspace{Prepend: scheme, Whole: i%2 == 0}
				stages.Splitter = []tokenize.Splitter{m, tokenize.Splitters{m, tokenize.Digits{}}, tokenize.Splitters{tokenize.WhitespaceSplit{}, m}}[i/2]
				for _, n := range []tokenize.Normalizer{nil, tokenize.Lowercase{}, tokenize.Strip{Left: true}} {
					stages.Normalizer = n
					sweepPostProcessors(t, fmt.Sprintf("%s, %+v, %T", name, stages.Splitter, n), stages)
				}
			}
		}
	}
}

func sweepPostProcessors(t *testing.T, name string, stages tokenize.Stages) {
	t.Helper()
	for kind, p := range postProcessors() {
		stages.PostProcessor = p
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(stages))
		for i := range 4 {
			tok.Bare, tok.OmitUnknown = i%2 == 0, i/2 == 0
			for range sweepShare() {
				checkEncoders(t, tok, sweepTexts[sweepNext%len(sweepTexts)])
				sweepNext++
			}
		}
		if t.Failed() {
			t.Fatalf("%s, %s", name, kind)
		}
	}
}

// panics is a stage that panics.
type panics struct{}

func (panics) Normalize(tokenize.Text) tokenize.Text                      { panic("normalizer broke") }
func (panics) Split([]tokenize.Text, tokenize.Text) []tokenize.Text       { panic("splitter broke") }
func (panics) Process([]*tokenize.Encoding) ([]*tokenize.Encoding, error) { panic("processor broke") }
func (panics) Decode([]string) []string                                   { panic("decoder broke") }

// TestPanicsOfStages runs stages that panic in goroutines of the package: the caller gets an error.
func TestPanicsOfStages(t *testing.T) {
	base := tokentest.Words(t).Stages()
	for i, want := range []string{"normalizer broke", "splitter broke", "processor broke", "decoder broke"} {
		s := base
		s.Added = nil
		switch i {
		case 0:
			s.Normalizer = panics{}
		case 1:
			s.Splitter = panics{}
		case 2:
			s.PostProcessor = panics{}
		case 3:
			s.Decoder = panics{}
		}
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(s))
		if i == 3 {
			_, err := tok.DecodeAll([][]int32{{1}, {2}})
			tokentest.WantError(t, err, want)
			continue
		}
		_, err := tok.EncodeAll([]string{"a", "b"})
		tokentest.WantError(t, err, want)
		_, err = tok.EncodeAllDetailed([]string{"a", "b"})
		tokentest.WantError(t, err, want)
		_, err = tok.EncodeAllPairs([][2]string{{"a", "b"}})
		tokentest.WantError(t, err, want)
	}
	var n tokenize.Normalizer = panics{}
	for _, train := range []func() (*tokenize.Tokenizer, error){
		func() (*tokenize.Tokenizer, error) {
			return trainer.BPE{Normalizer: n}.Train(strings.Lines(tokentest.Corpus))
		},
		func() (*tokenize.Tokenizer, error) {
			return trainer.CharBPE{Normalizer: n}.Train(strings.Lines(tokentest.Corpus))
		},
		func() (*tokenize.Tokenizer, error) {
			return trainer.WordPiece{Normalizer: n}.Train(strings.Lines(tokentest.Corpus))
		},
		func() (*tokenize.Tokenizer, error) {
			return trainer.Unigram{Normalizer: n}.Train(strings.Lines(tokentest.Corpus))
		},
		func() (*tokenize.Tokenizer, error) {
			return trainer.Word{Normalizer: n}.Train(strings.Lines(tokentest.Corpus))
		},
		func() (*tokenize.Tokenizer, error) {
			return trainer.Char{Normalizer: n}.Train(strings.Lines(tokentest.Corpus))
		},
	} {
		_, err := train()
		tokentest.WantError(t, err, "normalizer broke")
	}
}
