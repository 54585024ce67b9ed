package ops_test

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestFrozen freezes every subset of the operands of every operation. The gradients of the others must keep their bits, and the
// work must not grow.
func TestFrozen(t *testing.T) {
	for _, c := range allCases() {
		t.Run(c.name, func(t *testing.T) {
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				testFrozen(t, c, dt)
			}
		})
	}
}

func testFrozen(t *testing.T, c opCase, dt tensor.Dtype) {
	t.Helper()
	params := graph.NewParams(dt, 1)
	all := c.run(t, params)
	want, work := gradientsOf(all), flops(t, all)
	n := len(want)
	for set := 1; set < 1<<n-1; set++ {
		params.Unfreeze("**")
		i := 0
		for k, o := range c.operands {
			if o.isParam() {
				if set>>i&1 > 0 && params.Freeze(paramName(k)) != 1 {
					t.Fatalf("there is no parameter %s", paramName(k))
				}
				i++
			}
		}
		p := c.run(t, params)
		for name, got := range gradientsOf(p) {
			if !slices.Equal(got, want[name]) {
				t.Errorf("%v: gradient of %s with %b frozen: got %v, want %v", dt, name, set, got, want[name])
			}
		}
		if len(p.Weights()) == n {
			t.Fatal("nothing is frozen")
		}
		if now := flops(t, p); now > work {
			t.Errorf("%v: %d FLOPs with %b frozen, %d without", dt, now, set, work)
		}
	}
}

func gradientsOf(p *graph.Program) map[string][]float64 {
	all := map[string][]float64{}
	for _, w := range p.Weights() {
		g, _ := w.Grad()
		all[w.Name()] = float64s(g.(*tensor.Dense))
	}
	return all
}

func flops(t *testing.T, p *graph.Program) (n int) {
	t.Helper()
	profile, err := p.Profile(func() error { return p.Run(nil) })
	check(t, err)
	for _, cost := range profile.ByOp {
		n += cost.FLOPs
	}
	return n
}
