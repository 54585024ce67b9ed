package tokenize_test

import (
	"os"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// BenchmarkChain encodes with all the stages of published models.
func BenchmarkChain(b *testing.B) {
	text := string(must[[]byte](b)(os.ReadFile(shared(b, "data", "tinyshakespeare", "input.txt"))))
	for _, name := range []string{"bert-base-uncased", "t5-small", "llama2"} {
		tok := must[*tokenize.Tokenizer](b)(tokenize.Load(shared(b, "tokenizers", name, "tokenizer.json")))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			var ids []int32
			for b.Loop() {
				ids = must[[]int32](b)(tok.AppendEncode(ids[:0], text))
			}
		})
	}
}
