package trainer_test

import (
	"iter"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/tokentest"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// wiki is the first size bytes of the lines of WikiText-2.
func wiki(b *testing.B, size int) iter.Seq[string] {
	b.Helper()
	return slices.Values(firstBytes(b, size, tokenize.Lines(tokentest.Shared(b, "data", "wikitext-2", "train.txt.gz"))))
}

// goLines is the first size bytes of the Go distribution, by lines.
func goLines(b *testing.B, size int) iter.Seq[string] {
	b.Helper()
	src := tokentest.GoPath(b)
	var patterns []string
	for _, depth := range []string{"/*/*.go", "/*/*/*.go", "/*/*/*/*.go"} {
		patterns = append(patterns, src+depth)
	}
	return slices.Values(firstBytes(b, size, tokenize.Lines(patterns...)))
}

func firstBytes(b *testing.B, size int, texts iter.Seq2[string, error]) (list []string) {
	b.Helper()
	for text, err := range texts {
		if err != nil {
			b.Fatal(err)
		}
		if size -= len(text); size < 0 {
			return list
		}
		list = append(list, text)
	}
	b.Fatalf("%d bytes of text are missing", size)
	return nil
}

// benchmarkTrain measures train on size bytes of text.
func benchmarkTrain(b *testing.B, size int, train func() (*tokenize.Tokenizer, error)) {
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		if _, err := train(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTrainBPE(b *testing.B) {
	texts := goLines(b, 10_000_000)
	benchmarkTrain(b, 10_000_000, func() (*tokenize.Tokenizer, error) { return trainer.BPE{VocabSize: 30000}.Train(texts) })
}

func BenchmarkTrainCharBPE(b *testing.B) {
	texts := wiki(b, 3_600_000)
	benchmarkTrain(b, 3_600_000, func() (*tokenize.Tokenizer, error) { return trainer.CharBPE{VocabSize: 8000}.Train(texts) })
}

func BenchmarkTrainWordPiece(b *testing.B) {
	texts := wiki(b, 3_600_000)
	benchmarkTrain(b, 3_600_000, func() (*tokenize.Tokenizer, error) { return trainer.WordPiece{VocabSize: 8000}.Train(texts) })
}

func BenchmarkTrainUnigram(b *testing.B) {
	texts := wiki(b, 3_600_000)
	benchmarkTrain(b, 3_600_000, func() (*tokenize.Tokenizer, error) { return trainer.Unigram{VocabSize: 8000}.Train(texts) })
}
