package data_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// TestWholeTexts encodes with every published tokenizer, also with truncation and padding added. Corpora, pairs and rows have all
// tokens of a text and no padding.
func TestWholeTexts(t *testing.T) {
	dir := t.TempDir()
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 60)
	corpus := writeFile(t, dir, "corpus.txt", text)
	for _, name := range []string{"all-minilm-l6-v2", "bert-base-uncased", "clip", "falcon", "gpt2", "llama2", "phi-2", "phi-3-mini", "roberta-base", "t5-base", "t5-small"} {
		if repeated := slices.Contains([]string{"all-minilm-l6-v2", "falcon", "phi-2", "phi-3-mini", "roberta-base", "t5-base"}, name); repeated && !sweep.All() {
			continue // the others have one of each kind
		}
		path := shared(t, "tokenizers", name)
		loaded := must[*tokenize.Tokenizer](t)(tokenize.Load(path))
		for _, bare := range []bool{false, true} {
			tok := *loaded
			tok.Bare, tok.Truncation, tok.Padding = bare, nil, nil
			want := must[[]int32](t)(tok.Encode(text))
			if len(want) < 300 {
				t.Fatalf("%s: got %d tokens", name, len(want))
			}
			cut := *loaded
			cut.Bare = bare
			checkWhole(t, name, &cut, corpus, text, want)
			cut.Truncation, cut.Padding = &tokenize.Truncation{MaxLength: 8}, &tokenize.Padding{Length: 4096}
			checkWhole(t, name, &cut, corpus, text, want)
			if got := must[[]int32](t)(cut.Encode(text)); len(got) != 4096 {
				t.Errorf("%s: Encode: got %d tokens, want 8 padded to 4096", name, len(got))
			}
			prompt := must[[]int32](t)(cut.ForText().Encode(text))
			if want := must[[]int32](t)(tok.ForText().Encode(text)); !slices.Equal(prompt, want) || !cut.ForText().Bare {
				t.Errorf("%s: ForText: got %d tokens, want %d", name, len(prompt), len(want))
			}
		}
	}
}

func checkWhole(t *testing.T, name string, e data.Encoder, corpus, text string, want []int32) {
	t.Helper()
	c := must[*data.Corpus](t)(data.Text{Paths: []string{corpus}, Encoder: e}.Corpus())
	got := make([]int32, c.Len())
	if err := c.Tokens(got, 0); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: Text: got %d tokens (%v), want %d", name, len(got), err, len(want))
	}
	pairs := must[data.Pairs](t)(data.EncodePairs([]data.TextPair{{Source: text, Target: text}}, e, e))
	if !slices.Equal(pairs[0].Source, want) || !slices.Equal(pairs[0].Target, want) {
		t.Errorf("%s: EncodePairs: got %d and %d tokens, want %d", name, len(pairs[0].Source), len(pairs[0].Target), len(want))
	}
	rows := must[data.Rows](t)(data.EncodeRows([]data.LabelledText{{Text: text, Label: "x"}}, e, []string{"x"}))
	if !slices.Equal(rows[0].IDs, want) {
		t.Errorf("%s: EncodeRows: got %d tokens, want %d", name, len(rows[0].IDs), len(want))
	}
}

// TestEncodings reads every kind of text file in other encodings. The error for an invalid byte names the file and the offset.
func TestEncodings(t *testing.T) {
	dir := t.TempDir()
	var cp949 textfile.Encoding
	if err := cp949.UnmarshalText([]byte("cp949")); err != nil {
		t.Fatal(err)
	}
	const korean = "\xb0\xa1,\xb3\xaa\n\xb4\xd9,\xb6\xf3\n" // 가,나 다,라
	path := writeFile(t, dir, "korean.csv", korean)
	c := must[*data.Corpus](t)(data.Text{Paths: []string{path}, Encoder: runes{}, Encoding: cp949}.Corpus())
	ids := make([]int32, c.Len())
	if err := c.Tokens(ids, 0); err != nil || asText(ids) != "가,나\n다,라\n" {
		t.Errorf("Text: got %q (%v)", asText(ids), err)
	}
	want := []data.TextPair{{Source: "가", Target: "나"}, {Source: "다", Target: "라"}}
	if got := must[[]data.TextPair](t)(data.ReadPairs(path, ",", cp949)); !slices.Equal(got, want) {
		t.Errorf("ReadPairs: got %q, want %q", got, want)
	}
	if got := must[[]data.TextPair](t)(data.ReadParallel(path, path, cp949)); got[1].Source != "다,라" {
		t.Errorf("ReadParallel: got %q", got)
	}
	rows := must[[]data.LabelledText](t)(data.ReadLabelled(path, data.Columns{Separator: ",", Label: 1, Encoding: cp949}))
	if rows[1] != (data.LabelledText{Text: "다", Label: "라"}) {
		t.Errorf("ReadLabelled: got %q", rows)
	}
	_, err := data.Text{Paths: []string{path}, Encoder: runes{}}.Corpus()
	wantError(t, err, "korean.csv", "byte 0xb0 at offset 0 ", "encoding")
	_, err = data.ReadPairs(path, ",", utf8)
	wantError(t, err, "korean.csv", "byte 0xb0 at offset 0 ")
	_, err = data.ReadParallel(path, path, utf8)
	wantError(t, err, "korean.csv", "byte 0xb0 at offset 0 ")
	for _, separator := range []string{",", "\t"} {
		_, err = data.ReadLabelled(path, data.Columns{Separator: separator, Label: 1})
		wantError(t, err, "korean.csv", "byte 0xb0 at offset 0 ")
	}
	for _, separator := range []string{",", "\t"} { // byte order marks before a plain and a quoted column
		for _, quote := range []string{"", `"`} {
			if separator == "\t" && quote != "" {
				continue
			}
			path := writeFile(t, dir, "mark.csv", "\xef\xbb\xbf"+quote+"1"+quote+separator+"text\n")
			got := must[[]data.LabelledText](t)(data.ReadLabelled(path, data.Columns{Separator: separator, Text: 1}))
			if got[0] != (data.LabelledText{Text: "text", Label: "1"}) {
				t.Errorf("a mark: got %q", got)
			}
		}
	}
	marked := writeFile(t, dir, "mark.txt", "\xef\xbb\xbfa\tb\n")
	if got := must[[]data.TextPair](t)(data.ReadPairs(marked, "\t", utf8)); got[0].Source != "a" {
		t.Errorf("a mark: got %q", got)
	}
}

// TestBlocksOfBadText puts a bad byte at and around the end of a block.
func TestBlocksOfBadText(t *testing.T) {
	dir := t.TempDir()
	for _, at := range []int{0, 1, 14, 15, 16, 17, 31, 32, 33, 1000} {
		path := writeFile(t, dir, "bad.txt.gz", strings.Repeat("x", at)+"\xff")
		_, err := data.Text{Paths: []string{path}, Encoder: runes{}, Block: 16}.Corpus()
		wantError(t, err, "bad.txt.gz", fmt.Sprintf("byte 0xff at offset %d ", at))
	}
}
