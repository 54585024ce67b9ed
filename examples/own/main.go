// Own defines a small Transformer, trains it on a book for some seconds, prints its validation loss and saves its weights.
package main

import (
	"context"
	"fmt"
	"log"
	"os/exec"
	"path/filepath"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// Model is a causal Transformer with RMS norms and a tied head.
type Model struct{ Vocab, Context, Layers, Heads, Dim int }

// Forward declares the model: int32 (B, T) → (B, T, V).
func (m Model) Forward(s *graph.Scope, tokens *G.Node) *G.Node {
	var seq layers.Sequence
	embed := layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: 0.02}
	table := embed.Weight(s.In("embed"))
	x := embed.Lookup(s, table, tokens) // (B, T, C)
	x = layers.LearnedPositions{Max: m.Context}.Forward(s.In("positions"), x, seq)
	for _, b := range s.In("blocks").Parts(m.Layers) {
		y := layers.RMSNorm{}.Forward(b.In("norm1"), x)
		x = b.Add(x, layers.SelfAttention{Heads: m.Heads, Causal: true}.Forward(b.In("attention"), y, seq))
		y = layers.RMSNorm{}.Forward(b.In("norm2"), x)
		x = b.Add(x, layers.MLP{}.Forward(b.In("mlp"), y))
	}
	x = layers.RMSNorm{}.Forward(s.In("norm"), x)
	return embed.Head(s, table, x) // (B, T, V)
}

// Loss declares the inputs, the outputs and the loss, for training and for evaluation.
func (m Model) Loss(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, targets := s.Input("tokens", tensor.Int32, b, t), s.Input("targets", tensor.Int32, b, t)
		logits := m.Forward(s, tokens)
		s.Output("logits", logits)
		s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
	}
}

const about = "Own defines a small Transformer and trains it for some seconds on Newton's Opticks, a book that every Go distribution carries. It prints " +
	"the loss and saves the weights to out/own."

func main() {
	flags.Program{Name: "own", About: about, Commands: []flags.Command{{Run: run}}}.Main()
}

func run() error {
	log.SetFlags(0)
	root := must(exec.Command("go", "env", "GOROOT").Output())
	book := filepath.Join(strings.TrimSpace(string(root)), "src/testdata/Isaac.Newton-Opticks.txt")
	tok := must(trainer.BPE{VocabSize: 512}.TrainFiles(book))
	corpus := must(data.Text{Paths: []string{book}, Encoder: tok}.Corpus())
	learn, held, err := corpus.Split(0.9)
	check(err)

	m := Model{Vocab: tok.VocabSize(), Context: 32, Layers: 2, Heads: 4, Dim: 64}
	params := graph.NewParams(tensor.Float32, 1)
	step := must(graph.Build(params, graph.Train, m.Loss(16, m.Context)))
	eval := must(graph.Build(params, graph.Eval, m.Loss(16, m.Context))) // the same weights

	trainer := train.Trainer{
		Program: step, Optimizer: &train.AdamW{WeightDecay: 0.1}, Rate: train.Cosine(3e-3, 3e-4, 20, 300), Clip: 1, Until: 300,
	}
	for r, err := range trainer.Steps(context.Background(), learn.Batches(16, m.Context)) {
		check(err)
		if r.Step%50 == 0 {
			fmt.Printf("step %d loss %.3f\n", r.Step, r.Loss)
		}
	}
	windows := held.Sequential(16, m.Context)
	score := must(train.Evaluate(context.Background(), eval, windows, windows.Len()))
	fmt.Printf("validation loss %.3f, perplexity %.1f\n", score.Loss, score.Perplexity())
	check(checkpoints.SaveModel("out/own", checkpoints.Model{Config: m, Weights: params.All()}))
	return nil
}

func must[T any](v T, err error) T { check(err); return v }

func check(err error) {
	if err != nil {
		log.Fatalln("own:", err)
	}
}
