package layers_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
)

// distances returns the bias by distance of a layer for t tokens. Each number of a table is its row.
func distances(t *testing.T, l layers.SelfAttention, steps int) []float64 {
	t.Helper()
	params := graph.NewParams(tensor.Float64, 1)
	p := build(t, params, graph.Eval, func(s *graph.Scope) { s.Output("y", l.Distance(s, steps, layers.Sequence{})) })
	for _, v := range params.All() {
		cols := v.Shape()[1]
		for i := range v.Float64s() {
			v.Float64s()[i] = float64(i / cols)
		}
	}
	return run(t, p).Float64s()
}

// TestT5Buckets: T5's 32 buckets up to distance 128, from Hugging Face's function. Each pair is a distance of a key after the query and
// its bucket, which holds up to the next pair.
func TestT5Buckets(t *testing.T) {
	both := [][2]int{{-140, 15}, {-90, 14}, {-63, 13}, {-45, 12}, {-31, 11}, {-22, 10}, {-15, 9}, {-11, 8}, {-7, 7}, {-6, 6}, {-5, 5}, {-4, 4},
		{-3, 3}, {-2, 2}, {-1, 1}, {0, 0}, {1, 17}, {2, 18}, {3, 19}, {4, 20}, {5, 21}, {6, 22}, {7, 23}, {8, 24}, {12, 25}, {16, 26}, {23, 27},
		{32, 28}, {46, 29}, {64, 30}, {91, 31}}
	causal := [][2]int{{-140, 31}, {-112, 30}, {-98, 29}, {-86, 28}, {-76, 27}, {-66, 26}, {-58, 25}, {-51, 24}, {-45, 23}, {-39, 22}, {-34, 21},
		{-30, 20}, {-26, 19}, {-23, 18}, {-20, 17}, {-18, 16}, {-15, 15}, {-14, 14}, {-13, 13}, {-12, 12}, {-11, 11}, {-10, 10}, {-9, 9}, {-8, 8},
		{-7, 7}, {-6, 6}, {-5, 5}, {-4, 4}, {-3, 3}, {-2, 2}, {-1, 1}, {0, 0}}
	for isCausal, want := range map[bool][][2]int{false: both, true: causal} {
		l := layers.SelfAttention{Heads: 1, Causal: isCausal, Positions: layers.Positions{T5: layers.T5Bias{Buckets: 32, MaxDistance: 128}}}
		got := distances(t, l, 141)
		for i, bucket := range got {
			r, pair := i-140, 0
			for pair+1 < len(want) && want[pair+1][0] <= r {
				pair++
			}
			if int(bucket) != want[pair][1] {
				t.Errorf("causal %t: distance %d is in bucket %g, want %d", isCausal, r, bucket, want[pair][1])
			}
		}
	}
}

// TestALiBiSlopes: the slopes of the paper for 8 heads, and of its rule for 6.
func TestALiBiSlopes(t *testing.T) {
	root := math.Sqrt2
	for _, want := range [][]float64{
		{1. / 2, 1. / 4, 1. / 8, 1. / 16, 1. / 32, 1. / 64, 1. / 128, 1. / 256},
		{1. / 4, 1. / 16, 1. / 64, 1. / 256, 1. / 2, 1. / 8},
		{1. / 256},
		{1 / root, 1. / 2, 1 / (2 * root), 1. / 4, 1 / (4 * root), 1. / 8, 1 / (8 * root), 1. / 16, 1 / (16 * root), 1. / 32, 1 / (32 * root), 1. / 64, 1 / (64 * root), 1. / 128, 1 / (128 * root), 1. / 256},
	} {
		got := distances(t, layers.SelfAttention{Heads: len(want), Positions: alibi}, 3) // (H, 5): distances -2 to 2
		for h, slope := range want {
			row := []float64{-2 * slope, -slope, 0, -slope, -2 * slope}
			if !slices.EqualFunc(got[5*h:][:5], row, func(a, b float64) bool { return math.Abs(a-b) < 1e-15 }) {
				t.Errorf("%d heads: head %d has %v, want %v", len(want), h, got[5*h:][:5], row)
			}
		}
	}
}
