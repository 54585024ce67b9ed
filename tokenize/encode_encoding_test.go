package tokenize_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// encodings is a post-processor with the expected encodings of texts and pairs under truncation and padding. The model
// has the letters a to p, with ids from 4.
type encodings struct {
	PostProcessor json.RawMessage `json:"post_processor"`
	Cases         []struct {
		Text                           string
		Pair                           *string
		Bare, Error                    bool
		Truncation                     *tokenize.Truncation
		Padding                        *tokenize.Padding
		IDs, Types, Attention, Special []int32
		Overflow                       [][]int32
	}
}

func (c encodings) file() []byte {
	vocab := map[string]int32{"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "[PAD]": 3}
	for i, r := range "abcdefghijklmnop" {
		vocab[string(r)] = int32(i) + 4
	}
	data, err := json.Marshal(vocab)
	if err != nil {
		panic(err) // a map of numbers is JSON
	}
	return fmt.Appendf(nil, `{"version":"1.0","pre_tokenizer":{"type":"Whitespace"},"post_processor":%s,
		"model":{"type":"WordLevel","vocab":%s,"unk_token":"[UNK]"}}`, c.PostProcessor, data)
}

func TestTruncationAndPadding(t *testing.T) {
	for _, c := range goldens[encodings](t, "encodings.jsonl") {
		loaded := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(c.file()))
		for _, x := range c.Cases {
			tok := *loaded
			tok.Bare, tok.Truncation, tok.Padding = x.Bare, x.Truncation, x.Padding
			encode := func() (*tokenize.Encoding, error) {
				if x.Pair != nil {
					return tok.EncodePair(x.Text, *x.Pair)
				}
				return tok.EncodeDetailed(x.Text)
			}
			e, err := encode()
			if x.Error {
				tokentest.WantError(t, err, "truncate", string(x.Truncation.Strategy))
				continue
			}
			e = tokentest.Must[*tokenize.Encoding](t)(e, err)
			name := fmt.Sprintf("%s %q %+v %+v", c.PostProcessor[:30], x.Text, *x.Truncation, x.Padding)
			same(t, name, "ids", e.IDs, x.IDs)
			same(t, name, "attention", e.Attention, x.Attention)
			same(t, name, "special mask", e.SpecialMask(), x.Special)
			if x.Types != nil {
				same(t, name, "types", e.Types, x.Types)
			}
			if len(e.Overflow) != len(x.Overflow) {
				t.Fatalf("%s: got %d windows, want %d", name, len(e.Overflow), len(x.Overflow))
			}
			for i, o := range e.Overflow {
				same(t, name, "window", o.IDs, x.Overflow[i])
			}
		}
	}
}

// letters is a tokenizer of letters that puts <s> and </s> around texts.
func letters(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	c := encodings{PostProcessor: json.RawMessage(`{"type":"BertProcessing","sep":["[SEP]",2],"cls":["[CLS]",1]}`)}
	return tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(c.file()))
}

func TestTruncationErrors(t *testing.T) {
	tok := letters(t)
	for _, c := range []struct {
		truncation tokenize.Truncation
		want       []string
	}{
		{tokenize.Truncation{MaxLength: 1}, []string{"max_length 1", "2 tokens"}},
		{tokenize.Truncation{MaxLength: 4, Stride: 2}, []string{"stride 2", "2 tokens"}},
		{tokenize.Truncation{MaxLength: 4, Strategy: tokenize.OnlySecond}, []string{"OnlySecond", "no second text"}},
		{tokenize.Truncation{MaxLength: -4}, []string{"-4"}},
		{tokenize.Truncation{MaxLength: 4, Strategy: "All"}, []string{"All"}},
	} {
		tok.Truncation = &c.truncation
		_, err := tok.Encode("a b c d")
		tokentest.WantError(t, err, append(c.want, "tokenize: truncate")...)
	}
}

func TestBatches(t *testing.T) {
	tok := letters(t)
	tok.Padding = &tokenize.Padding{ID: 3, Token: "[PAD]"}
	texts := []string{"a b c", "", "d"}
	want := [][]int32{{1, 4, 5, 6, 2}, {1, 2, 3, 3, 3}, {1, 7, 2, 3, 3}}
	got := tokentest.Must[[][]int32](t)(tok.EncodeAll(texts))
	all := tokentest.Must[[]*tokenize.Encoding](t)(tok.EncodeAllDetailed(texts))
	for i := range want {
		same(t, texts[i], "ids", got[i], want[i])
		same(t, texts[i], "detailed ids", all[i].IDs, want[i])
	}
	same(t, "d", "attention", all[2].Attention, []int32{1, 1, 1, 0, 0})
	pairs := tokentest.Must[[]*tokenize.Encoding](t)(tok.EncodeAllPairs([][2]string{{"a", "b"}, {"c", ""}}))
	same(t, "a, b", "ids of a pair", pairs[0].IDs, []int32{1, 4, 2, 5, 2})
	same(t, "c", "ids of a pair", pairs[1].IDs, []int32{1, 6, 2, 2, 3})
	texts = tokentest.Must[[]string](t)(tokentest.BPE(t).DecodeAll([][]int32{{}, {0}}))
	if len(texts) != 2 || texts[0] != "" || texts[1] == "" {
		t.Errorf("decoded: got %q", texts)
	}
	_, err := tok.DecodeAll([][]int32{{1}, {99}})
	tokentest.WantError(t, err, "list 1", "99")
}

func TestCountAndTruncateText(t *testing.T) {
	long := strings.Repeat(tokentest.Corpus, 40)
	for _, tok := range []*tokenize.Tokenizer{tokentest.BPE(t), tokentest.Words(t), tokentest.Chars(t)} {
		ids := tokentest.Must[[]int32](t)(tok.Encode(long))
		if got := tokentest.Must[int](t)(tok.CountTokens(long)); got != len(ids) {
			t.Errorf("count: got %d, want %d", got, len(ids))
		}
		for _, n := range []int{0, 1, 2, 5, 17, 1000, len(ids) - 1, len(ids), len(ids) + 1} {
			got := tokentest.Must[string](t)(tok.TruncateText(long, n))
			if !strings.HasPrefix(long, got) || !slices.Equal([]rune(got), []rune(long)[:len([]rune(got))]) {
				t.Fatalf("%d tokens: got %.50q, which is no beginning", n, got)
			}
			if left := tokentest.Must[int](t)(tok.CountTokens(got)); left > n {
				t.Errorf("%d tokens: got %d", n, left)
			}
			if n >= len(ids) && got != long {
				t.Errorf("%d of %d tokens: got %d of %d bytes", n, len(ids), len(got), len(long))
			}
		}
	}
	tok := letters(t)
	if got := tokentest.Must[string](t)(tok.TruncateText("a b c", 4)); got != "a b" {
		t.Errorf("two of three letters: got %q, want %q", got, "a b")
	}
	_, err := tok.TruncateText("a", 1)
	tokentest.WantError(t, err, "no room", "2")
}

// TestTruncateTextKeepsCharactersWhole cuts a character that has four tokens.
func TestTruncateTextKeepsCharactersWhole(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(trainer.BPE{VocabSize: 256}.Train(strings.Lines("")))
	for n, want := range []string{"", "a", "a", "a", "a", "a👍", "a👍b", "a👍b"} {
		if got := tokentest.Must[string](t)(tok.TruncateText("a👍b", n)); got != want {
			t.Errorf("%d tokens: got %q, want %q", n, got, want)
		}
	}
}

// fallback is a model of bytes, as in files of sentencepiece.
const fallback = `{"version":"1.0","decoder":%s,"model":{"type":"WordLevel","unk_token":"<unk>","vocab":{"<unk>":0,"▁a":1,"b":2,
	"<0xE2>":3,"<0x82>":4,"<0xAC>":5,"▁":6,"<0x41>":7}}}`

// TestStreamIsDecode streams every list of three tokens. The text equals the result of Decode and never ends in half a
// character.
func TestStreamIsDecode(t *testing.T) {
	for _, decoder := range []string{
		`{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}`,
		`{"type":"Sequence","decoders":[{"type":"ByteFallback"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}]}`,
		`{"type":"WordPiece","prefix":"b","cleanup":true}`,
		`{"type":"BPEDecoder","suffix":"b"}`,
	} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(fmt.Appendf(nil, fallback, decoder)))
		for n := range int32(8 * 8 * 8 * 8) {
			ids := []int32{n % 8, n / 8 % 8, n / 64 % 8, n / 512}
			want := tokentest.Must[string](t)(tok.Decode(ids))
			var got strings.Builder
			s := tok.Stream()
			for _, id := range ids {
				got.WriteString(tokentest.Must[string](t)(s.Write(id)))
			}
			got.WriteString(tokentest.Must[string](t)(s.Flush()))
			if got.String() != want {
				t.Fatalf("%s: %v: got %q, want %q", decoder, ids, got.String(), want)
			}
		}
	}
}
