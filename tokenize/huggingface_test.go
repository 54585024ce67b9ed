package tokenize_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// huggingFace lists the cases that Hugging Face's tokenizers wrote and the files that they were written from.
var huggingFace = []struct {
	cases string
	file  []string
}{
	{"hf_gpt2_offsets.jsonl", []string{"gpt2"}},
	{"hf_bert.jsonl", []string{"bert-base-uncased", "tokenizer.json"}},
	{"hf_minilm.jsonl", []string{"all-minilm-l6-v2", "tokenizer.json"}},
	{"hf_bpe8k.jsonl", []string{"parity", "bpe8k.tokenizer.json"}},
	{"hf_bpe8kid.jsonl", []string{"parity", "bpe8kid.tokenizer.json"}},
	{"hf_uni8k.jsonl", []string{"parity", "uni8k.tokenizer.json"}},
}

// published returns a published tokenizer of ../shared.
func published(t testing.TB, file ...string) *tokenize.Tokenizer {
	t.Helper()
	return loadShared(t, append([]string{"tokenizers"}, file...)...)
}

func TestHuggingFaceCases(t *testing.T) {
	for _, c := range huggingFace {
		t.Run(c.cases, func(t *testing.T) {
			tok := published(t, c.file...)
			tok.RuneOffsets, tok.SkipSpecial = true, true
			tok.Truncation, tok.Padding = nil, nil // the cases were written without
			for _, r := range references(t, "tokenizers", "parity", c.cases) {
				if r.Pair != nil {
					checkPair(t, tok, r)
					continue
				}
				checkReference(t, tok, r)
			}
		})
	}
}

// removedAtStart is a text whose first characters a charsmap leaves out. The reference counts offsets as if the last of the
// text were left out instead, so that they do not slice the text back.
const removedAtStart = "\x1c\x1d\x1e\x1fx"

// checkReference compares all that is known of one text.
func checkReference(t *testing.T, tok *tokenize.Tokenizer, r reference) {
	t.Helper()
	full := tokentest.Must[[]int32](t)(tok.Encode(r.Text))
	same(t, r.Text, "ids with special tokens", full, r.IDsSpecial)
	bare := *tok
	bare.Bare = true
	same(t, r.Text, "ids", tokentest.Must[[]int32](t)(bare.Encode(r.Text)), r.IDs)
	e := tokentest.Must[*tokenize.Encoding](t)(bare.EncodeDetailed(r.Text))
	same(t, r.Text, "detailed ids", e.IDs, r.IDs)
	same(t, r.Text, "tokens", e.Tokens, r.Tokens)
	if r.Text != removedAtStart {
		same(t, r.Text, "offsets", pairsOf(e.Offsets), r.Offsets)
	}
	same(t, r.Text, "words", e.Words, r.WordIDs)
	if got := tokentest.Must[string](t)(tok.Decode(r.IDs)); got != r.Decoded {
		t.Errorf("%q: decoded: got %q, want %q", r.Text, got, r.Decoded)
	}
}

func checkPair(t *testing.T, tok *tokenize.Tokenizer, r reference) {
	t.Helper()
	e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodePair(r.Text, *r.Pair))
	texts := make([]int32, len(r.SequenceIDs))
	for i, id := range r.SequenceIDs {
		texts[i] = -1
		if id != nil {
			texts[i] = *id
		}
	}
	same(t, r.Text, "ids of a pair", e.IDs, r.IDsSpecial)
	same(t, r.Text, "types", e.Types, r.TypeIDs)
	same(t, r.Text, "special mask", e.SpecialMask(), r.SpecialMask)
	same(t, r.Text, "texts", e.Texts, texts)
	same(t, r.Text, "offsets of a pair", pairsOf(e.Offsets), r.Offsets)
}

func same[T comparable](t *testing.T, text, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%.200q: %s: got %v, want %v", text, what, got, want)
	}
}

// TestOffsetsSliceTheTextBack takes all texts of all cases through every published tokenizer: offsets grow, lie in the text
// at ends of characters, and those of a token that is spelled as it stands in the text slice it back.
func TestOffsetsSliceTheTextBack(t *testing.T) {
	t.Parallel()
	cases := references(t, "tokenizers", "parity", "texts.jsonl")
	for _, file := range []string{"gpt2", "bert-base-uncased", "clip", "falcon", "llama2", "t5-small"} {
		tok := published(t, file)
		tok.Truncation, tok.Padding = nil, nil
		equal, all := 0, 0
		for _, r := range cases {
			e, err := tok.EncodeDetailed(r.Text)
			if err != nil && strings.Contains(err.Error(), "has no token") {
				continue // Falcon has no tokens for some bytes, and no unknown token
			}
			equal += checkOffsets(t, r.Text, tokentest.Must[*tokenize.Encoding](t)(e, err))
			all += len(e.IDs)
		}
		if equal < all/3 {
			t.Errorf("%s: got %d tokens of %d that could be compared, want a third", file, equal, all)
		}
	}
}

// checkOffsets returns the number of tokens that were compared with the text at their offsets.
func checkOffsets(t *testing.T, text string, e *tokenize.Encoding) (equal int) {
	t.Helper()
	last := 0
	for i, o := range e.Offsets {
		if e.Texts[i] < 0 {
			continue
		}
		if o.Start < last || o.End < o.Start || o.End > len(text) || !isRuneEnd(text, o.Start) || !isRuneEnd(text, o.End) {
			t.Fatalf("%q: token %d %q: offset %v behind %d", text, i, e.Tokens[i], o, last)
		}
		last = o.Start
		got, want := strings.TrimSpace(text[o.Start:o.End]), spelling(e.Tokens[i])
		if isASCII(got) && isASCII(want) && want != "" && !named.MatchString(want) {
			if equal++; !strings.EqualFold(got, want) && got != e.Tokens[i] {
				t.Fatalf("%.200q: token %d %q: its offset %v slices %q", text, i, e.Tokens[i], o, got)
			}
		}
	}
	return equal
}

// named are the tokens that do not spell their text.
var named = regexp.MustCompile(`^(\[UNK]|<unk>|<0x..>)$`)

// isRuneEnd tells whether no character of text reaches over byte i.
func isRuneEnd(text string, i int) bool { return i == len(text) || utf8.RuneStart(text[i]) }

// spelling returns a token without the marks of words.
func spelling(token string) string {
	for _, mark := range []string{"##", "Ġ", "▁"} {
		token = strings.TrimPrefix(token, mark)
	}
	return strings.TrimSpace(strings.TrimSuffix(token, "</w>"))
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= utf8.RuneSelf }) < 0
}

// TestBertCases has words of BERT's vocabularies, without special tokens.
func TestBertCases(t *testing.T) {
	for _, name := range []string{"bert-base-uncased", "bert-base-cased"} {
		vocab := map[string]int32{}
		data := tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, "tokenizers", name, "vocab.txt")))
		for i, token := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
			vocab[token] = int32(i)
		}
		normalizer := tokenize.BertNormalizer{Clean: true, Chinese: true, Lowercase: strings.HasSuffix(name, "uncased")}
		model := tokentest.Must[*tokenize.WordPiece](t)(tokenize.NewWordPiece(tokenize.WordPieceConfig{Vocab: vocab, Unknown: "[UNK]", Prefix: "##", MaxRunes: 100}))
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Normalizer: normalizer, Splitter: tokenize.BertSplitter{}, Model: model}))
		var file struct{ Cases []reference }
		if err := json.Unmarshal(tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, "tokenizers", name, "cases.json"))), &file); err != nil {
			t.Fatal(err)
		}
		if len(file.Cases) == 0 {
			t.Fatalf("%s: no cases", name)
		}
		for _, r := range file.Cases {
			same(t, r.Text, "ids", tokentest.Must[[]int32](t)(tok.Encode(r.Text)), r.IDs)
			same(t, r.Text, "tokens", tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(r.Text)).Tokens, r.Tokens)
		}
	}
}
