package tokenize_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// goldens reads the lines of a file of testdata, written by Hugging Face's tokenizers 0.23.2 (npm).
func goldens[T any](t testing.TB, name string) (list []T) {
	t.Helper()
	f := tokentest.Must[*os.File](t)(os.Open(filepath.Join("testdata", name)))
	defer f.Close()
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var v T
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
			t.Fatalf("%s: line %d: %v", name, len(list)+1, err)
		}
		list = append(list, v)
	}
	if len(list) == 0 {
		t.Fatalf("%s: no lines", name)
	}
	return list
}

// component is a stage with its results for texts, or a Decoder with its results for tokens. Offsets are in runes, for
// the characters of the normalized text or for the pieces.
type component struct {
	Role  string
	Stage json.RawMessage
	Cases []struct {
		Text    string
		Tokens  []string
		Want    []string
		Offsets [][2]int
	}
}

// file returns a tokenizer.json with the component and a model without words.
func (c component) file() []byte {
	parts := map[string]json.RawMessage{c.Role: c.Stage}
	if c.Role == "normalizer" {
		parts["pre_tokenizer"] = json.RawMessage(`{"type":"FixedLength","length":1}`)
	}
	parts["version"] = json.RawMessage(`"1.0"`)
	parts["model"] = json.RawMessage(`{"type":"WordLevel","vocab":{"<unk>":0},"unk_token":"<unk>"}`)
	data, err := json.Marshal(parts)
	if err != nil {
		panic(err) // the parts are JSON already
	}
	return data
}

func TestComponents(t *testing.T) {
	for _, c := range goldens[component](t, "components.jsonl") {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(c.file()))
		tok.RuneOffsets = true
		for _, x := range c.Cases {
			if got := c.result(tok, x.Text, x.Tokens); !slices.Equal(got, x.Want) {
				t.Errorf("%s: %+q %+q: got %+q, want %+q", c.Stage, x.Text, x.Tokens, got, x.Want)
			}
			if c.Role == "decoder" || composes(c.Stage) {
				continue
			}
			e := tokentest.Must[*tokenize.Encoding](t)(tok.EncodeDetailed(x.Text))
			if got := pairsOf(e.Offsets); !slices.Equal(got, x.Offsets) {
				t.Errorf("%s: %+q: offsets: got %v, want %v", c.Stage, x.Text, got, x.Offsets)
			}
		}
	}
}

// composes reports whether a stage composes characters. Offsets then cover all parts of a character, but only the first
// in the reference.
func composes(stage json.RawMessage) bool {
	return strings.Contains(string(stage), `"NFC"`) || strings.Contains(string(stage), `"NFKC"`)
}

// result returns the result of the component for a text or for tokens.
func (c component) result(tok *tokenize.Tokenizer, text string, tokens []string) []string {
	switch s := tok.Stages(); c.Role {
	case "normalizer":
		return []string{s.Normalizer.Normalize(tokenize.NewText(text)).String()}
	case "pre_tokenizer":
		var pieces []string
		for _, p := range s.Splitter.Split(nil, tokenize.NewText(text)) {
			if strings.Contains(string(c.Stage), `"ByteLevel"`) {
				p = tokenize.ByteLevelNormalizer{}.Normalize(p)
			}
			pieces = append(pieces, p.String())
		}
		return pieces
	default:
		return []string{strings.Join(s.Decoder.Decode(slices.Clone(tokens)), "")}
	}
}

func TestComponentsAreSaved(t *testing.T) {
	for _, c := range goldens[component](t, "components.jsonl") {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(c.file()))
		saved := tokentest.Must[[]byte](t)(tok.MarshalJSON())
		again := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(saved))
		a, b := tok.Stages(), again.Stages()
		a.Model, b.Model = nil, nil
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%s: got %+v, want %+v", c.Stage, b, a)
		}
		var file map[string]json.RawMessage
		if err := json.Unmarshal(saved, &file); err != nil {
			t.Fatal(err)
		}
		var got, want map[string]any
		if err := json.Unmarshal(file[c.Role], &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(c.Stage, &want); err != nil {
			t.Fatal(err)
		}
		if older := want["add_prefix_space"] != nil && want["type"] == "Metaspace"; !older && !reflect.DeepEqual(got, want) {
			t.Errorf("saved: got %v, want %v", got, want)
		}
	}
}

// TestOlderSpellings reads components with missing or additional keys, as in older files.
func TestOlderSpellings(t *testing.T) {
	for stage, want := range map[string]tokenize.Splitter{
		`{"type":"Metaspace","replacement":"▁","add_prefix_space":true}`:                          tokenize.Metaspace{Replacement: "▁", Prepend: tokenize.PrependAlways},
		`{"type":"Metaspace","replacement":"_","add_prefix_space":false,"str_rep":"_"}`:           tokenize.Metaspace{Replacement: "_", Prepend: tokenize.PrependNever},
		`{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","add_prefix_space":true}`: tokenize.Metaspace{Replacement: "▁", Prepend: tokenize.PrependFirst},
		`{"type":"Punctuation"}`:  tokenize.Punctuation{},
		`{"type":"Digits","x":1}`: tokenize.Digits{},
		`{"trim_offsets":true,"add_prefix_space":false,"type":"ByteLevel"}`: tokenize.ByteLevel{TrimOffsets: true},
	} {
		tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse(component{Role: "pre_tokenizer", Stage: json.RawMessage(stage)}.file()))
		if got := tok.Stages().Splitter; got != want {
			t.Errorf("%s: got %+v, want %+v", stage, got, want)
		}
	}
}

func TestComponentErrors(t *testing.T) {
	for _, c := range []struct {
		role, stage string
		want        []string
	}{
		{"pre_tokenizer", `{"type":"Metaspace","replacement":"ab"}`, []string{"Metaspace", `"ab"`, "one character"}},
		{"pre_tokenizer", `{"type":"Metaspace","replacement":"▁","prepend_scheme":"often"}`, []string{"Metaspace", "often"}},
		{"pre_tokenizer", `{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","add_prefix_space":false}`, []string{"disagree"}},
		{"pre_tokenizer", `{"type":"CharDelimiterSplit","delimiter":""}`, []string{"delimiter"}},
		{"pre_tokenizer", `{"type":"Punctuation","behavior":"Sideways"}`, []string{"Punctuation", "Sideways"}},
		{"pre_tokenizer", `{"type":"FixedLength","length":-1}`, []string{"FixedLength", "-1"}},
		{"pre_tokenizer", `{"type":"Split","pattern":{"Regex":"\\p{Klingon}"},"behavior":"Isolated"}`, []string{"Split", "Klingon"}},
		{"pre_tokenizer", `{"type":"Split","pattern":{},"behavior":"Isolated"}`, []string{"pattern"}},
		{"normalizer", `{"type":"Replace","pattern":{"Regex":"a\\Kb"},"content":""}`, []string{"Replace", "byte 3", `\K`}},
		{"normalizer", `{"type":"Replace","pattern":{"Regex":"(?i:strasse)"},"content":""}`, []string{"Replace", "without regard to case"}},
		{"normalizer", `{"type":"Strip","strip_left":7}`, []string{"Strip", "strip_left"}},
		{"post_processor", `{"type":"BertProcessing","sep":["x",9],"cls":["<unk>",0]}`, []string{"BertProcessing", "9"}},
		{"post_processor", `{"type":"RobertaProcessing","sep":["x"],"cls":["<unk>",0]}`, []string{"RobertaProcessing", "1 values"}},
		{"decoder", `{"type":"Strip","content":"","start":1,"stop":0}`, []string{"Strip", "content"}},
		{"decoder", `{"type":"Sequence","decoders":[null]}`, []string{"decoders[0]", "null"}},
	} {
		_, err := tokenize.Parse(component{Role: c.role, Stage: json.RawMessage(c.stage)}.file())
		tokentest.WantError(t, err, append(c.want, c.role)...)
	}
}

// FuzzComponents reads any text as a component in each role and uses the result.
func FuzzComponents(f *testing.F) {
	roles := []string{"normalizer", "pre_tokenizer", "post_processor", "decoder"}
	for _, c := range goldens[component](f, "components.jsonl") {
		f.Add(slices.Index(roles, c.Role), string(c.Stage), "a 1 Hé한\xff")
	}
	for _, c := range goldens[encodings](f, "encodings.jsonl") {
		f.Add(2, string(c.PostProcessor), "a b")
	}
	f.Fuzz(func(t *testing.T, role int, stage, text string) {
		if role < 0 || role >= len(roles) || !json.Valid([]byte(stage)) || len(text) > 100 {
			return
		}
		tok, err := tokenize.Parse(component{Role: roles[role], Stage: json.RawMessage(stage)}.file())
		if err != nil {
			return
		}
		if strings.Contains(stage, "Regex") {
			return // a pattern may take exponential time, as in the reference
		}
		e, err := tok.EncodeDetailed(text)
		if err != nil {
			return
		}
		same(t, text, "ids", tokentest.Must[[]int32](t)(tok.Encode(text)), e.IDs)
		for _, o := range e.Offsets {
			if o.Start < 0 || o.End < o.Start || o.End > len(text) {
				t.Fatalf("%q: offset %v", text, o)
			}
		}
		if _, err := tok.Decode(e.IDs); err != nil {
			t.Fatal(err)
		}
	})
}

// tables are stages that look every character up.
var tables = map[string]func(c string) (changes bool){
	"clean":       changes(tokenize.BertNormalizer{Clean: true, StripAccents: new(bool)}),
	"accents":     changes(tokenize.BertNormalizer{StripAccents: &stripped}),
	"chinese":     changes(tokenize.BertNormalizer{Chinese: true}),
	"marks":       changes(tokenize.StripAccents{}),
	"lower":       changes(tokenize.Lowercase{}),
	"nmt":         changes(tokenize.Nmt{}),
	"NFKD":        changes(tokenize.NFKD),
	"punctuation": cuts(tokenize.Punctuation{}),
	"digits":      cuts(tokenize.Digits{Individual: true}),
}

var stripped = true

func changes(n tokenize.Normalizer) func(string) bool {
	return func(c string) bool { return n.Normalize(tokenize.NewText(c)).String() != c }
}

func cuts(s tokenize.Splitter) func(string) bool {
	return func(c string) bool { return len(s.Split(nil, tokenize.NewText("a"+c+"b"))) > 1 }
}

// countChanged adds the numbers of characters that each table changes. Most blocks of characters have none.
func countChanged(counts map[string]int, block []rune) {
	for name, changes := range tables {
		if !changes(string(block)) {
			continue
		}
		for _, r := range block {
			if changes(string(r)) {
				counts[name]++
			}
		}
	}
}

// TestTables counts the characters that components change or cut at. The counts are those of Hugging Face's tokenizers
// 0.23.2, over all of Unicode.
func TestTables(t *testing.T) {
	if !sweep.All() {
		t.Skip("all characters through nine stages take a while")
	}
	t.Parallel()
	changed := map[string]int{}
	var block []rune
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) {
			block = append(block, r)
		}
		if r%64 == 63 {
			countChanged(changed, block)
			block = block[:0]
		}
	}
	for name, want := range map[string]int{"clean": 137702, "accents": 14781, "chinese": 81264, "marks": 2097, "lower": 1488,
		"nmt": 45, "NFKD": 16894, "punctuation": 726, "digits": 1924} {
		if got := changed[name]; got != want {
			t.Errorf("%s: got %d characters, want %d", name, got, want)
		}
	}
}

// TestBertTakesHangulApart compares all syllables with NFD.
func TestBertTakesHangulApart(t *testing.T) {
	for r := rune(0xac00); r <= 0xd7a3; r++ {
		text := tokenize.NewText(string(r))
		if got, want := tokenize.BertUncased.Normalize(text).String(), tokenize.NFD.Normalize(text).String(); got != want {
			t.Fatalf("%c: got %+q, want %+q", r, got, want)
		}
	}
}
