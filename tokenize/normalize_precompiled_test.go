package tokenize_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// tinyCharsmap returns a hand-written table for strings of one byte. The node of a byte has the index 256 XOR the byte,
// and its value is 256 further.
func tinyCharsmap(replacements map[byte]string) []byte {
	units := make([]uint32, 768)
	units[0] = 256 << 10
	var texts []byte
	for b := range 128 {
		text, ok := replacements[byte(b)]
		if !ok {
			continue
		}
		at := uint32(256 ^ b)
		units[at] = (at^uint32(512+b))<<10 | 1<<8 | uint32(b)
		units[512+b] = 1<<31 | uint32(len(texts))
		texts = append(append(texts, text...), 0)
	}
	data := binary.LittleEndian.AppendUint32(nil, uint32(4*len(units)))
	for _, u := range units {
		data = binary.LittleEndian.AppendUint32(data, u)
	}
	return append(data, texts...)
}

func TestPrecompiledOffsets(t *testing.T) {
	p := tokentest.Must[tokenize.Precompiled](t)(tokenize.ParsePrecompiled(tinyCharsmap(map[byte]string{'x': "ab", 'y': "", 'z': "é"})))
	got := p.Normalize(tokenize.NewText("-xyzé\xff"))
	if want := "-abéé\xff"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
	for i, want := range []tokenize.Span{{Start: 0, End: 1}, {Start: 1, End: 2}, {Start: 1, End: 2}, {Start: 3, End: 4}} {
		if got := got.Span(i, i+1); got != want {
			t.Errorf("byte %d: got %v, want %v", i, got, want)
		}
	}
	if got, want := got.Span(7, 8), (tokenize.Span{Start: 6, End: 7}); got != want {
		t.Errorf("the byte that is no text: got %v, want %v", got, want)
	}
	if got := p.Normalize(tokenize.NewText("abc")).String(); got != "abc" {
		t.Errorf("nothing to replace: got %q", got)
	}
}

func TestParsePrecompiledErrors(t *testing.T) {
	good := tinyCharsmap(map[byte]string{'x': "ab"})
	for _, c := range []struct {
		data []byte
		want string
	}{
		{nil, "0 bytes"},
		{[]byte{0, 0, 0, 0}, "0 bytes in 4"},
		{[]byte{255, 255, 255, 255, 0}, "4294967295 bytes in 5"},
		{[]byte{3, 0, 0, 0, 1, 2, 3}, "3 bytes in 7"},
		{append(slices.Clone(good), 0xff), "UTF-8"},
	} {
		_, err := tokenize.ParsePrecompiled(c.data)
		tokentest.WantError(t, err, "tokenize: precompiled", c.want)
	}
}

// TestPrecompiledT5 compares with results of Hugging Face's tokenizers 0.23 for the table of T5 (nmt_nfkc).
func TestPrecompiledT5(t *testing.T) {
	p := precompiledOf(t, "t5-small", "tokenizer.json")
	for text, want := range map[string]string{
		"ﬁne ½":                     "fine 1⁄2",
		"a\r\nb":                    "a b",
		"e\u0301e\u0301\u0302":      "éé", // the third character of a grapheme is lost
		"\u1112\u1161\u11ab":        "\u1112\u1161\u11ab",
		"\u0001a\u0000":             "a\u0000",
		"㍿ Ａ１":                      "株式会社 A1",
		"\u2126\u0301":              "Ω",
		"x\u200b\ufeff y":           "x   y",
		"\u0344":                    "\u0308\u0301",
		"ｶﾞ":                        "\u30ab\u3099",
		"plain text stays as it is": "plain text stays as it is",
	} {
		if got := p.Normalize(tokenize.NewText(text)).String(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	again := tokentest.Must[tokenize.Precompiled](t)(tokenize.ParsePrecompiled(p.Bytes()))
	if !bytes.Equal(again.Bytes(), p.Bytes()) {
		t.Error("Bytes: not those that were read")
	}
	file := `{"version":"1.0","normalizer":` + string(tokentest.Must[[]byte](t)(p.MarshalJSON())) + `,"model":{"type":"WordLevel","vocab":{"fi":0}}}`
	tok := tokentest.Must[*tokenize.Tokenizer](t)(tokenize.Parse([]byte(file)))
	if got := tokentest.Must[[]int32](t)(tok.Encode("ﬁ")); !slices.Equal(got, []int32{0}) {
		t.Errorf("a file: got %v, want [0]", got)
	}
	_, err := tokenize.Parse([]byte(strings.Replace(file, `charsmap":"`, `charsmap":"!`, 1)))
	tokentest.WantError(t, err, "normalizer", "Precompiled", "base64")
}

func FuzzPrecompiled(f *testing.F) {
	f.Add(tinyCharsmap(map[byte]string{'x': "ab", 'y': "", 'z': "é"}), "-xyzé\xff")
	f.Add([]byte{4, 0, 0, 0, 0, 1, 0, 0, 'a'}, "a")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		p, err := tokenize.ParsePrecompiled(data)
		if err != nil {
			return
		}
		got := p.Normalize(tokenize.NewText(text))
		for i := range len(got.String()) {
			if s := got.Span(i, i+1); s.Start < 0 || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("byte %d: got %v of %d", i, s, len(text))
			}
		}
	})
}
