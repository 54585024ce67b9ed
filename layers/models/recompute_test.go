package models_test

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// trained builds a small GPT with dropout for training, runs it twice and returns its gradients. extra may change the scope.
func trained(t *testing.T, extra func(*graph.Scope)) (*graph.Program, [][]float32) {
	t.Helper()
	m := models.GPT{Vocab: 31, Context: 24, Layers: 4, Heads: 2, Dim: 16, Dropout: 0.1, EmbedDropout: 0.1, AttnDropout: 0.1}
	p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
		extra(s)
		m.Loss(3, 24)(s)
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]int32, 3*24)
	for i := range ids {
		ids[i] = int32(i * 7 % 31)
	}
	batch := tensor.New(tensor.WithShape(3, 24), tensor.WithBacking(ids))
	for range 2 {
		if err := p.Run(graph.Feed{"tokens": batch, "targets": batch}); err != nil {
			t.Fatal(err)
		}
	}
	var grads [][]float32
	for _, w := range p.Weights() {
		g, _ := w.Grad()
		grads = append(grads, slices.Clone(g.(*tensor.Dense).Float32s()))
	}
	return p, grads
}

func TestRecompute(t *testing.T) {
	plain, want := trained(t, func(*graph.Scope) {})
	same := func(t *testing.T, p *graph.Program, got [][]float32) {
		t.Helper()
		if p.Loss() != plain.Loss() {
			t.Errorf("loss %v, without recomputation %v: want the same bits", p.Loss(), plain.Loss())
		}
		for i, w := range p.Weights() {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("gradient of %s differs from the gradient without recomputation", w.Name())
			}
		}
	}
	full := plain.Memory()
	t.Run("each block", func(t *testing.T) {
		p, got := trained(t, func(s *graph.Scope) { s.Recompute("h.*") })
		same(t, p, got)
		if a := p.Memory().Live; a >= full.Live*3/4 {
			t.Errorf("%d bytes are needed at one time, without recomputation %d: want less than three quarters", a, full.Live)
		}
	})
	t.Run("some parts", func(t *testing.T) {
		p, got := trained(t, func(s *graph.Scope) { s.Recompute("h.1.mlp"); s.Recompute("h.2.**") })
		same(t, p, got)
		if a := p.Memory().Live; a >= full.Live {
			t.Errorf("%d bytes are needed at one time, without recomputation %d: want less", a, full.Live)
		}
	})
	t.Run("limit", func(t *testing.T) {
		limit := full.Total() - full.Arena/6
		p, got := trained(t, func(s *graph.Scope) { s.LimitMemory(limit) })
		same(t, p, got)
		if n := p.Memory().Total(); n > limit {
			t.Errorf("%d bytes, want at most the limit of %d", n, limit)
		}
	})
	t.Run("impossible limit", func(t *testing.T) {
		_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
			s.LimitMemory(1000)
			models.GPT{Vocab: 31, Context: 24, Layers: 2, Heads: 2, Dim: 16}.Loss(3, 24)(s)
		})
		if err == nil || !strings.Contains(err.Error(), "the limit is 1000") {
			t.Errorf("got error %v, want one that names the limit", err)
		}
	})
}
