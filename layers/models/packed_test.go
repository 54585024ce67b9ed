package models_test

import (
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// packer is a model that takes packed documents.
type packer interface {
	models.LanguageModel
	PackedLoss(b, t int) func(*graph.Scope)
}

// packers lists a model for every way to know the order of tokens, and for every family.
func packers() map[string]packer {
	all := map[string]packer{}
	for _, positions := range []string{"learned", "sinusoidal", "none", "rope", "alibi", "t5", "shaw"} {
		all["gpt2 "+positions] = models.GPT{Vocab: 19, Context: packedRow, Layers: 2, Heads: 2, Dim: 16, InitStd: 0.3, Positions: positions}
	}
	for _, family := range []string{"mpt", "bloom"} {
		all[family] = models.GPT{Family: family, Vocab: 19, Context: packedRow, Layers: 2, Heads: 2, Dim: 16, InitStd: 0.3, NoBias: family == "mpt"}
	}
	for _, family := range []string{"llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3_text"} {
		m := models.Llama{Family: family, Vocab: 19, Context: packedRow, Layers: 2, Heads: 2, KVHeads: 1, Dim: 16, InitStd: 0.3}
		if family != "llama" {
			m.SlidingWindow = 6
		}
		if family == "gemma2" {
			m.AttnSoftcap, m.FinalSoftcap = 50, 30
		}
		all[family] = m
	}
	all["llama linear"] = models.Llama{Vocab: 19, Context: packedRow, Layers: 2, Heads: 2, Dim: 16, InitStd: 0.3, RoPE: layers.RoPE{Scaling: layers.RoPEScaling{Kind: layers.RoPELinear, Factor: 2}}}
	return all
}

// packedRow is the length of a row, and packedDocuments the lengths of its documents. The rest is padding.
const packedRow = 40

var packedDocuments = []int{13, 1, 17, 6}

// packedFeed returns a row of documents; change is the number of a document whose tokens and targets differ.
func packedFeed(change int) graph.Feed {
	f := graph.Feed{"tokens": tokens(1, 19, 1, packedRow), "targets": tokens(2, 19, 1, packedRow), "positions": tokens(0, 1, 1, packedRow), "starts": tokens(0, 1, 1, packedRow)}
	other, at := tokens(3, 19, 1, packedRow).Int32s(), 0
	for d, n := range packedDocuments {
		for i := range n {
			f["positions"].Int32s()[at+i], f["starts"].Int32s()[at+i] = int32(i), int32(at)
			if d == change {
				f["tokens"].Int32s()[at+i], f["targets"].Int32s()[at+i] = other[at+i], other[packedRow-1-at-i]
			}
		}
		at += n
	}
	for ; at < packedRow; at++ {
		f["starts"].Int32s()[at], f["targets"].Int32s()[at] = int32(at), ops.IgnoreTarget
	}
	return f
}

// TestPackedIsolation: a change of one document changes no bit of the logits of another one.
func TestPackedIsolation(t *testing.T) {
	for name, m := range packers() {
		t.Run(name, func(t *testing.T) {
			p := build(t, graph.NewParams(tensor.Float32, 1), graph.Eval, m.PackedLoss(1, packedRow))
			run(t, p, packedFeed(-1))
			whole := append([]float32{}, p.Output("logits").Data().([]float32)...)
			for change := range packedDocuments {
				run(t, p, packedFeed(change))
				got, at := p.Output("logits").Data().([]float32), 0
				for d, n := range packedDocuments {
					differs := false
					for i := at * 19; i < (at+n)*19; i++ {
						differs = differs || math.Float32bits(got[i]) != math.Float32bits(whole[i])
					}
					if differs != (d == change) {
						t.Errorf("document %d changed: document %d differs: %v", change, d, differs)
					}
					at += n
				}
			}
		})
	}
}

// TestPackedLoss: the loss of packed documents is the mean over the losses of each document alone, within 1e-6 per token, in evaluation and
// in training.
func TestPackedLoss(t *testing.T) {
	for name, m := range packers() {
		t.Run(name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float32, 1)
			f := packedFeed(-1)
			sum, at, count := 0.0, 0, 0
			for _, n := range packedDocuments {
				p := build(t, params, graph.Eval, m.Loss(1, n))
				one := graph.Feed{}
				for _, input := range []string{"tokens", "targets"} {
					one[input] = tensor.New(tensor.WithShape(1, n), tensor.WithBacking(append([]int32{}, f[input].Int32s()[at:at+n]...)))
				}
				run(t, p, one)
				sum += p.Loss() * float64(n)
				at, count = at+n, count+n
			}
			for _, mode := range []graph.Mode{graph.Eval, graph.Train} {
				p := build(t, params, mode, m.PackedLoss(1, packedRow))
				run(t, p, f)
				if got, want := p.Loss(), sum/float64(count); math.Abs(got-want) > 1e-6 {
					t.Errorf("%v: loss of packed documents %.9f, of documents alone %.9f", mode, got, want)
				}
			}
		})
	}
}
