package tokenize_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// oddFile is a tokenizer.json with added tokens and a model.
func oddFile(added, model string) string {
	return fmt.Sprintf(`{"version":"1.0","added_tokens":[%s],"model":%s}`, added, model)
}

func addedJSON(id int, text, options string) string {
	return fmt.Sprintf(`{"id":%d,"content":%q,"single_word":false,"lstrip":false,"rstrip":false,"normalized":false%s}`, id, text, options)
}

const (
	plainToken   = `,"special":false`
	specialToken = `,"special":true`
	wordModel    = `{"type":"WordLevel","vocab":{"<unk>":0,"a":1,"b":2},"unk_token":"<unk>"}`
	charModel    = `{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]}`
)

// oddities are files that contradict themselves, and the ids that Hugging Face's tokenizers 0.23.2 (npm) has for a text.
var oddities = []struct {
	name, file, text string
	want             []int32
}{
	{"twice", oddFile(addedJSON(3, "<x>", plainToken)+","+addedJSON(3, "<x>", plainToken), wordModel), "a<x>b", []int32{1, 3, 2}},
	{"twice with two ids", oddFile(addedJSON(3, "<x>", plainToken)+","+addedJSON(4, "<x>", plainToken), wordModel), "a<x>b", []int32{1, 3, 2}},
	{"two with one id", oddFile(addedJSON(3, "<x>", plainToken)+","+addedJSON(3, "<y>", plainToken), wordModel), "<x><y>", []int32{3, 4}},
	{"the id of another token", oddFile(addedJSON(1, "<x>", plainToken), wordModel), "a<x>b", []int32{1, 3, 2}},
	{"a token with another id", oddFile(addedJSON(7, "b", plainToken), wordModel), "ab", []int32{1, 2}},
	{"no text", oddFile(addedJSON(3, "", plainToken)+","+addedJSON(3, "<y>", plainToken), wordModel), "a<y>", []int32{1, 3}},
	{"a gap in the vocabulary", oddFile("", `{"type":"WordLevel","vocab":{"a":0,"b":7},"unk_token":"a"}`), "b", []int32{7}},
	{"no unknown token", oddFile("", strings.Replace(charModel, `"merges"`, `"unk_token":"<u>","merges"`, 1)), "ab", []int32{0, 1}},
	{"no unknown token, WordPiece", oddFile("", `{"type":"WordPiece","vocab":{"a":0},"unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100}`), "a", []int32{0}},
	{"no version", strings.Replace(oddFile("", charModel), `"version":"1.0",`, "", 1), "ab", []int32{0, 1}},
	{"no added tokens", `{"version":"1.0","model":` + charModel + `}`, "ab", []int32{0, 1}},
	{"no unk_id", oddFile("", `{"type":"Unigram","vocab":[["a",-1],["b",-2]]}`), "ab", []int32{0, 1}},
}

func TestOddities(t *testing.T) {
	for _, c := range oddities {
		tok, err := tokenize.Parse([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := tokentest.Must[[]int32](t)(tok.Encode(c.text)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		tok.OmitUnknown = true // for the texts of checkEncoders
		checkEncoders(t, tok, c.text)
		checkFixedPoint(t, tok, c.text)
	}
	for i, options := range []string{specialToken + "|" + plainToken, plainToken + "|" + specialToken} {
		first, second, _ := strings.Cut(options, "|")
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(oddFile(addedJSON(3, "<x>", first)+","+addedJSON(3, "<x>", second), wordModel))))
		if !tok.IsSpecial(3) {
			t.Errorf("order %d: a token that is special once is not special", i)
		}
	}
	_, err := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(oddities[7].file))).Encode("aqb")
	tokentest.WantError(t, err, "byte 0", `"q"`, `"<u>"`, "OmitUnknown")
}

// TestOddFiles loads such files of ../shared.
func TestOddFiles(t *testing.T) {
	for _, c := range []struct {
		file, text string
		want       []int32
	}{
		{"unkmissing.json", "the\x01 hé", []int32{257, 189, 220, 71, 127, 102}},
		{"addeddup.json", "the<x>a", []int32{257, 279, 64}},
	} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(tokentest.Shared(t, "faults", "tokenizers", c.file)))
		if got := tokentest.Must[[]int32](t)(tok.Encode(c.text)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.file, got, c.want)
		}
	}
}

// omissions are models without a token for some character, and Hugging Face's ids (0.23.2) where its model leaves such
// characters out.
var omissions = []struct {
	model, text string
	want        []int32
	offsets     []tokenize.Span
}{
	{`{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}`, "axb é ab", []int32{2, 2}, []tokenize.Span{{Start: 0, End: 3}, {Start: 7, End: 9}}},
	{`{"type":"BPE","vocab":{"a":0,"##b":1,"ab":2},"merges":["a ##b"],"continuing_subword_prefix":"##"}`, "xab", nil, nil},
	{`{"type":"BPE","vocab":{"a":0,"b</w>":1,"ab</w>":2},"merges":["a b</w>"],"end_of_word_suffix":"</w>"}`, "axb", []int32{2}, []tokenize.Span{{Start: 0, End: 3}}},
	{`{"type":"Unigram","vocab":[["a",-1],["b",-1]]}`, "axxb", []int32{0, 1}, []tokenize.Span{{Start: 0, End: 1}, {Start: 3, End: 4}}},
	{`{"type":"WordPiece","vocab":{"a":0},"unk_token":"","continuing_subword_prefix":"##","max_input_chars_per_word":9}`, "x", nil, nil},
	{`{"type":"WordLevel","vocab":{"a":0},"unk_token":""}`, "x", nil, nil},
}

// TestOmitUnknown leaves out text without a token when told so, and returns an error otherwise, also after the other.
func TestOmitUnknown(t *testing.T) {
	for i, c := range omissions {
		strict := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(oddFile("", c.model))))
		tok := *strict
		tok.OmitUnknown = true
		for range 2 {
			if _, err := strict.Encode(c.text); i != 1 || err == nil {
				tokentest.WantError(t, err, "OmitUnknown")
			}
			e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(c.text))
			if i != 1 && !slices.Equal(e.IDs, c.want) {
				t.Errorf("model %d: %q: got %v, want %v", i, c.text, e.IDs, c.want)
			}
			if i != 1 && !slices.Equal(e.Offsets, c.offsets) {
				t.Errorf("model %d: %q: offsets: got %v, want %v", i, c.text, e.Offsets, c.offsets)
			}
			checkEncoders(t, &tok, c.text)
		}
	}
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(tokentest.Shared(t, "faults", "tokenizers", "nocr.json")))
	_, err := tok.Encode("a\r\nb")
	tokentest.WantError(t, err, "byte 1", "0x0d", "OmitUnknown")
	tok.OmitUnknown = true
	if got, want := tokentest.Must[[]int32](t)(tok.Encode("a\r\nb")), []int32{64, 198, 65}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
