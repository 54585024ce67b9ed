package tokenize_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// checkStream compares the text of a Stream with the text of Decode. No part of it may end within a character, unless
// Decode has the same bytes there.
func checkStream(t *testing.T, tok *tokenize.Tokenizer, ids []int32) {
	t.Helper()
	want, wantErr := tok.Decode(ids)
	s := tok.Stream()
	var got strings.Builder
	for _, id := range ids {
		text, err := s.Write(id)
		if err != nil {
			if wantErr == nil {
				t.Fatalf("%v: Stream: %v", ids, err)
			}
			return
		}
		got.WriteString(text)
		if r, w := utf8.DecodeLastRuneInString(text); r == utf8.RuneError && w == 1 && utf8.ValidString(want) {
			t.Fatalf("%v: Stream shows half a character: %q", ids, text)
		}
	}
	if wantErr != nil {
		t.Fatalf("%v: Stream has no error, want %v", ids, wantErr)
	}
	got.WriteString(tokentest.Must[string](t)(s.Flush()))
	if got.String() != want {
		t.Fatalf("%v: Stream: got %q, want %q", ids, got.String(), want)
	}
	if rest := tokentest.Must[string](t)(s.Flush()); rest != "" {
		t.Fatalf("%v: second Flush: got %q", ids, rest)
	}
	dst := tokentest.Must[[]byte](t)(tok.AppendDecode([]byte("x"), ids))
	if string(dst) != "x"+want {
		t.Fatalf("%v: AppendDecode: got %q, want %q", ids, dst, "x"+want)
	}
}

// drawIDs draws ids, often of byte tokens, added tokens and tokens that begin with a mark, and repeats some.
func drawIDs(r *rand.Rand, tok *tokenize.Tokenizer, marked []int32) []int32 {
	ids := make([]int32, r.IntN(12))
	for i := range ids {
		switch k := r.IntN(8); {
		case k < 4 && len(marked) > 0:
			ids[i] = marked[r.IntN(len(marked))]
		case k == 4 && i > 0:
			ids[i] = ids[i-1]
		default:
			ids[i] = int32(r.IntN(tok.VocabSize()))
		}
	}
	return ids
}

// markedIDs returns the ids of tokens that Decoders treat specially.
func markedIDs(tok *tokenize.Tokenizer) (ids []int32) {
	for id := range int32(tok.VocabSize()) {
		token, ok := tok.IDToToken(id)
		switch {
		case !ok:
		case strings.HasPrefix(token, "<0x"), tok.IsSpecial(id), len(token) <= 2, strings.HasPrefix(token, "▁▁"):
			ids = append(ids, id)
		}
	}
	for _, a := range tok.Stages().Added {
		ids = append(ids, a.ID)
	}
	return ids
}

// decoderParts has one Decoder of each kind. Any list of them is a Decoder.
var decoderParts = []tokenize.Decoder{
	tokenize.ByteLevel{}, tokenize.Fuse{}, tokenize.WordJoiner{}, tokenize.WordPieceDecoder{Prefix: "##", Cleanup: true}, tokenize.WordPieceDecoder{Prefix: "##"},
	tokenize.BPEDecoder{Suffix: "</w>"}, tokenize.CTC{Pad: "<pad>", Delimiter: "|", Cleanup: true}, tokenize.CTC{Pad: "a"}, tokenize.ByteFallback{},
	tokenize.StripDecoder{Content: " ", Start: 1}, tokenize.StripDecoder{Content: "▁", Start: 2}, tokenize.StripDecoder{Content: "a", Start: 1, Stop: 1}, tokenize.Metaspace{},
	tokenize.Metaspace{Prepend: tokenize.PrependFirst}, tokenize.Metaspace{Prepend: tokenize.PrependNever}, tokenize.Replace{Pattern: "▁", Content: " "},
	tokenize.Replace{Pattern: " ?a", Regex: true, Content: "▁"}, tokenize.Replace{Pattern: "b$", Regex: true}, upper{},
}

// decoderVocab has the tokens that decoderParts look for.
var decoderVocab = []string{"a", "b", " ", "▁", "▁a", "▁▁", "##b", "b</w>", "</w>", "<pad>", "|", "<0x41>", "<0xE2>", "<0x96>", "<0x81>", "<0x20>", "<0xff>", ".", " '", "Ġ", "ĠÃ", "©", "한", "\n", "(", "a b", "<unk>"}

func chainTokenizer(t testing.TB, d tokenize.Decoder) *tokenize.Tokenizer {
	t.Helper()
	vocab := map[string]int32{}
	for id, token := range decoderVocab {
		vocab[token] = int32(id)
	}
	n := int32(len(vocab))
	added := []tokenize.AddedToken{{ID: n, Text: "<S>", Special: true}, {ID: n + 1, Text: "ADD", Normalized: true}, {ID: n + 2, Text: "É x"}, {ID: 9, Text: "<pad>", Special: true}}
	m := tokentest.Must[*tokenize.WordLevel](t)(tokenize.NewWordLevel(vocab, "<unk>"))
	ll := tokenize.Normalizers{tokenize.Prepend{Text: "▁"}, tokenize.Replace{Pattern: " ", Content: "▁"}}
	return tokentest.Must[*tokenize.Tokenizer](t)(tokenize.New(tokenize.Stages{Normalizer: ll, Model: m, Decoder: d, Added: added}))
}

// checkChain also compares Decode with the Decoder itself on the list of tokens.
func checkChain(t *testing.T, tok *tokenize.Tokenizer, ids []int32) {
	t.Helper()
	checkStream(t, tok, ids)
	var tokens []string
	for _, id := range ids {
		if tok.SkipSpecial && tok.IsSpecial(id) {
			continue
		}
		token, _ := tok.IDToToken(id)
		if token == "ADD" {
			token = "▁ADD" // as the normalizer spells it
		}
		tokens = append(tokens, token)
	}
	want := strings.Join(tok.Stages().Decoder.Decode(slices.Clone(tokens)), "")
	if got := tokentest.Must[string](t)(tok.Decode(ids)); got != want {
		t.Fatalf("%+v: %q: got %q, want %q", tok.Stages().Decoder, tokens, got, want)
	}
}

// TestStreamOfChains streams with random lists of Decoders.
func TestStreamOfChains(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(33, 34))
	rounds := 3000
	if !sweep.All() {
		rounds = 300
	}
	for i := range rounds {
		var d tokenize.Decoders
		for range 1 + r.IntN(5) {
			d = append(d, decoderParts[r.IntN(len(decoderParts))])
		}
		tok := chainTokenizer(t, d)
		if i < len(decoderParts) {
			tok = chainTokenizer(t, decoderParts[i])
		}
		for k := range 20 {
			tok.SkipSpecial = k%2 == 0
			checkChain(t, tok, drawIDs(r, tok, nil))
		}
	}
}

// FuzzStream streams any ids with any list of Decoders.
func FuzzStream(f *testing.F) {
	f.Add([]byte{15, 8, 1, 9}, []byte{11, 12, 13, 14, 0})
	f.Add([]byte{8, 1}, []byte{0, 11, 12})
	f.Add([]byte{5}, []byte{7, 8, 7})
	f.Fuzz(func(t *testing.T, parts, picks []byte) {
		if len(parts) > 6 || len(picks) > 64 {
			t.Skip()
		}
		var d tokenize.Decoders
		for _, p := range parts {
			d = append(d, decoderParts[int(p)%len(decoderParts)])
		}
		tok := chainTokenizer(t, d)
		ids := make([]int32, len(picks))
		for i, p := range picks {
			ids[i] = int32(p) % int32(tok.VocabSize())
		}
		for _, skip := range []bool{false, true} {
			tok.SkipSpecial = skip
			checkChain(t, tok, ids)
		}
	})
}

// TestLegacyLlama decodes an added token that the normalizer rewrites, as the normalizer writes it (Hugging Face 0.23.2).
func TestLegacyLlama(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(tokentest.Shared(t, "faults", "tokenizers", "llama2legacy.json")))
	tok.SkipSpecial = true
	for _, text := range []string{"Wendel saw Zorby today.", "Zorby today.", "Zorby Zorby", "saw Zorby"} {
		ids := tokentest.Must[[]int32](t)(tok.Encode(text))
		if got := tokentest.Must[string](t)(tok.Decode(ids)); got != text {
			t.Errorf("%v: got %q, want %q", ids, got, text)
		}
		checkStream(t, tok, ids)
	}
}
