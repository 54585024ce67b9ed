package models_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// BenchmarkSeq2Seq times training steps on pairs of different lengths: 3+3 layers of 256 channels, a vocabulary of 8,000, batches of
// 128. The lengths are made up, with the distribution of Multi30k's German and English sentences. The shapes of the batches are the
// 12 that data.Pairs chooses, or one for the longest pair. tokens/s counts targets, and filled is the fraction of the positions that
// hold tokens.
func BenchmarkSeq2Seq(b *testing.B) {
	const vocab = 8000
	pairs := madeUpPairs(12800, vocab)
	m := models.Seq2Seq{
		EncoderLayers: 3, DecoderLayers: 3, Heads: 8, Dim: 256, Hidden: 512, SourceVocab: vocab, TargetVocab: vocab, Source: 56, Target: 50,
		NormFirst: true, Dropout: 0.1, LabelSmoothing: 0.1,
	}
	for name, shaping := range map[string]data.Shaping{"shapes": {Rows: 128}, "one": {Rows: 128, Most: 1}} {
		b.Run(name, func(b *testing.B) {
			sizes, err := pairs.Shapes(shaping)
			if err != nil {
				b.Fatal(err)
			}
			p, err := graph.BuildShapes(graph.NewParams(tensor.Float32, 1), graph.Train, sizes, func(s *graph.Scope, z data.PairSize) { m.Loss(z.B, z.S, z.T)(s) })
			if err != nil {
				b.Fatal(err)
			}
			batches := pairs.Batches(data.Marks{Pad: 0, BOS: 1, EOS: 2}, sizes...)
			filled, err := batches.Filled()
			if err != nil {
				b.Fatal(err)
			}
			tr := train.Trainer{Program: p, Optimizer: &train.AdamW{}, Rate: train.Constant(1e-3), Clip: 1}
			targets := 0
			next := func() {
				for _, err := range tr.Steps(context.Background(), batches) {
					if err != nil {
						b.Fatal(err)
					}
					break
				}
				for _, id := range p.Targets()[0].IDs() {
					if id >= 0 {
						targets++
					}
				}
			}
			for range 24 { // most sizes are met, and AdamW has its moments
				next()
			}
			targets = 0
			b.ReportAllocs()
			for b.Loop() {
				next()
			}
			b.ReportMetric(float64(targets)/b.Elapsed().Seconds(), "tokens/s")
			b.ReportMetric(filled, "filled")
		})
	}
}

// madeUpPairs returns n pairs of random ids.
func madeUpPairs(n, vocab int) data.Pairs {
	r := rand.New(rand.NewPCG(1, 1))
	ids := func(logLength float64, most int) []int32 {
		ids := make([]int32, min(max(int(math.Exp(logLength)+0.5), 2), most))
		for i := range ids {
			ids[i] = int32(3 + r.IntN(vocab-3))
		}
		return ids
	}
	pairs := make(data.Pairs, n)
	for i := range pairs {
		source := 2.735 + 0.337*r.NormFloat64()
		pairs[i] = data.Pair{Source: ids(source, 56), Target: ids(source-0.059+0.162*r.NormFloat64(), 49)}
	}
	return pairs
}
