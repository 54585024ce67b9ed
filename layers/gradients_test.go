package layers_test

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
)

// sizesOf returns the sizes of the part with an index: all of them, or without SWEEPS=all the smallest, the largest and another in turn.
func sizesOf(part int) []size {
	if sweep.All() {
		return sizes
	}
	last := len(sizes) - 1
	return []size{sizes[0], sizes[1+part%(last-1)], sizes[last]}
}

func TestGradients(t *testing.T) {
	for i, p := range parts {
		for _, z := range sizesOf(i) {
			t.Run(p.name+"/"+z.String(), func(t *testing.T) { graphtest.Gradients(t, nil, p.declare(z)) })
		}
	}
}

func TestGradientsWithDropout(t *testing.T) {
	for i, p := range droppedOut {
		for _, z := range sizesOf(i) {
			if z.b*z.t*z.c < 16 {
				continue // if all of so few elements are dropped, no gradient is left to compare
			}
			t.Run(p.name+"/"+z.String(), func(t *testing.T) { graphtest.TrainGradients(t, nil, p.declare(z)) })
		}
	}
}

// TestEvaluationRepeatsTraining compares the float32 results of two runs in training and of one in evaluation.
func TestEvaluationRepeatsTraining(t *testing.T) {
	for _, p := range parts {
		z := sizes[len(sizes)-1]
		t.Run(p.name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float32, 1)
			train := build(t, params, graph.Train, p.declare(z))
			first, second := run(t, train), run(t, train)
			eval := run(t, build(t, params, graph.Eval, p.declare(z)))
			if !slices.Equal(first.Float32s(), second.Float32s()) {
				t.Error("the second run in training has another result")
			}
			if !slices.Equal(first.Float32s(), eval.Float32s()) {
				t.Errorf("evaluation differs from training by %g, want the same bits", graphtest.MaxDifference(first, eval))
			}
		})
	}
}

// TestDropoutOnlyInTraining: layers with dropout evaluate as layers without it, and train differently in each stream.
func TestDropoutOnlyInTraining(t *testing.T) {
	z := sizes[len(sizes)-1]
	for _, p := range droppedOut {
		t.Run(p.name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float32, 1)
			train := build(t, params, graph.Train, p.declare(z))
			eval := run(t, build(t, params, graph.Eval, p.declare(z)))
			var results []*tensor.Dense
			for _, stream := range []uint64{1, 2, 1 << 40, 1} {
				train.Stream = stream
				results = append(results, run(t, train))
			}
			if !slices.Equal(results[0].Float32s(), results[3].Float32s()) {
				t.Error("the same stream gives two results")
			}
			for i, r := range results[:3] {
				for j, o := range append(results[:i:i], eval) {
					if slices.Equal(r.Float32s(), o.Float32s()) {
						t.Errorf("results %d and %d are the same, want different masks", i, j)
					}
				}
			}
		})
	}
}
