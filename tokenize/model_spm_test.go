package tokenize_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"google.golang.org/protobuf/encoding/protowire"
)

// The types of pieces and of models, numbered as in files.
const (
	normal, unknown, control, user, unused, byteKind = 1, 2, 3, 4, 5, 6
	modelUnigram, modelBPE, modelWord, modelChar     = 1, 2, 3, 4
)

// modelPiece is a piece of a .model.
type modelPiece struct {
	text  string
	score float32
	kind  uint64
}

// modelFile returns a .model with the pieces. options are the numbers of fields of the normalizer_spec that are false.
func modelFile(model uint64, pieces []modelPiece, options ...protowire.Number) []byte {
	var b []byte
	for _, p := range append([]modelPiece{{"<unk>", 0, unknown}, {"<s>", 0, control}}, pieces...) {
		piece := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), p.text)
		piece = protowire.AppendFixed32(protowire.AppendTag(piece, 2, protowire.Fixed32Type), math.Float32bits(p.score))
		piece = protowire.AppendVarint(protowire.AppendTag(piece, 3, protowire.VarintType), p.kind)
		b = protowire.AppendBytes(protowire.AppendTag(b, 1, protowire.BytesType), piece)
	}
	trainer := protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), model)
	b = protowire.AppendBytes(protowire.AppendTag(b, 2, protowire.BytesType), trainer)
	var normalizer []byte
	for _, number := range options {
		normalizer = protowire.AppendVarint(protowire.AppendTag(normalizer, number, protowire.VarintType), 0)
	}
	return protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), normalizer)
}

// letterPieces have the ids 2 to 10.
var letterPieces = []modelPiece{{"▁", -1, normal}, {"a", -2, normal}, {"b", -3, normal}, {"ab", -4, normal}, {"▁a", -5, normal},
	{"bab", -3.5, normal}, {"cd", -6, normal}, {"<x▁y>", 0, user}, {"abb", -0.5, unused}}

// TestSentencePieceSmall compares with results of sentencepiece 0.1.97 for the same files.
func TestSentencePieceSmall(t *testing.T) {
	for _, c := range []struct {
		name, text string
		model      uint64
		want       []string
	}{
		{"the highest score merges first", "bab", modelBPE, []string{"▁", "bab"}},
		{"characters that are no pieces merge", "cdc", modelBPE, []string{"▁", "cd", "c"}},
		{"spaces at the ends and runs", "  a \t b ", modelBPE, []string{"▁a", "▁", "\t", "▁", "b"}},
		{"user-defined pieces stay whole", "a<x y>b", modelBPE, []string{"▁a", "<x▁y>", "b"}},
		{"unused pieces are taken apart", "abb", modelBPE, []string{"▁", "ab", "b"}},
		{"unigram", "babab", modelUnigram, []string{"▁", "bab", "ab"}},
		{"unigram: unused", "abb", modelUnigram, []string{"▁", "ab", "b"}},
		{"unknown characters are one token", "xyaé", modelUnigram, []string{"▁", "xy", "a", "é"}},
		{"bytes that are no text", "a\xffb", modelUnigram, []string{"▁", "a", "\ufffd", "b"}},
		{"words", "a ab", modelWord, []string{"▁a", "▁ab"}},
		{"user-defined pieces as they are spelled", "a<x▁y>b", modelBPE, []string{"▁a", "<x▁y>", "b"}},
		{"characters", "ab<x y>", modelChar, []string{"▁", "a", "b", "<x▁y>"}},
	} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseSentencePiece(modelFile(c.model, letterPieces)))
		e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(c.text))
		if !slices.Equal(e.Tokens, c.want) {
			t.Errorf("%s: %q: got %q, want %q", c.name, c.text, e.Tokens, c.want)
		}
		if got := tokentest.Must[[]int32](t)(tok.Encode(c.text)); !slices.Equal(got, e.IDs) {
			t.Errorf("%s: %q: got %v, but detailed %v", c.name, c.text, got, e.IDs)
		}
	}
}

func TestSentencePieceOffsets(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseSentencePiece(modelFile(modelUnigram, letterPieces)))
	const text = "  ab  aé "
	e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
	want := []tokenize.Span{{Start: 2, End: 2}, {Start: 2, End: 4}, {Start: 4, End: 6}, {Start: 6, End: 7}, {Start: 7, End: 9}}
	if !slices.Equal(e.Offsets, want) {
		t.Errorf("%q: got %v, want %v", e.Tokens, e.Offsets, want)
	}
}

// TestSentencePieceSpaces checks the options of the normalizer: add_dummy_prefix is field 3, remove_extra_whitespaces 4
// and escape_whitespaces 5.
func TestSentencePieceSpaces(t *testing.T) {
	for _, c := range []struct {
		off           []protowire.Number
		tokens        []string
		text, decoded string
	}{
		{nil, []string{"▁a", "▁", "b"}, " a  b ", "a b"},
		{[]protowire.Number{3}, []string{"a", "▁", "b"}, " a  b ", "a b"},
		{[]protowire.Number{4}, []string{"▁", "▁a", "▁", "▁", "b", "▁"}, " a  b ", " a  b "},
		{[]protowire.Number{3, 4}, []string{"▁a", "▁", "▁", "b", "▁"}, " a  b ", " a  b "},
		{[]protowire.Number{5}, []string{" ", "a", " ", "b"}, " a  b ", " ⁇ a ⁇ b"},
	} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseSentencePiece(modelFile(modelBPE, letterPieces, c.off...)))
		e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(c.text))
		if !slices.Equal(e.Tokens, c.tokens) {
			t.Errorf("without %v: got %q, want %q", c.off, e.Tokens, c.tokens)
		}
		if got := tokentest.Must[string](t)(tok.Decode(e.IDs)); got != c.decoded {
			t.Errorf("without %v: decoded: got %q, want %q", c.off, got, c.decoded)
		}
	}
}

func TestSentencePieceControl(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseSentencePiece(modelFile(modelUnigram, letterPieces)))
	if got := tokentest.Must[[]int32](t)(tok.Encode("<s>a")); slices.Contains(got, 1) {
		t.Errorf("a control piece in the text: got %v, want it as text", got)
	}
	allow := *tok
	allow.Special = tokenize.Allow
	if got, want := tokentest.Must[[]int32](t)(allow.Encode("<s>a")), []int32{1, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("allowed: got %v, want %v", got, want)
	}
	if got := tokentest.Must[string](t)(tok.Decode([]int32{1, 6, 0, 1, 3})); got != "a ⁇ a" {
		t.Errorf("decoded: got %q, want %q", got, "a ⁇ a")
	}
}

func TestSentencePieceErrors(t *testing.T) {
	good := modelFile(modelBPE, letterPieces)
	with := func(p ...modelPiece) []byte { return modelFile(modelBPE, p) }
	badTable := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), []byte{1, 2})
	for _, c := range []struct {
		data []byte
		want []string
	}{
		{nil, []string{"file is empty"}},
		{[]byte{0x10, 1}, []string{"0 pieces", "unknown piece"}},
		{good[:len(good)-1], []string{"byte", "protobuf"}},
		{[]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0x07, 'a'}, []string{"byte 0", "protobuf: field 1"}},
		{with(modelPiece{"", 0, normal}), []string{"piece 2", "no text"}},
		{with(modelPiece{"\xff", 0, normal}), []string{"piece 2", "UTF-8"}},
		{with(modelPiece{"a", float32(math.NaN()), normal}), []string{"piece 2", "NaN"}},
		{with(modelPiece{"a", 0, 9}), []string{"piece 2", "type 9"}},
		{with(modelPiece{"a", 0, normal}, modelPiece{"a", 0, user}), []string{"pieces 2 and 3", `"a"`}},
		{with(modelPiece{"?", 0, unknown}), []string{"pieces 0 and 2", "unknown"}},
		{with(modelPiece{"<0x41>", 0, byteKind}), []string{"piece 2", "byte_fallback"}},
		{modelFile(7, letterPieces), []string{"model_type 7"}},
		{protowire.AppendBytes(protowire.AppendTag(slices.Clone(good), 3, protowire.BytesType), badTable), []string{"normalizer_spec", "charsmap", "2 bytes"}},
	} {
		path := filepath.Join(folder(t, map[string]string{"m.model": string(c.data)}), "m.model")
		_, err := tokenize.Load(path)
		tokentest.WantError(t, err, append(c.want, path)...)
	}
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseSentencePiece(good))
	tokentest.WantError(t, tok.Save(t.TempDir()), "SaveSentencePiece")
	tokentest.WantError(t, tokentest.Chars(t).SaveSentencePiece(filepath.Join(t.TempDir(), "m.model")), "use Save")
}

func TestSaveSentencePiece(t *testing.T) {
	files := map[string][]byte{"small": modelFile(modelUnigram, letterPieces, 3, 4)}
	for _, path := range publishedModels {
		file := tokentest.Shared(t, append([]string{"tokenizers"}, path...)...)
		files[file] = tokentest.Must[[]byte](t)(os.ReadFile(file))
	}
	for name, data := range files {
		path := filepath.Join(t.TempDir(), "saved.model")
		if err := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseSentencePiece(data)).SaveSentencePiece(path); err != nil {
			t.Fatal(err)
		}
		if got := tokentest.Must[[]byte](t)(os.ReadFile(path)); !bytes.Equal(got, data) {
			t.Errorf("%s: saved: got %d bytes that differ from %d", name, len(got), len(data))
		}
	}
}

// publishedModels lists the models of the reference data.
var publishedModels = [][]string{{"llama2", "tokenizer.model"}, {"t5-base", "spiece.model"}, {"sentencepiece", "test_model.model"},
	{"sentencepiece", "test_ja_model.model"}, {"sentencepiece", "torchtext_spm_example.model"}, {"parity", "bpe8k.model"},
	{"parity", "bpe8kid.model"}, {"parity", "uni8k.model"}}

func TestSentencePieceParity(t *testing.T) {
	for _, name := range []string{"bpe8k", "bpe8kid", "uni8k"} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Load(tokentest.Shared(t, "tokenizers", "parity", name+".model")))
		for _, r := range references(t, "tokenizers", "parity", "spm_"+name+".jsonl") {
			checkPieces(t, tok, r)
		}
	}
}

func checkPieces(t *testing.T, tok *tokenize.Tokenizer, r reference) {
	t.Helper()
	ids := tokentest.Must[[]int32](t)(tok.Encode(r.Text))
	e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(r.Text))
	if !slices.Equal(ids, r.IDs) || !slices.Equal(e.IDs, r.IDs) {
		t.Errorf("%q: got %v and detailed %v, want %v", r.Text, ids, e.IDs, r.IDs)
	}
	if !slices.Equal(e.Tokens, r.Pieces) {
		t.Errorf("%q: got %q, want %q", r.Text, e.Tokens, r.Pieces)
	}
	if got := tokentest.Must[string](t)(tok.Decode(ids)); got != r.Decoded {
		t.Errorf("%q: decoded: got %q, want %q", r.Text, got, r.Decoded)
	}
	var streamed strings.Builder
	s := tok.Stream()
	for _, id := range ids {
		streamed.WriteString(tokentest.Must[string](t)(s.Write(id)))
	}
	streamed.WriteString(tokentest.Must[string](t)(s.Flush()))
	if streamed.String() != r.Decoded {
		t.Errorf("%q: streamed: got %q, want %q", r.Text, streamed.String(), r.Decoded)
	}
}

// TestSentencePieceLongRuns encodes long runs. A search that is not near linear would not finish.
func TestSentencePieceLongRuns(t *testing.T) {
	for _, model := range []uint64{modelUnigram, modelBPE} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.ParseSentencePiece(modelFile(model, letterPieces, 4)))
		for _, unit := range []string{"a", " ", "^", "ab"} {
			text := strings.Repeat(unit, 1<<18/len(unit))
			if got := tokentest.Must[[]int32](t)(tok.Encode(text)); len(got) == 0 {
				t.Errorf("%q: got no ids", unit)
			}
		}
	}
}

func FuzzSentencePiece(f *testing.F) {
	for model := range uint64(5) {
		f.Add(modelFile(model, letterPieces), "a<x y>bab cd\xff é")
		f.Add(modelFile(model, letterPieces, 3, 4, 5), " ▁ ")
	}
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		tok, err := tokenize.ParseSentencePiece(data)
		if err != nil {
			return
		}
		useLoaded(t, tok)
		ids := tokentest.Must[[]int32](t)(tok.Encode(text))
		e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(text))
		if !slices.Equal(ids, e.IDs) {
			t.Fatalf("got %v, but detailed %v", ids, e.IDs)
		}
		for _, o := range e.Offsets {
			if o.Start < 0 || o.End < o.Start || o.End > len(text) {
				t.Fatalf("offset %v is outside the text", o)
			}
		}
		tokentest.Must[string](t)(tok.Decode(ids))
	})
}
