package tokenize_test

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
)

// goCode is about size bytes of Go source from the distribution.
func goCode(t testing.TB, size int) string {
	t.Helper()
	var b strings.Builder
	for text, err := range tokenize.Documents(goPattern(t, "runtime", "*.go"), goPattern(t, "net", "http", "*.go")) {
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(text)
		if b.Len() >= size {
			break
		}
	}
	return b.String()
}

func goPattern(t testing.TB, parts ...string) string {
	return filepath.Join(tokentest.GoPath(t, parts[:len(parts)-1]...), parts[len(parts)-1])
}

// benchTexts are the texts of the benchmarks of speed: English, Go code, and text in many scripts.
func benchTexts(b *testing.B) map[string]string {
	return map[string]string{
		"english": unpacked(b, "wikitext-2", "valid.txt.gz"),
		"code":    goCode(b, 2<<20),
		"mixed":   mixedText(b),
	}
}

func unpacked(t testing.TB, parts ...string) string {
	t.Helper()
	for text, err := range tokenize.Documents(tokentest.Shared(t, append([]string{"data"}, parts...)...)) {
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	return ""
}

// mixedText is German, French and Korean, and the texts of the parity tests in other scripts.
func mixedText(t testing.TB) string {
	scripts := []string{"latin", "hangul", "indic", "cjk", "rtl", "combining", "emoji", "newer-unicode"}
	var others strings.Builder
	for _, r := range references(t, "tokenizers", "parity", "texts.jsonl") {
		if slices.Contains(scripts, r.Tag) {
			others.WriteString(r.Text + "\n")
		}
	}
	german, french := unpacked(t, "multi30k", "train.de.gz"), unpacked(t, "multi30k", "train.fr.gz")
	korean := unpacked(t, "nsmc", "ratings_test.rebuilt.txt.gz")
	const stretch = 2000
	var b strings.Builder
	for i := 0; b.Len() < 2<<20; i += stretch {
		for _, text := range []string{german, french, korean} {
			b.WriteString(strings.ToValidUTF8(text[i:i+stretch], ""))
		}
		b.WriteString(others.String())
	}
	return b.String()
}

// benchFiles are the published tokenizers that the benchmarks take.
var benchFiles = []struct {
	name string
	file []string
}{
	{"cl100k", []string{"parity", "cl100k_base.tiktoken"}},
	{"o200k", []string{"parity", "o200k_base.tiktoken"}},
	{"gpt2", []string{"parity", "gpt2.tiktoken"}},
	{"bert", []string{"bert-base-uncased", "tokenizer.json"}},
	{"t5", []string{"t5-small", "tokenizer.json"}},
	{"uni8k", []string{"parity", "uni8k.tokenizer.json"}},
	{"llama2", []string{"llama2", "tokenizer.json"}},
	{"llama2.model", []string{"llama2", "tokenizer.model"}},
	{"t5.model", []string{"t5-base", "spiece.model"}},
	{"clip", []string{"clip", "tokenizer.json"}},
	{"falcon", []string{"falcon", "tokenizer.json"}},
}

// benchEach runs measure for every tokenizer and each of texts.
func benchEach(b *testing.B, texts map[string]string, measure func(b *testing.B, path, text string)) {
	for _, f := range benchFiles {
		path := tokentest.Shared(b, append([]string{"tokenizers"}, f.file...)...)
		for _, kind := range slices.Sorted(maps.Keys(texts)) {
			b.Run(f.name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(texts[kind])))
				measure(b, path, texts[kind])
			})
		}
	}
}

func loadBench(b *testing.B, path string) *tokenize.Tokenizer {
	tok := tokentest.Must[*tokenize.Tokenizer](b)(tokenize.Load(path))
	tok.Truncation, tok.Padding = nil, nil
	return tok
}

// BenchmarkEncode measures one goroutine whose cache is warm.
func BenchmarkEncode(b *testing.B) { benchEach(b, benchTexts(b), benchEncode) }

func benchEncode(b *testing.B, path, text string) {
	tok := loadBench(b, path)
	ids := tokentest.Must[[]int32](b)(tok.AppendEncode(make([]int32, 0, len(text)), text))
	for b.Loop() {
		ids = tokentest.Must[[]int32](b)(tok.AppendEncode(ids[:0], text))
	}
	b.ReportMetric(float64(len(ids))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtokens/s")
}

// BenchmarkEncodeCold measures the first text of a tokenizer that has just been loaded.
func BenchmarkEncodeCold(b *testing.B) {
	benchEach(b, benchTexts(b), func(b *testing.B, path, text string) {
		ids := make([]int32, 0, len(text))
		for b.Loop() {
			b.StopTimer()
			tok := loadBench(b, path)
			b.StartTimer()
			tokentest.Must[[]int32](b)(tok.AppendEncode(ids, text))
		}
	})
}

// BenchmarkEncodeLong measures a megabyte without a place to cut.
func BenchmarkEncodeLong(b *testing.B) {
	random := make([]byte, 1_000_000)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = 'a' + byte(source.IntN(26))
	}
	benchEach(b, map[string]string{"letter": strings.Repeat("a", len(random)), "space": strings.Repeat(" ", len(random)),
		"caret": strings.Repeat("^", len(random)), "random": string(random)}, benchEncode)
}

// BenchmarkEncodeParallel measures a text that Encode cuts for several goroutines.
func BenchmarkEncodeParallel(b *testing.B) {
	tok := gpt2(b)
	text := goCode(b, 2<<20)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		tokentest.Must[[]int32](b)(tok.Encode(text))
	}
}

func BenchmarkDecode(b *testing.B) {
	benchEach(b, benchTexts(b), func(b *testing.B, path, text string) {
		tok := loadBench(b, path)
		ids, err := tok.Encode(text)
		if err != nil {
			b.Fatal(err)
		}
		var out []byte
		for b.Loop() {
			out = tokentest.Must[[]byte](b)(tok.AppendDecode(out[:0], ids))
		}
		b.SetBytes(int64(len(out)))
	})
}

// BenchmarkLoad measures a file, read and made ready to encode.
func BenchmarkLoad(b *testing.B) {
	for _, f := range benchFiles {
		path := tokentest.Shared(b, append([]string{"tokenizers"}, f.file...)...)
		b.Run(f.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(tokentest.Must[os.FileInfo](b)(os.Stat(path)).Size())
			for b.Loop() {
				loadBench(b, path)
			}
		})
	}
}

// BenchmarkEncodePattern measures split patterns that have no scanner of their own, on one goroutine, with a small model.
func BenchmarkEncodePattern(b *testing.B) {
	model := tokentest.BPE(b).Stages().Model
	patterns := publishedPatterns(b)
	for _, name := range slices.Sorted(maps.Keys(patterns)) {
		split := tokenize.Split{Pattern: patterns[name], Regex: true, Behavior: tokenize.Isolated}
		tok := tokentest.Must[*tokenize.Tokenizer](b)(tokenize.New(tokenize.Stages{Splitter: tokenize.Splitters{split, tokenize.ByteLevel{NoPattern: true}}, Model: model}))
		for kind, text := range benchTexts(b) {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				var ids []int32
				for b.Loop() {
					ids = tokentest.Must[[]int32](b)(tok.AppendEncode(ids[:0], text))
				}
			})
		}
	}
}
