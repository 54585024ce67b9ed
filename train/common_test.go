package train_test

import (
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// wantError fails unless err mentions all the words.
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

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// bigram declares a model with an embedding, dropout in training and a vocabulary of v, for batches (b, t).
func bigram(b, t, v int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, targets := s.Input("tokens", tensor.Int32, b, t), s.Input("targets", tensor.Int32, b, t)
		x := s.Try(ops.Embedding(s.Param("wte.weight", graph.Normal(0.5), v, 8), tokens)) // (B, T, 8)
		if s.Training() {
			x = s.Try(ops.Dropout(x, s.Stream(), 0.1, s.Key()))
		}
		w, bias := s.Param("head.weight", graph.Normal(0.5), v, 8), s.Param("head.bias", graph.Zeros(), v)
		logits := s.Try(ops.Linear(x, w, bias, ops.LinearOptions{})) // (B, T, V)
		s.Output("logits", logits)
		s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
	}
}

// buildBigram makes a training program over fresh parameters.
func buildBigram(t testing.TB, dt tensor.Dtype, b, steps int) *graph.Program {
	t.Helper()
	p, err := graph.Build(graph.NewParams(dt, 7), graph.Train, bigram(b, steps, 16))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// weights returns a copy of all parameters as float64, one after another.
func weights(p *graph.Program) []float64 {
	var all []float64
	for _, v := range p.Params().All() {
		all = append(all, numbers(v)...)
	}
	return all
}

func numbers(v G.Value) []float64 {
	switch d := v.Data().(type) {
	case []float64:
		return append([]float64(nil), d...)
	case []float32:
		out := make([]float64, len(d))
		for i, x := range d {
			out[i] = float64(x)
		}
		return out
	case float64:
		return []float64{d}
	case float32:
		return []float64{float64(d)}
	}
	return nil
}
