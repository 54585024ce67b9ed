package tokenize_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// fileBPE is a small tokenizer.json; the tests replace parts of it.
const fileBPE = `{"version":"1.0","added_tokens":[],"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true},
"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}`

func TestParse(t *testing.T) {
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(fileBPE)))
	if got := tokentest.Must[[]int32](t)(tok.Encode("abba")); !slices.Equal(got, []int32{2, 1, 0}) {
		t.Errorf("got %v, want [2 1 0]", got)
	}
	_, err := tok.Encode("ab!")
	tokentest.WantError(t, err, "byte 2", "0x21")
	pairs := strings.Replace(fileBPE, `"a b"`, `["a","b"]`, 1)
	pairs = strings.Replace(pairs, `"type":"BPE",`, ``, 1)
	tok = tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(pairs)))
	if got := tokentest.Must[[]int32](t)(tok.Encode("ab")); !slices.Equal(got, []int32{2}) {
		t.Errorf("merges as pairs, no type: got %v, want [2]", got)
	}
	unknown := strings.Replace(fileBPE, `"type":"BPE",`, `"type":"BPE","unk_token":"?",`, 1)
	unknown = strings.Replace(unknown, `"ab":2`, `"ab":2,"?":3`, 1)
	tok = tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(unknown)))
	if got := tokentest.Must[[]int32](t)(tok.Encode("a!")); !slices.Equal(got, []int32{0, 3}) {
		t.Errorf("an unknown byte: got %v, want [0 3]", got)
	}
	// No merge makes "bb", so only IgnoreMerges gives this token.
	whole := strings.Replace(fileBPE, `"ab":2`, `"ab":2,"bb":3`, 1)
	tok = tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(whole)))
	if got := tokentest.Must[[]int32](t)(tok.Encode("bb")); !slices.Equal(got, []int32{1, 1}) {
		t.Errorf("by merges: got %v, want [1 1]", got)
	}
	whole = strings.Replace(whole, `"type":"BPE",`, `"type":"BPE","ignore_merges":true,`, 1)
	tok = tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(whole)))
	if got := tokentest.Must[[]int32](t)(tok.Encode("bb")); !slices.Equal(got, []int32{3}) {
		t.Errorf("merges ignored: got %v, want [3]", got)
	}
}

// parseErrors lists changes to fileBPE and parts of the expected errors.
var parseErrors = []struct {
	old, new string
	want     []string
}{
	{`"merges":["a b"]}}`, `"merges":["a b"]`, []string{"line 2", "unexpected end"}},
	{`"version":"1.0"`, `"version":"2.0"`, []string{"version", "2.0"}},
	{`"type":"ByteLevel"`, `"type":"Metaspaces"`, []string{"pre_tokenizer", `unknown type "Metaspaces"`}},
	{`"trim_offsets":true`, `"x":1`, []string{"ByteLevel", "trim_offsets"}},
	{`"type":"BPE"`, `"type":"Unigram"`, []string{"model", "vocab"}},
	{`"type":"BPE"`, `"type":"Trigram"`, []string{"model", `unknown type "Trigram"`}},
	{`"type":"BPE"`, `"type":"WordLevels"`, []string{`unknown type "WordLevels"`}},
	{`"a b"`, `"a c"`, []string{"merges[0]", `"c"`}},
	{`"a b"`, `"b a"`, []string{"merges[0]", `"ba"`, "not in the vocabulary"}},
	{`"a b"`, `"ab"`, []string{"merges[0]", `"ab"`, "two tokens"}},
	{`"a b"`, `["a"]`, []string{"merges[0]", "1 tokens, want 2"}},
	{`"a b"`, `7`, []string{"merges[0]"}},
	{`"ab":2`, `"ab":1`, []string{"id 1", `"b"`, `"ab"`}},
	{`"ab":2`, `"ab":2,"a":3`, []string{"vocab", `"a"`, "twice"}},
	{`"ab":2`, `"ab":2000000000`, []string{"2000000000", "3 tokens"}},
	{`"ab":2`, `"ab":-1`, []string{"-1"}},
	{`"ab":2`, `"ab":2.5`, []string{"whole number"}},
	{`{"a":0,"b":1,"ab":2}`, `[["a",0]]`, []string{"vocab", "object"}},
	{`"merges"`, `"dropout":1.5,"merges"`, []string{"dropout", "1.5"}},
	{`"added_tokens":[]`, `"added_tokens":[{"id":2000000000,"content":"x"}]`, []string{`"x"`, "2000000000"}},
	{`"added_tokens":[]`, `"added_tokens":{}`, []string{"line 1", "added_tokens"}},
	{`"added_tokens":[]`, `"truncation":{"strategy":"Both"}`, []string{"truncation", "Both"}},
	{`"added_tokens":[]`, `"truncation":{"direction":"Up"}`, []string{"truncation", "Up"}},
	{`"added_tokens":[]`, `"padding":{"strategy":{"Fixed":2000000000}}`, []string{"padding", "2000000000"}},
	{`"added_tokens":[]`, `"padding":{"strategy":"Shortest"}`, []string{"padding", "Shortest"}},
	{`"added_tokens":[]`, `"normalizer":{"type":"Nmts"}`, []string{"normalizer", `"Nmts"`}},
	{`"added_tokens":[]`, `"decoder":{"type":"CTCs"}`, []string{"decoder", `"CTCs"`}},
	{`"added_tokens":[]`, `"post_processor":{"type":"RobertaProcess"}`, []string{"post_processor", `"RobertaProcess"`}},
	{`"added_tokens":[]`, `"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x"}}]}`, []string{"single", `"x"`}},
	{`"added_tokens":[]`, `"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Nope"}]}`, []string{"normalizers[1]", "Nope"}},
	{`"type":"ByteLevel"`, `"type":"Split","behavior":"Isolated","pattern":{"Regex":"a(b"}`, []string{"Split", "a(b"}},
	{`"type":"ByteLevel"`, `"type":"Split","behavior":"Sideways","pattern":{"String":"a"}`, []string{"Split", "Sideways"}},
}

func TestParseErrors(t *testing.T) {
	for _, c := range parseErrors {
		if !strings.Contains(fileBPE, c.old) {
			t.Fatalf("%q is not in the file", c.old)
		}
		path := filepath.Join(folder(t, map[string]string{"t.json": strings.Replace(fileBPE, c.old, c.new, 1)}), "t.json")
		_, err := tokenize.Load(path)
		tokentest.WantError(t, err, append(c.want, path)...)
	}
	deep := strings.Repeat(`{"type":"Sequence","normalizers":[`, 50) + strings.Repeat(`]}`, 50)
	_, err := tokenize.Parse([]byte(strings.Replace(fileBPE, `"added_tokens":[]`, `"normalizer":`+deep, 1)))
	tokentest.WantError(t, err, "normalizer", "nested")
}

func TestLoadGPT2Errors(t *testing.T) {
	const vocab = `{"a":0,"b":1,"ab":2}`
	for _, c := range []struct {
		vocab, merges string
		want          []string
	}{
		{vocab, "#version: 0.2\na b\n\na\n", []string{"merges.txt", "line 4", `"a"`}},
		{vocab, "a c\n", []string{"merges[0]", `"c"`}},
		{"{\"a\":0,\n\"b\" 1}", "", []string{"vocab.json", "line 2"}},
		{`{"a":0`, "", []string{"vocab.json", "line 1"}},
		{`{"a":"x"}`, "", []string{"vocab.json", "whole number"}},
		{vocab + "{}", "", []string{"vocab.json", "after the object"}},
	} {
		dir := folder(t, map[string]string{"vocab.json": c.vocab, "merges.txt": c.merges})
		_, err := tokenize.Load(dir)
		tokentest.WantError(t, err, append(c.want, dir)...)
	}
	dir := folder(t, map[string]string{"vocab.json": vocab})
	_, err := tokenize.Load(dir)
	tokentest.WantError(t, err, dir, "vocab.json without merges.txt")
	empty := t.TempDir()
	_, err = tokenize.Load(empty)
	tokentest.WantError(t, err, empty, "none of", "tokenizer.json", "vocab.txt")
}

// TestBehaviors checks the examples of Hugging Face's documentation of Split: "the-final--countdown" by "-".
func TestBehaviors(t *testing.T) {
	for behavior, want := range map[tokenize.Behavior]string{
		tokenize.Removed:            "the final countdown",
		tokenize.Isolated:           "the - final - - countdown",
		tokenize.MergedWithPrevious: "the- final- - countdown",
		tokenize.MergedWithNext:     "the -final - -countdown",
		tokenize.Contiguous:         "the - final -- countdown",
	} {
		var got []string
		for _, p := range (tokenize.Split{Pattern: "-", Behavior: behavior}).Split(nil, tokenize.NewText("the-final--countdown")) {
			got = append(got, p.String())
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", behavior, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(fileBPE))
	for _, c := range goldens[component](f, "components.jsonl") {
		f.Add(c.file())
	}
	for _, tok := range []*tokenize.Tokenizer{tokentest.Chars(f), tokentest.Words(f)} {
		f.Add(tokentest.Must[[]byte](f)(tok.MarshalJSON()))
	}
	f.Add([]byte(`{"version":"1.0","post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A"}}],"special_tokens":{"x":{"ids":[1],"tokens":[]}}},"model":{"vocab":{}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tok, err := tokenize.Parse(data)
		if err != nil {
			return
		}
		if !bytes.Contains(data, []byte("Regex")) { // a pattern may take exponential time, as in the reference
			useLoaded(t, tok)
		}
		saved := tokentest.Must[[]byte](t)(tok.MarshalJSON())
		again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(saved))
		if got := tokentest.Must[[]byte](t)(again.MarshalJSON()); !bytes.Equal(got, saved) {
			t.Errorf("saved again: got %s, want %s", got, saved)
		}
	})
}

// useLoaded encodes and decodes with a tokenizer that a fuzzer made. Errors are allowed, panics are not.
func useLoaded(t *testing.T, tok *tokenize.Tokenizer) {
	for _, text := range tokentest.Texts {
		ids, err := tok.Encode(text)
		e, detailed := tok.EncodeDetailed(text)
		if (err == nil) != (detailed == nil) {
			t.Fatalf("%q: %v, but detailed %v", text, err, detailed)
		}
		if err != nil {
			continue
		}
		if m, ok := tok.Stages().Model.(*tokenize.BPE); !slices.Equal(ids, e.IDs) && !(ok && m.Config().Dropout > 0) {
			t.Fatalf("%q: got %v, but detailed %v", text, ids, e.IDs)
		}
		if _, err := tok.Decode(ids); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
}

func FuzzParseGPT2(f *testing.F) {
	f.Add([]byte(`{"a":0,"b":1,"ab":2,"<s>":3}`), []byte("#version: 0.2\na b\n"))
	f.Add([]byte(`{"Ġ":0,"Ä":1}`), []byte("Ġ Ġ"))
	f.Fuzz(func(t *testing.T, vocab, merges []byte) {
		if tok, err := tokenize.ParseGPT2(vocab, merges); err == nil {
			useLoaded(t, tok)
		}
	})
}
