package layers_test

import (
	"runtime"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestProcessors: every layer has the same result and the same gradients, bit for bit, for any number of processors. The size is
// large enough that workers share the work, and more than one tile of attention long.
func TestProcessors(t *testing.T) {
	z := size{2, 131, 24, 4, 3}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, p := range slices.Concat(parts, droppedOut) {
		t.Run(p.name, func(t *testing.T) {
			program := build(t, graph.NewParams(tensor.Float32, 1), graph.Train, p.declare(z))
			runtime.GOMAXPROCS(1)
			want := bits(t, program)
			for _, n := range []int{2, 5} {
				runtime.GOMAXPROCS(n)
				if got := bits(t, program); !slices.EqualFunc(got, want, slices.Equal) {
					t.Errorf("results with GOMAXPROCS=%d differ from those with 1", n)
				}
			}
		})
	}
}

// bits runs a Program and returns copies of its output y, its loss and its gradients.
func bits(t *testing.T, p *graph.Program) [][]float32 {
	t.Helper()
	all := [][]float32{slices.Clone(run(t, p).Float32s()), {float32(p.Loss())}}
	for _, w := range p.Weights() {
		g, err := w.Grad()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, slices.Clone(g.(*tensor.Dense).Float32s()))
	}
	return all
}
