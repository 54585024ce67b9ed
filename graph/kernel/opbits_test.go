package kernel_test

import (
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
)

// opBits declares an operation on operands that are large enough for several chunks, so that all workers take part.
type opBits struct {
	name    string // function of package ops, or function/variant
	declare func(s *graph.Scope) *G.Node
	mode    graph.Mode // Train, unless the operation has no gradient
}

// program declares the operation and, in training, a loss that gives every element of the result another gradient.
func (o opBits) program(s *graph.Scope) {
	y := o.declare(s)
	s.Output("y", y)
	if o.mode == graph.Train {
		s.Minimize(graphtest.Loss(s, y))
	}
}

// TestOpBits runs every operation, forward and backward. The number of workers may not change a bit. Like TestTrainingStepBits, it
// is in this package because only here it can use more workers than the machine has processors.
func TestOpBits(t *testing.T) {
	counts := map[tensor.Dtype][]int{tensor.Float32: {1, 2, 3, 8}, tensor.Float64: {1, 8}}
	if !sweep.All() {
		counts = map[tensor.Dtype][]int{tensor.Float32: {1, 8}}
	}
	for _, o := range opsWithBits() {
		for dt, counts := range counts {
			t.Run(o.name+"/"+dt.String(), func(t *testing.T) {
				p, err := graph.Build(graph.NewParams(dt, 1), o.mode, o.program)
				if err != nil {
					t.Fatal(err)
				}
				var want [][]float64
				for _, n := range counts {
					withWorkers(n, func() { err = p.Run(nil) })
					if err != nil {
						t.Fatal(err)
					}
					got := opResults(t, p)
					if want == nil {
						want = got
					}
					for i := range got {
						if !slices.Equal(got[i], want[i]) {
							t.Errorf("%d workers change result %d (0 is the value, the others are gradients)", n, i)
						}
					}
				}
			})
		}
	}
}

// opResults returns the value of a program's operation and the gradients of its operands.
func opResults(t *testing.T, p *graph.Program) [][]float64 {
	t.Helper()
	all := [][]float64{widened(p.Output("y"))}
	for _, w := range p.Weights() {
		d, err := w.Grad()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, widened(d.(*tensor.Dense)))
	}
	return all
}

// widened returns a copy of the elements in float64.
func widened(x *tensor.Dense) []float64 {
	switch v := x.Data().(type) {
	case []float64:
		return wide(v)
	case []float32:
		return wide(v)
	case float32:
		return []float64{float64(v)}
	case float64:
		return []float64{v}
	}
	panic("no floats")
}
