package tokenize_test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

type bpeCase struct {
	text    string
	ids     []int32
	offsets []int // in runes: start, end of each token
}

// bpeCases holds results of Hugging Face's tokenizers 0.23 for small models of characters.
var bpeCases = []struct {
	name          string
	config        tokenize.BPEConfig
	vocab, merges string // tokens in order of id, with spaces between them; merges with commas between them
	cases         []bpeCase
}{
	{"unknown", tokenize.BPEConfig{Unknown: "?"}, "? a b ab é éa", "a b, é a", []bpeCase{
		{"abxx", []int32{3, 0, 0}, []int{0, 2, 2, 3, 3, 4}},
		{"xabéaé", []int32{0, 3, 5, 4}, []int{0, 1, 1, 3, 3, 5, 5, 6}},
		{"?a", []int32{0, 1}, []int{0, 1, 1, 2}},
		{"한글ab한", []int32{0, 0, 3, 0}, []int{0, 1, 1, 2, 2, 4, 4, 5}},
	}},
	{"fused", tokenize.BPEConfig{Unknown: "?", FuseUnknown: true}, "? a b ab é éa", "a b, é a", []bpeCase{
		{"abxx", []int32{3, 0}, []int{0, 2, 2, 4}},
		{"xxabyéaé", []int32{0, 3, 0, 5, 4}, []int{0, 2, 2, 4, 4, 5, 5, 7, 7, 8}},
		{"한글ab한", []int32{0, 3, 0}, []int{0, 2, 2, 4, 4, 5}},
	}},
	{"prefix", tokenize.BPEConfig{Unknown: "?", Prefix: "##"}, "? a ##a ##b ab ##ab aab ##é", "a ##b, ##a ##b, a ##ab", []bpeCase{
		{"ab", []int32{4}, []int{0, 2}},
		{"aab", []int32{6}, []int{0, 3}},
		{"aba", []int32{4, 2}, []int{0, 2, 2, 3}},
		{"ba", []int32{0, 2}, []int{0, 1, 1, 2}},
		{"aé", []int32{1, 7}, []int{0, 1, 1, 2}},
		{"xa", []int32{0, 2}, []int{0, 1, 1, 2}},
	}},
	{"suffix", tokenize.BPEConfig{Unknown: "?", Suffix: "</w>"}, "? a b a</w> b</w> ab ab</w> aab</w>", "a b, a b</w>, a ab</w>", []bpeCase{
		{"a", []int32{3}, []int{0, 1}},
		{"ab", []int32{6}, []int{0, 2}},
		{"aab", []int32{7}, []int{0, 3}},
		{"aba", []int32{5, 3}, []int{0, 2, 2, 3}},
		{"abab", []int32{5, 6}, []int{0, 2, 2, 4}},
		{"bx", []int32{2, 0}, []int{0, 1, 1, 2}},
	}},
	{"both", tokenize.BPEConfig{Unknown: "?", FuseUnknown: true, Prefix: "@", Suffix: "."}, "? a @a a. @a. @b. @ab. aab.", "@a @b., a @ab.", []bpeCase{
		{"a", []int32{3}, []int{0, 1}},
		{"aa", []int32{1, 4}, []int{0, 1, 1, 2}},
		{"aab", []int32{7}, []int{0, 3}},
		{"ab", []int32{1, 5}, []int{0, 1, 1, 2}},
		{"ca", []int32{0, 4}, []int{0, 1, 1, 2}},
		{"aaab", []int32{1, 2, 6}, []int{0, 1, 1, 2, 2, 4}},
	}},
	{"fallback", tokenize.BPEConfig{Unknown: "?", FuseUnknown: true, ByteFallback: true}, "? a b ab <0xC3> <0xA9> <0x78>", "a b", []bpeCase{
		{"abéx", []int32{3, 4, 5, 6}, []int{0, 2, 2, 3, 2, 3, 3, 4}},
		{"xxab", []int32{6, 6, 3}, []int{0, 1, 1, 2, 2, 4}},
		{"yab", []int32{0, 3}, []int{0, 1, 1, 3}},
		{"yyabé", []int32{0, 3, 4, 5}, []int{0, 2, 2, 4, 4, 5, 4, 5}},
	}},
	{"ignore", tokenize.BPEConfig{Unknown: "?", IgnoreMerges: true}, "? a b bb ab", "a b", []bpeCase{
		{"bb", []int32{3}, []int{0, 2}},
		{"ab", []int32{4}, []int{0, 2}},
		{"bba", []int32{2, 2, 1}, []int{0, 1, 1, 2, 2, 3}},
		{"b", []int32{2}, []int{0, 1}},
	}},
}

// bpeOf returns a BPE of tokens and merges in the form of bpeCases.
func bpeOf(t testing.TB, c tokenize.BPEConfig, vocab, merges string) *tokenize.BPE {
	t.Helper()
	c.Vocab = map[string]int32{}
	for id, token := range strings.Fields(vocab) {
		c.Vocab[token] = int32(id)
	}
	for _, m := range strings.Split(merges, ", ") {
		c.Merges = append(c.Merges, [2]string(strings.Fields(m)))
	}
	return tokentest.Must[*tokenize.BPE](t)(tokenize.NewBPE(c))
}

func TestCharacterBPE(t *testing.T) {
	for _, b := range bpeCases {
		b.config.Characters = true
		tok := *tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Model: bpeOf(t, b.config, b.vocab, b.merges)}))
		tok.RuneOffsets = true
		saved := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(tokentest.Must[[]byte](t)(tok.MarshalJSON())))
		for _, c := range b.cases {
			e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(c.text))
			var offsets []int
			for _, s := range e.Offsets {
				offsets = append(offsets, s.Start, s.End)
			}
			if !slices.Equal(e.IDs, c.ids) || !slices.Equal(offsets, c.offsets) {
				t.Errorf("%s: %q: got %v at %v, want %v at %v", b.name, c.text, e.IDs, offsets, c.ids, c.offsets)
			}
			if got := tokentest.Must[[]int32](t)(tok.AppendEncode(nil, c.text)); !slices.Equal(got, c.ids) {
				t.Errorf("%s: %q: appended: got %v, want %v", b.name, c.text, got, c.ids)
			}
			if got := tokentest.Must[[]int32](t)(saved.Encode(c.text)); !slices.Equal(got, c.ids) {
				t.Errorf("%s: %q: saved and loaded: got %v, want %v", b.name, c.text, got, c.ids)
			}
		}
	}
}

// bareModel loads the model of a tokenizer.json without the stages around it.
func bareModel(t testing.TB, parts ...string) *tokenize.Tokenizer {
	t.Helper()
	var file map[string]json.RawMessage
	if err := json.Unmarshal(tokentest.Must[[]byte](t)(os.ReadFile(tokentest.Shared(t, parts...))), &file); err != nil {
		t.Fatal(err)
	}
	bare := map[string]any{"version": "1.0", "model": file["model"]}
	return tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(tokentest.Must[[]byte](t)(json.Marshal(bare))))
}

// marked returns text after the normalizer of Llama 2.
func marked(text string) string {
	if text == "" {
		return ""
	}
	return "▁" + strings.ReplaceAll(text, " ", "▁")
}

// TestWholeTextParity compares the model that gets a whole text as one piece with Hugging Face's tokenizers.
func TestWholeTextParity(t *testing.T) {
	tok := bareModel(t, "tokenizers", "parity", "bpe8kid.tokenizer.json")
	for _, r := range references(t, "tokenizers", "parity", "hf_bpe8kid.jsonl") {
		if r.Pair != nil || r.Tag == "special" {
			continue
		}
		e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(marked(r.Text)))
		if !slices.Equal(e.IDs, r.IDs) || !slices.Equal(e.Tokens, r.Tokens) {
			t.Errorf("%q: got %v, want %v", r.Text, e.IDs, r.IDs)
		}
		if got := tokentest.Must[[]int32](t)(tok.Encode(marked(r.Text))); !slices.Equal(got, r.IDs) {
			t.Errorf("%q: got %v, want %v", r.Text, got, r.IDs)
		}
	}
}

// byMerges merges characters by the definition: in each step the pair with the lowest rank, the leftmost first.
func byMerges(c tokenize.BPEConfig, text string) (ids []int32) {
	parts := strings.Split(text, "")
	for {
		best, at := len(c.Merges), -1
		for i := range len(parts) - 1 {
			if rank := slices.Index(c.Merges, [2]string{parts[i], parts[i+1]}); rank >= 0 && rank < best {
				best, at = rank, i
			}
		}
		if at < 0 {
			break
		}
		parts = slices.Replace(parts, at, at+2, parts[at]+parts[at+1])
	}
	for i, p := range parts {
		id, ok := c.Vocab[p]
		switch {
		case ok:
			ids = append(ids, id)
		case !c.FuseUnknown || i == 0 || ids[len(ids)-1] != c.Vocab[c.Unknown]:
			ids = append(ids, c.Vocab[c.Unknown])
		}
	}
	return ids
}

// TestCuttingTextChangesNothing compares with the definition on random models, which cut whole texts between characters
// that no merge joins.
func TestCuttingTextChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := strings.Split("abcdé▁", "")
	for range 200 {
		c := tokenize.BPEConfig{Vocab: map[string]int32{"?": 0}, Characters: true, Unknown: "?", FuseUnknown: r.IntN(2) == 0}
		tokens := slices.Clone(letters)
		for i := range tokens {
			c.Vocab[tokens[i]] = int32(i + 1)
		}
		for range r.IntN(12) {
			m := [2]string{tokens[r.IntN(len(tokens))], tokens[r.IntN(len(tokens))]}
			if _, ok := c.Vocab[m[0]+m[1]]; !ok {
				tokens = append(tokens, m[0]+m[1])
				c.Vocab[m[0]+m[1]] = int32(len(tokens))
				c.Merges = append(c.Merges, m)
			}
		}
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Model: tokentest.Must[*tokenize.BPE](t)(tokenize.NewBPE(c))}))
		for range 20 {
			text := ""
			for range r.IntN(80) {
				text += append(letters, "x", "한")[r.IntN(len(letters)+2)]
			}
			want := byMerges(c, text)
			if got := tokentest.Must[[]int32](t)(tok.Encode(text)); !slices.Equal(got, want) {
				t.Fatalf("%q by %v: got %v, want %v", text, c.Merges, got, want)
			}
			if e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(text)); !slices.Equal(e.IDs, want) {
				t.Fatalf("%q by %v: detailed: got %v, want %v", text, c.Merges, e.IDs, want)
			}
		}
	}
}

func TestDropout(t *testing.T) {
	c := tokentest.BPE(t).Stages().Model.(*tokenize.BPE).Config()
	encode := func(chance float64, seed uint64) (ids [][]int32) {
		c.Dropout, c.Seed = chance, seed
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Splitter: tokenize.ByteLevel{}, Model: tokentest.Must[*tokenize.BPE](t)(tokenize.NewBPE(c))}))
		for range 3 {
			ids = append(ids, tokentest.Must[[]int32](t)(tok.AppendEncode(nil, tokentest.Corpus)))
			if got := tokentest.Must[string](t)(tok.Decode(ids[len(ids)-1])); got != tokentest.Corpus {
				t.Errorf("dropout %v: decoded: got %q", chance, got)
			}
		}
		return ids
	}
	never, some, always := encode(0, 1), encode(0.3, 1), encode(1, 1)
	if !slices.EqualFunc(some, encode(0.3, 1), slices.Equal) {
		t.Error("the same seed has given other tokens")
	}
	if slices.EqualFunc(some, encode(0.3, 2), slices.Equal) || slices.Equal(some[0], some[1]) {
		t.Error("another seed or text has given the same tokens")
	}
	if !slices.Equal(never[0], never[1]) || len(never[0]) >= len(some[0]) {
		t.Errorf("without dropout: got %d and %d tokens, with it %d", len(never[0]), len(never[1]), len(some[0]))
	}
	if len(always[0]) != len(tokentest.Corpus) {
		t.Errorf("all merges left out: got %d tokens, want %d", len(always[0]), len(tokentest.Corpus))
	}
}

// FuzzEncodeCharacters encodes arbitrary bytes with a model of characters.
func FuzzEncodeCharacters(f *testing.F) {
	const vocab = "? a b ab é <0xC3> <0xA9> <0xFF>"
	c := tokenize.BPEConfig{Characters: true, Unknown: "?", FuseUnknown: true, ByteFallback: true}
	tok := tokentest.Must[*tokenize.Tokenizer](f)(tokenize.New(tokenize.Stages{Model: bpeOf(f, c, vocab, "a b")}))
	for _, text := range tokentest.Texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ids := tokentest.Must[[]int32](t)(tok.Encode(text))
		e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
		if !slices.Equal(ids, e.IDs) {
			t.Errorf("%q: got %v, but detailed %v", text, ids, e.IDs)
		}
		last := 0
		for _, s := range e.Offsets {
			if s.Start > s.End || s.End > len(text) || s.End < last {
				t.Errorf("%q: offsets %v", text, e.Offsets)
			}
			last = s.End
		}
	})
}

func TestAppendEncodeOfLargeModelsAllocatesNothing(t *testing.T) {
	for name, tok := range map[string]*tokenize.Tokenizer{
		"o200k":  tiktoken(t, "o200k_base"),
		"llama2": bareModel(t, "tokenizers", "llama2", "tokenizer.json"),
	} {
		text := marked(strings.Repeat(tokentest.Corpus, 1+(1<<16)/len(tokentest.Corpus)))
		dst := make([]int32, 0, len(text))
		got := testing.AllocsPerRun(20, func() {
			if _, err := tok.AppendEncode(dst, text); err != nil {
				t.Fatal(err)
			}
		})
		if got != 0 {
			t.Errorf("%s: got %v allocations, want 0", name, got)
		}
	}
}
