package train_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
)

// keeper is a solver that keeps the gradients and changes no weight.
type keeper struct{ seen []float64 }

func (k *keeper) Step(model []G.ValueGrad) error {
	k.seen = k.seen[:0]
	for _, p := range model {
		g, err := p.Grad()
		if err != nil {
			return err
		}
		k.seen = append(k.seen, numbers(g)...)
	}
	return nil
}

// TestTree adds the gradients of 1 to 9 micro-batches by hand in the documented tree, and compares the bits with a Trainer's.
func TestTree(t *testing.T) {
	batches := text16(t, 500).Batches(2, 6)
	for n := 1; n <= 9; n++ {
		p := buildBigram(t, tensor.Float64, 2, 6)
		var list [][]float64
		for i := range n {
			feed, err := batches.Batch(i)
			if err != nil {
				t.Fatal(err)
			}
			if p.Stream = uint64(i); n > 1 {
				p.Scale = 12
			}
			if err := p.Run(feed); err != nil {
				t.Fatal(err)
			}
			var k keeper
			k.Step(p.ValueGrads())
			list = append(list, slices.Clone(k.seen))
		}
		want := tree(list)
		k := new(keeper)
		tr := train.Trainer{Program: buildBigram(t, tensor.Float64, 2, 6), Optimizer: k, MicroBatches: n, Until: 1}
		run(t, &tr, batches)
		for i, g := range k.seen {
			if n > 1 {
				want[i] *= 1 / (12 * float64(n))
			}
			if g != want[i] {
				t.Fatalf("%d micro-batches: element %d is %v, want %v", n, i, g, want[i])
			}
		}
	}
}

// tree returns the sum of a list: that of its first 2ᵏ items, the largest power of two below their number, plus that of the rest.
func tree(list [][]float64) []float64 {
	if len(list) == 1 {
		return slices.Clone(list[0])
	}
	k := 1 << (int(math.Ceil(math.Log2(float64(len(list))))) - 1)
	sum := tree(list[:k])
	for i, v := range tree(list[k:]) {
		sum[i] += v
	}
	return sum
}

func TestPartialSums(t *testing.T) {
	for _, c := range [][3]int{{1, 1, 0}, {2, 1, 1}, {4, 1, 2}, {5, 1, 2}, {8, 1, 3}, {1024, 1, 10}, {8, 8, 1}, {8, 2, 3}, {8, 4, 2}} {
		if got := train.PartialSums(c[0], c[1]); got != c[2] {
			t.Errorf("%d micro-batches, %d ranks: got %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

// TestGroupStops: if the context of one rank is cancelled, all ranks end after the same step, without an error.
func TestGroupStops(t *testing.T) {
	for step := range 3 {
		failed := together(3, func(g train.Group) error {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if g.Rank() == 1 && step == 0 {
				cancel()
			}
			tr := train.Trainer{Program: buildBigram(t, tensor.Float32, 2, 6), Optimizer: &train.SGD{}, MicroBatches: 4, Group: g, Until: 9}
			for r, err := range tr.Steps(ctx, cancelling{text16(t, 500).Batches(2, 6), func(i int) {
				if g.Rank() == 1 && i/4+1 == step {
					cancel()
				}
			}}) {
				if err != nil || r.Step > step {
					return err
				}
			}
			if tr.Step != step || !tr.Stopped() {
				t.Errorf("rank %d: ended after step %d, stopped %v, want step %d", g.Rank(), tr.Step, tr.Stopped(), step)
			}
			return nil
		})
		for _, err := range failed {
			if err != nil {
				t.Error(err)
			}
		}
	}
}

// cancelling calls a function before each batch.
type cancelling struct {
	train.Source
	before func(i int)
}

func (c cancelling) Batch(i int) (graph.Feed, error) {
	c.before(i)
	return c.Source.Batch(i)
}

// TestGroupErrors: an error names the rank. A loss or a gradient that is not finite is the error of all ranks.
func TestGroupErrors(t *testing.T) {
	for name, c := range map[string]struct {
		micro int
		spoil func(tr *train.Trainer)
		wrap  func(train.Source) train.Source
		words []string
	}{
		"few":    {2, nil, nil, []string{"2 micro-batches for 3 ranks", "multiple of 3"}},
		"loss":   {4, func(tr *train.Trainer) { tr.Program.Params().Value("head.bias").Float32s()[3] = float32(math.NaN()) }, nil, []string{"step 1", "loss of batch 0 is NaN"}},
		"hidden": {4, nil, func(s train.Source) train.Source { return hidden{s} }, []string{"no target counts in batches 0 … 3"}},
	} {
		for _, shard := range []bool{false, true} {
			for rank, err := range together(3, func(g train.Group) error {
				tr := train.Trainer{Program: buildBigram(t, tensor.Float32, 2, 6), Optimizer: &train.SGD{}, MicroBatches: c.micro, Group: g, Shard: shard}
				if c.spoil != nil {
					c.spoil(&tr)
				}
				var source train.Source = text16(t, 500).Batches(2, 6)
				if c.wrap != nil {
					source = c.wrap(source)
				}
				return firstError(&tr, source)
			}) {
				if err == nil || !strings.Contains(err.Error(), "rank") {
					t.Errorf("%s: rank %d: got error %v", name, rank, err)
				}
				wantError(t, err, c.words...)
			}
		}
	}
}

// TestEvaluateTogether: the ranks get the evaluation of one process, bit for bit, and all stop if one is cancelled.
func TestEvaluateTogether(t *testing.T) {
	p := buildBigram(t, tensor.Float32, 2, 6)
	build := func() *graph.Program {
		eval, err := graph.Build(p.Params(), graph.Eval, bigram(2, 6, 16))
		if err != nil {
			t.Fatal(err)
		}
		return eval
	}
	const n = 11
	want, err := train.Evaluate(context.Background(), build(), gaps{text16(t, 500).Batches(2, 6)}, n)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 2, 4, 16} {
		for rank, err := range together(size, func(g train.Group) error {
			eval := build()
			got, err := train.EvaluateTogether(context.Background(), g, eval, gaps{text16(t, 500).Batches(2, 6)}, n)
			if err == nil && got != want {
				t.Errorf("%d ranks: rank %d got %+v, want %+v", size, g.Rank(), got, want)
			}
			return err
		}) {
			if err != nil {
				t.Errorf("%d ranks: rank %d: %v", size, rank, err)
			}
		}
	}
	for rank, err := range together(3, func(g train.Group) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		if g.Rank() == 2 {
			cancel()
		}
		_, err := train.EvaluateTogether(ctx, g, build(), gaps{text16(t, 500).Batches(2, 6)}, n)
		return err
	}) {
		if err == nil || !strings.Contains(err.Error(), context.Canceled.Error()) {
			t.Errorf("rank %d: got error %v, want the cancellation", rank, err)
		}
	}
}

// TestTraffic: the buckets hold all gradients, and the sums pass one after another as often as the tree has levels.
func TestTraffic(t *testing.T) {
	model := buildBigram(t, tensor.Float64, 2, 6).ValueGrads()
	total := 0
	for _, p := range model {
		total += 8 * p.Value().Shape().TotalSize()
	}
	for _, c := range [][3]int{{1, 1, 0}, {4, 2, 1}, {4, 4, 2}, {8, 4, 2}, {8, 8, 3}, {64, 64, 6}, {6, 2, 2}, {3, 3, 2}, {2, 4, 2}} {
		got := train.TrafficOf(model, c[0], c[1])
		sum := 0
		for _, n := range got.Buckets {
			sum += n
		}
		if got.Levels != c[2] || sum != total || len(got.Buckets) == 0 {
			t.Errorf("%d micro-batches on %d ranks: got %+v, want %d levels and %d bytes", c[0], c[1], got, c[2], total)
		}
	}
}
