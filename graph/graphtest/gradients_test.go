package graphtest_test

import (
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// cubed is y = x³ with the gradient 3x², which spoil then changes.
func cubed(x *G.Node, spoil func(run int, dx []float64)) (*G.Node, error) {
	run := 0
	return ops.New(ops.Def{
		Name:   "Cubed",
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) { return in[:1], nil },
		Forward: ops.Kernel{F64: func(c *ops.Call[float64]) error {
			for i, x := range c.In[0].F {
				c.Out[0].F[i] = x * x * x
			}
			return nil
		}},
		Backward: ops.Kernel{F64: func(c *ops.Call[float64]) error {
			for i, x := range c.In[0].F {
				c.Out[0].F[i] = 3 * x * x * c.In[2].F[i]
			}
			spoil(run, c.Out[0].F)
			run++
			return nil
		}},
	}, x)
}

func TestGradientsFindErrors(t *testing.T) {
	for _, c := range []struct {
		name, words string
		size        int
		spoil       func(run int, dx []float64)
	}{
		{"right", "", 5, func(int, []float64) {}},
		{"one element", "", 1, func(int, []float64) {}},
		{"large", "", 1000, func(int, []float64) {}},
		{"one of a thousand", "h.w: gradient differs", 1000, func(_ int, dx []float64) { dx[777] = 0 }},
		{"sign", "h.w: gradient differs", 5, func(_ int, dx []float64) { scale(dx, -1) }},
		{"a hundred-thousandth", "h.w: gradient differs", 5, func(_ int, dx []float64) { scale(dx, 1+1e-5) }},
		{"one of many", "h.w: gradient differs", 64, func(_ int, dx []float64) { dx[63] = 0 }},
		{"left out", "h.w: gradient differs", 5, func(_ int, dx []float64) { clear(dx) }},
		{"NaN", "h.w: gradient differs", 5, func(_ int, dx []float64) { dx[2] = math.NaN() }},
		{"second run", "h.w: the second run", 5, func(run int, dx []float64) {
			if run == 1 {
				dx[0]++
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			declare := func(s *graph.Scope) {
				s.Minimize(graphtest.Loss(s, s.Try(cubed(s.In("h").Param("w", graph.Ones(), c.size), c.spoil))))
			}
			expect(t, c.words, func(t testing.TB) { graphtest.Gradients(t, nil, declare) })
			expect(t, c.words, func(t testing.TB) { graphtest.TrainGradients(t, nil, declare) })
		})
	}
}

func scale(x []float64, a float64) {
	for i := range x {
		x[i] *= a
	}
}

// TestGradientsOfNothing: the gradient of a constant loss must be zero, and NaN is not zero.
func TestGradientsOfNothing(t *testing.T) {
	for words, spoil := range map[string]func(int, []float64){
		"":                          func(int, []float64) {},
		"w: gradient differs":       func(_ int, dx []float64) { dx[1] = 0.5 },
		"w: gradient differs|NaN":   func(_ int, dx []float64) { dx[1] = math.NaN() },
		"w: gradient differs| +Inf": func(_ int, dx []float64) { dx[1] = math.Inf(1) },
	} {
		expect(t, words, func(t testing.TB) {
			graphtest.Gradients(t, nil, func(s *graph.Scope) {
				y := s.Try(cubed(s.Param("w", graph.Ones(), 3), spoil))
				s.Minimize(graphtest.Loss(s, s.Try(ops.Scale(y, 0))))
			})
		})
	}
}

// TestGradientsOfNaN: a loss of NaN proves nothing.
func TestGradientsOfNaN(t *testing.T) {
	expect(t, "w: gradient differs|NaN", func(t testing.TB) {
		graphtest.Gradients(t, nil, func(s *graph.Scope) {
			zero := s.Constant(graphtest.Dense(tensor.Float64, []float64{0, 0}, 2))
			y := s.Try(ops.Div(s.Try(ops.Mul(s.Param("w", graph.Ones(), 2), zero)), zero))
			s.Minimize(graphtest.Loss(s, y))
		})
	})
}

func TestGradientsComparesModes(t *testing.T) {
	declare := func(s *graph.Scope) {
		x := s.Param("w", graph.Ones(), 3)
		if s.Training() {
			x = s.Try(ops.Scale(x, 1+1e-15))
		}
		s.Minimize(graphtest.Loss(s, x))
	}
	expect(t, "loss in evaluation is", func(t testing.TB) { graphtest.Gradients(t, nil, declare) })
	expect(t, "", func(t testing.TB) { graphtest.TrainGradients(t, nil, declare) })
}

func TestGradientsFails(t *testing.T) {
	input := func(s *graph.Scope) {
		s.Minimize(graphtest.Loss(s, s.Add(s.Input("x", tensor.Float64, 2), s.Param("w", graph.Ones(), 2))))
	}
	for words, declare := range map[string]func(*graph.Scope){
		"graph: build: h: no": func(s *graph.Scope) { s.In("h").Failf("no") },
		"trains no parameter": func(s *graph.Scope) { s.Output("w", s.Param("w", graph.Ones(), 2)) }, // no loss
		"input x is not fed":  input,
	} {
		expect(t, words, func(t testing.TB) { graphtest.Gradients(t, nil, declare) })
	}
	expect(t, "", func(t testing.TB) {
		graphtest.Gradients(t, graph.Feed{"x": graphtest.Dense(tensor.Float64, []float64{1, 2}, 2)}, input)
	})
}
