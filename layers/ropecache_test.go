package layers_test

import (
	"fmt"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers"
)

// TestOneTablePerCache: rules that depend on the length have the frequencies of the cache's capacity, from the first token to the
// last. So a text that grows past Original has the results of a layer with fixed frequencies.
func TestOneTablePerCache(t *testing.T) {
	const original, longer = 4, 9
	short, long := layers.NewFactors(1, 2), layers.NewFactors(3, 5)
	fixed := func(list layers.Factors) layers.Positions {
		return scaled(layers.RoPEScaling{Kind: layers.RoPELongRoPE, Short: list, Long: list})
	}
	plain := layers.Positions{RoPE: layers.RoPE{Theta: 100}}
	stretched := plain
	stretched.RoPE.Theta = 100 * (3.*longer/original - 2) * (3.*longer/original - 2) // 4 channels: the power is 4/(4−2)
	for _, c := range []struct {
		name      string
		positions layers.Positions
		capacity  int
		same      layers.Positions
	}{
		{"dynamic", dynamic, original, plain}, {"dynamic", dynamic, longer, stretched},
		{"longrope", longRoPE, original, fixed(short)}, {"longrope", longRoPE, longer, fixed(long)},
	} {
		t.Run(fmt.Sprint(c.name, "/", c.capacity), func(t *testing.T) {
			got, want := decoded(t, c.positions, c.capacity), decoded(t, c.same, c.capacity)
			for i := range got {
				if d := graphtest.MaxDifference(got[i], want[i]); !(d <= stepwise) {
					t.Errorf("token %d differs by %g from fixed frequencies, want at most %g", i, d, stepwise)
				}
			}
			other := decoded(t, c.positions, original+longer-c.capacity)
			if d := graphtest.MaxDifference(got[2], other[2]); d < 1e-3 {
				t.Errorf("token 2 differs by %g between the capacities, want other frequencies", d)
			}
		})
	}
}

// decoded returns the results of an attention for a text as long as its cache, which it reads token by token.
func decoded(t *testing.T, positions layers.Positions, capacity int) (all []*tensor.Dense) {
	t.Helper()
	const c = 6
	l := layers.SelfAttention{Heads: 2, HeadDim: 4, Causal: true, Positions: positions, Std: 0.5}
	p := build(t, graph.NewParams(tensor.Float64, 1), graph.Decode, func(s *graph.Scope) {
		s.Output("y", l.Forward(s, s.Input("x", tensor.Float64, 1, 1, c), layers.DecodeInputs(s, 1, 1, capacity)))
	})
	x := make([]float64, capacity*c)
	kernel.Normal(x, kernel.Seed{Key: 1}, 0, 1)
	for i := range capacity {
		err := p.Run(graph.Feed{
			"x":    graphtest.Dense(tensor.Float64, x[i*c:][:c], 1, 1, c),
			"past": graphtest.Ints([]int32{int32(i)}, 1), "positions": graphtest.Ints([]int32{int32(i)}, 1, 1),
		})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p.Output("y").Clone().(*tensor.Dense))
	}
	return all
}
