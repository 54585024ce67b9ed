package models_test

import (
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Small models, with weights large enough to tell tokens apart.
var (
	smallGPT     = models.GPT{Vocab: 13, Context: 9, Layers: 2, Heads: 2, Dim: 6, InitStd: 0.3}
	smallSeq2Seq = models.Seq2Seq{
		EncoderLayers: 1, DecoderLayers: 2, Heads: 2, Dim: 6, Hidden: 5, SourceVocab: 11, TargetVocab: 13, Source: 5, Target: 7, EOS: []int32{2}, BOS: []int32{1},
	}
)

func build(t testing.TB, params *graph.Params, mode graph.Mode, declare func(*graph.Scope)) *graph.Program {
	t.Helper()
	p, err := graph.Build(params, mode, declare)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func run(t testing.TB, p *graph.Program, feed graph.Feed) {
	t.Helper()
	if err := p.Run(feed); err != nil {
		t.Fatal(err)
	}
}

// tokens returns random ids below vocab.
func tokens(key uint64, vocab int, shape ...int) *tensor.Dense {
	v := tensor.New(tensor.Of(tensor.Int32), tensor.WithShape(shape...))
	for i := range v.Int32s() {
		v.Int32s()[i] = int32(kernel.Seed{Key: key}.Uint32(uint64(i)) % uint32(vocab))
	}
	return v
}

// lengths returns n as an int32 tensor.
func lengths(n ...int32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(n)), tensor.WithBacking(n))
}

// windows returns a batch of random tokens and targets for a GPT.
func windows(m models.GPT, b, t int) graph.Feed {
	return graph.Feed{"tokens": tokens(1, m.Vocab, b, t), "targets": tokens(2, m.Vocab, b, t)}
}

// pairs returns a batch of two random pairs for a Seq2Seq, one of them short and padded.
func pairs(m models.Seq2Seq, src, tgt int) graph.Feed {
	f := graph.Feed{
		"source": tokens(1, m.SourceVocab, 2, src), "source_lengths": lengths(int32(src), 2),
		"tokens": tokens(2, m.TargetVocab, 2, tgt), "lengths": lengths(3, int32(tgt)), "targets": tokens(3, m.TargetVocab, 2, tgt),
	}
	for i := 3; i < tgt; i++ {
		f["targets"].Int32s()[i] = ops.IgnoreTarget
	}
	return f
}

// wantError fails the test unless err contains all words.
func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want one with %q", err, w)
		}
	}
}
