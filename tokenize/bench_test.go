package tokenize_test

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
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
	return filepath.Join(goPath(t, parts[:len(parts)-1]...), parts[len(parts)-1])
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
	for text, err := range tokenize.Documents(shared(t, append([]string{"data"}, parts...)...)) {
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

func encoders(b *testing.B) map[string]func() *tokenize.Tokenizer {
	return map[string]func() *tokenize.Tokenizer{
		"cl100k": func() *tokenize.Tokenizer { return tiktoken(b, "cl100k_base") },
		"o200k":  func() *tokenize.Tokenizer { return tiktoken(b, "o200k_base") },
		"gpt2":   func() *tokenize.Tokenizer { return gpt2(b) },
	}
}

// BenchmarkEncode measures one goroutine whose cache is warm.
func BenchmarkEncode(b *testing.B) {
	texts := benchTexts(b)
	for name, load := range encoders(b) {
		tok := load()
		for kind, text := range texts {
			b.Run(name+"/"+kind, func(b *testing.B) { benchEncode(b, tok, text) })
		}
	}
}

func benchEncode(b *testing.B, tok *tokenize.Tokenizer, text string) {
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	ids := make([]int32, 0, len(text))
	for b.Loop() {
		var err error
		if ids, err = tok.AppendEncode(ids[:0], text); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(ids))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtokens/s")
}

// BenchmarkEncodeCold measures the first text of a tokenizer that has just been loaded.
func BenchmarkEncodeCold(b *testing.B) {
	texts := benchTexts(b)
	for name, load := range encoders(b) {
		for kind, text := range texts {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				ids := make([]int32, 0, len(text))
				for b.Loop() {
					b.StopTimer()
					tok := load()
					b.StartTimer()
					if _, err := tok.AppendEncode(ids, text); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkEncodeLong measures a megabyte without a place to cut.
func BenchmarkEncodeLong(b *testing.B) {
	tok := tiktoken(b, "cl100k_base")
	random := make([]byte, 1_000_000)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = 'a' + byte(source.IntN(26))
	}
	for name, text := range map[string]string{"letter": strings.Repeat("a", len(random)), "space": strings.Repeat(" ", len(random)),
		"caret": strings.Repeat("^", len(random)), "random": string(random)} {
		b.Run(name, func(b *testing.B) { benchEncode(b, tok, text) })
	}
}

// BenchmarkEncodeWhole measures a model of characters that gets whole texts, as Llama 2's normalizer leaves them.
func BenchmarkEncodeWhole(b *testing.B) {
	tok := bareModel(b, "tokenizers", "llama2", "tokenizer.json")
	texts := benchTexts(b)
	texts["opticks"] = goSource(b, opticks)
	texts["letter"] = strings.Repeat("a", 1_000_000)
	for kind, text := range texts {
		b.Run(kind, func(b *testing.B) { benchEncode(b, tok, marked(text)) })
	}
}

func BenchmarkLoadTiktoken(b *testing.B) {
	for b.Loop() {
		tiktoken(b, "o200k_base")
	}
}

func BenchmarkEncodeParallel(b *testing.B) {
	tok := gpt2(b)
	text := goCode(b, 2<<20)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := tok.Encode(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	texts := benchTexts(b)
	for name, load := range encoders(b) {
		tok := load()
		for kind, text := range texts {
			ids, err := tok.Encode(text)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(text)))
				var out []byte
				for b.Loop() {
					if out, err = tok.AppendDecode(out[:0], ids); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
