package tokenize_test

import (
	"os"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

func BenchmarkSentencePiece(b *testing.B) {
	text := string(must[[]byte](b)(os.ReadFile(shared(b, "data", "tinyshakespeare", "input.txt"))))
	for _, c := range []struct{ name, folder, file string }{
		{"BPE", "llama2", "tokenizer.model"}, {"Unigram", "t5-base", "spiece.model"},
	} {
		tok := must[*tokenize.Tokenizer](b)(tokenize.Load(shared(b, "tokenizers", c.folder, c.file)))
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			var ids []int32
			for b.Loop() {
				ids = must[[]int32](b)(tok.AppendEncode(ids[:0], text))
			}
		})
		b.Run(c.name+"Lines", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			var ids []int32
			for b.Loop() {
				for line := range lines(text) {
					ids = must[[]int32](b)(tok.AppendEncode(ids[:0], line))
				}
			}
		})
		b.Run(c.name+"Decode", func(b *testing.B) {
			ids := must[[]int32](b)(tok.Encode(text))
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			var out []byte
			for b.Loop() {
				out = must[[]byte](b)(tok.AppendDecode(out[:0], ids))
			}
		})
	}
}
