package train_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
)

// outcome is everything that a training leaves, by name.
type outcome map[string][]float64

func (a outcome) equal(b outcome) error {
	for name, v := range a {
		if !slices.Equal(v, b[name]) {
			return fmt.Errorf("%s differs: %.6g, want %.6g", name, v[:min(4, len(v))], b[name][:min(4, len(b[name]))])
		}
	}
	if len(a) != len(b) {
		return fmt.Errorf("%d results, want %d", len(a), len(b))
	}
	return nil
}

// gaps hides all targets of some batches, and some of others.
type gaps struct{ train.Source }

func (g gaps) Batch(i int) (graph.Feed, error) {
	f, err := g.Source.Batch(i)
	if err != nil {
		return nil, err
	}
	ids := f["targets"].Int32s()
	for k := range ids {
		if i%5 == 3 || k < i%4 {
			ids[k] = ops.IgnoreTarget
		}
	}
	return f, nil
}

// course is a training with micro-batches.
type course struct {
	micro     int
	shard     bool
	optimizer func() train.Optimizer
	dt        tensor.Dtype
}

// rank trains one rank of a course from a saved state, and returns the results.
func (c course) rank(t *testing.T, g train.Group, from *keptRun, until int) (outcome, *keptRun, error) {
	p, err := graph.Build(graph.NewParams(c.dt, 7), graph.Train, bigram(2, 6, 16))
	if err != nil {
		return nil, nil, err
	}
	tr := train.Trainer{Program: p, Optimizer: c.optimizer(), Rate: train.Cosine(0.05, 0.001, 2, 12), Clip: 0.5, Until: until,
		MicroBatches: c.micro, Group: g, Shard: c.shard}
	if from != nil {
		for name, v := range p.Params().All() {
			copyNumbers(v, from.weights[name])
		}
		if err := tr.Resume(from.state, from.moments); err != nil {
			return nil, nil, err
		}
	}
	got := outcome{}
	for r, err := range tr.Steps(context.Background(), gaps{text16(t, 500).Shuffled(2, 6)}) {
		if err != nil {
			return nil, nil, err
		}
		got["reports"] = append(got["reports"], float64(r.Step), r.Loss, r.GradNorm, r.Rate, float64(r.Tokens))
	}
	s := &keptRun{state: tr.State, weights: map[string]*tensor.Dense{}, moments: map[string]*tensor.Dense{}}
	for name, v := range p.Params().All() {
		got["weights of "+name] = numbers(v)
		s.weights[name] = v.Clone().(*tensor.Dense)
	}
	state, err := tr.Moments()
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for name, v := range state {
		names = append(names, name)
		s.moments[name] = v.Clone().(*tensor.Dense)
	}
	s.names = names
	return got, s, nil
}

// keptRun is a checkpoint in memory.
type keptRun struct {
	state            train.State
	weights, moments map[string]*tensor.Dense
	names            []string
}

func copyNumbers(to, from *tensor.Dense) {
	if to.Dtype() == tensor.Float64 {
		copy(to.Float64s(), from.Float64s())
	} else {
		copy(to.Float32s(), from.Float32s())
	}
}

// TestGroup trains with 1 to 8 ranks, with micro-batches that divide evenly among them and that do not, with dropout, hidden targets
// and sharded moments. Weights, reports and moments are those of one process, bit for bit. The second half is resumed with another
// number of ranks.
func TestGroup(t *testing.T) {
	adam := func() train.Optimizer { return &train.AdamW{WeightDecay: 0.1} }
	pairs := func() train.Optimizer { return &train.AdamW{BFloat16: true} }
	sgd := func() train.Optimizer { return &train.SGD{Momentum: 0.9} }
	for _, c := range []course{
		{micro: 8, optimizer: adam, dt: tensor.Float32}, {micro: 8, shard: true, optimizer: adam, dt: tensor.Float32},
		{micro: 6, optimizer: sgd, dt: tensor.Float64}, {micro: 7, shard: true, optimizer: sgd, dt: tensor.Float32},
		{micro: 13, shard: true, optimizer: pairs, dt: tensor.Float32},
	} {
		want, end, err := c.rank(t, nil, nil, 6)
		if err != nil {
			t.Fatal(err)
		}
		_, half, err := c.rank(t, nil, nil, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{1, 2, 3, 4, 8} {
			if size > c.micro {
				continue
			}
			from := half // of the run with the number of ranks before
			for _, failed := range together(size, func(g train.Group) error {
				got, s, err := c.rank(t, g, nil, 6)
				if err != nil {
					return err
				}
				if g.Rank() == 0 && (!slices.Equal(s.names, end.names) || !maps.EqualFunc(s.moments, end.moments, sameTensor)) {
					t.Errorf("%+v: %d ranks: the moments %q differ from %q of one process", c, size, s.names, end.names)
				}
				return got.equal(want)
			}) {
				if failed != nil {
					t.Fatalf("%+v: %d ranks: %v", c, size, failed)
				}
			}
			for _, failed := range together(size, func(g train.Group) error {
				got, _, err := c.rank(t, g, from, 6)
				if err != nil {
					return err
				}
				tail := maps.Clone(want)
				tail["reports"] = want["reports"][3*5:]
				return got.equal(tail)
			}) {
				if failed != nil {
					t.Fatalf("%+v: resumed with %d ranks: %v", c, size, failed)
				}
			}
			together(size, func(g train.Group) error {
				_, s, err := c.rank(t, g, nil, 3)
				if g.Rank() == 0 && err == nil {
					half = s
				}
				return err
			})
		}
	}
}

func sameTensor(a, b *tensor.Dense) bool {
	if a.Dtype() == tensor.Int32 {
		return slices.Equal(a.Int32s(), b.Int32s())
	}
	if a.Dtype() == tensor.Int64 {
		return slices.Equal(a.Int64s(), b.Int64s())
	}
	return slices.Equal(numbers(a), numbers(b))
}
