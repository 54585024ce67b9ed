package graph_test

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestReady: when Ready is called for a weight, its gradient has the value that it has after the run. It is called once for each
// weight, for most of them before the run ends, and also while gradients accumulate.
func TestReady(t *testing.T) {
	p := buildShapes(t, graph.NewParams(tensor.Float32, 1), graph.Train, shapes, declareShape)
	floats := func(i int) []float32 {
		g, _ := p.Weights()[i].Grad()
		return g.(*tensor.Dense).Float32s()
	}
	for run, m := range []gpt{shapes[0], shapes[1], shapes[1], shapes[3]} {
		p.Accumulate = run > 1
		seen, first := make([][]float32, len(p.Weights())), [][]float32(nil)
		p.Ready = func(i int) {
			if seen[i] != nil {
				t.Errorf("run %d: weight %d was announced twice", run, i)
			}
			seen[i] = slices.Clone(floats(i))
			for j := len(first); j < len(seen); j++ {
				first = append(first, slices.Clone(floats(j)))
			}
		}
		check(t, p.Run(m.feed()))
		early := false
		for i, w := range p.Weights() {
			if !slices.Equal(seen[i], floats(i)) {
				t.Errorf("run %d: %s had another gradient when it was announced", run, w.Name())
			}
			early = early || !slices.Equal(first[i], floats(i))
		}
		if !early {
			t.Errorf("run %d: all gradients were complete at the first announcement", run)
		}
	}
}
