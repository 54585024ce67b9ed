package tokenize_test

import (
	"os"
	"path/filepath"
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

func BenchmarkAppendEncode(b *testing.B) {
	tok := gpt2(b)
	shakespeare, err := os.ReadFile(shared(b, "data", "tinyshakespeare", "input.txt"))
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, text string }{
		{"Opticks", goSource(b, opticks)},
		{"Shakespeare", string(shakespeare)},
		{"Go", goCode(b, 2<<20)},
		{"OneLongWord", strings.Repeat("a", 1_000_000)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(c.text)))
			var ids []int32
			for b.Loop() {
				var err error
				if ids, err = tok.AppendEncode(ids[:0], c.text); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(ids))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mtokens/s")
		})
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
	tok := gpt2(b)
	text := goSource(b, opticks)
	ids, err := tok.Encode(text)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	var out []byte
	for b.Loop() {
		if out, err = tok.AppendDecode(out[:0], ids); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTrainBPE(b *testing.B) {
	text := goCode(b, 2<<20)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := (tokenize.BPETrainer{VocabSize: 30000}).Train(lines(text)); err != nil {
			b.Fatal(err)
		}
	}
}
