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

// regression is logits = x·w + b and their mean squared distance from y, with inputs x (3, 2) and y (3, 1).
func regression(s *graph.Scope) {
	x, y := s.Input("x", tensor.Float32, 3, 2), s.Input("y", tensor.Float32, 3, 1)
	logits := s.Try(ops.Linear(x, s.Param("w", graph.Zeros(), 1, 2), s.Param("b", graph.Zeros(), 1), ops.LinearOptions{})) // (3, 1)
	s.Output("logits", logits)
	d := s.Try(ops.Sub(logits, y))
	sum := s.Try(ops.MatMul(d, d, ops.MatMulOptions{TransA: true})) // (1, 1)
	s.Minimize(s.Try(ops.Reshape(s.Try(ops.Scale(sum, 1.0/3)))))
}

// rate is the rate of gradient descent.
const rate = 0.125

// computed returns the results of regression's formulas in float64: dloss/dw = ⅔ Σ dᵢ·xᵢ, dloss/db = ⅔ Σ dᵢ.
func computed() graphtest.Golden {
	x, y := [][]float64{{1, -2}, {0.5, 3}, {-1, 1}}, []float64{1, 0, -2}
	w, b := []float64{0.5, -0.25}, 0.75
	f32 := func(v []float64, shape ...int) *tensor.Dense { return graphtest.Dense(tensor.Float32, v, shape...) }
	g := graphtest.Golden{
		Weights: map[string]*tensor.Dense{"w": f32(w, 1, 2), "b": f32([]float64{b}, 1)},
		Feed:    graph.Feed{"x": f32([]float64{1, -2, 0.5, 3, -1, 1}, 3, 2), "y": f32(y, 3, 1)},
		Step:    descend,
		// float32 rounds to 6·10⁻⁸, and each value results from a few dozen roundings.
		LogitsWithin: 1e-6, LossWithin: 1e-6, GradsWithin: 1e-6, LossesWithin: 1e-5, FinalWithin: 1e-6,
	}
	for step := range 3 {
		var logits []float64
		loss, dw, db := 0.0, []float64{0, 0}, 0.0
		for i := range x {
			l := x[i][0]*w[0] + x[i][1]*w[1] + b
			d := l - y[i]
			logits, loss = append(logits, l), loss+d*d/3
			dw[0], dw[1], db = dw[0]+2*d*x[i][0]/3, dw[1]+2*d*x[i][1]/3, db+2*d/3
		}
		if step == 0 {
			g.Logits, g.Loss = f32(logits, 3, 1), loss
			g.Grads = map[string]*tensor.Dense{"w": f32(dw, 1, 2), "b": f32([]float64{db}, 1)}
		}
		g.Losses = append(g.Losses, loss)
		w[0], w[1], b = w[0]-rate*dw[0], w[1]-rate*dw[1], b-rate*db
	}
	g.Final = map[string]*tensor.Dense{"w": f32(w, 1, 2), "b": f32([]float64{b}, 1)}
	return g
}

func descend(weights []G.ValueGrad) error {
	for _, w := range weights {
		d, err := w.Grad()
		if err != nil {
			return err
		}
		x := w.Value().(*tensor.Dense).Float32s()
		for i, v := range d.(*tensor.Dense).Float32s() {
			x[i] -= rate * v
		}
	}
	return nil
}

func TestGoldenFindsErrors(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name, words string
		change      func(g *graphtest.Golden)
	}{
		{"right", "", func(*graphtest.Golden) {}},
		{"no steps", "", func(g *graphtest.Golden) { g.Step, g.Losses, g.Final = nil, nil, nil }},
		{"logits", "logits differ by", func(g *graphtest.Golden) { g.Logits.Float32s()[2] += 1e-5 }},
		{"logits NaN", "logits differ by NaN", func(g *graphtest.Golden) { g.Logits.Float32s()[0] = nan }},
		{"logits' shape", "logits differ by NaN", func(g *graphtest.Golden) { g.Logits = graphtest.Dense(tensor.Float32, make([]float64, 3), 3) }},
		{"no logits", "logits differ by NaN", func(g *graphtest.Golden) { g.Logits = nil }},
		{"loss", "loss: got", func(g *graphtest.Golden) { g.Loss *= 1 + 1e-5 }},
		{"loss NaN", "loss: got", func(g *graphtest.Golden) { g.Loss = math.NaN() }},
		{"gradient", "gradient of w differs", func(g *graphtest.Golden) { g.Grads["w"].Float32s()[1] *= 1 + 1e-5 }},
		{"gradient NaN", "gradient of b differs", func(g *graphtest.Golden) { g.Grads["b"].Float32s()[0] = nan }},
		{"gradient's shape", "gradient of w differs", func(g *graphtest.Golden) { g.Grads["w"] = g.Grads["b"] }},
		{"no gradient", "gradient of b is missing", func(g *graphtest.Golden) { delete(g.Grads, "b") }},
		{"loss of a step", "loss of a step", func(g *graphtest.Golden) { g.Losses[2] *= 1.0001 }},
		{"final", "weight w after the steps differs", func(g *graphtest.Golden) { g.Final["w"].Float32s()[0] += 1e-4 }},
		{"no final", "final weight b is missing", func(g *graphtest.Golden) { delete(g.Final, "b") }},
		{"final's shape", "final weight w is missing or has another shape", func(g *graphtest.Golden) { g.Final["w"] = g.Final["b"] }},
		{"another optimizer", "weight w after the steps", func(g *graphtest.Golden) { g.Step = func([]G.ValueGrad) error { return nil } }},
		{"weight", "logits differ|loss: got|gradient of w", func(g *graphtest.Golden) { g.Weights["w"].Float32s()[0] = 0 }},
		{"no weight", "weight b is not in the golden case", func(g *graphtest.Golden) { delete(g.Weights, "b") }},
		{"one weight too many", "golden weight c is not in the model", func(g *graphtest.Golden) { g.Weights["c"] = g.Weights["b"] }},
		{"weight's shape", "weight w has shape (1, 2), the golden case (1)", func(g *graphtest.Golden) { g.Weights["w"] = g.Weights["b"] }},
		{"input", "input y is not fed", func(g *graphtest.Golden) { delete(g.Feed, "y") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := computed()
			c.change(&g)
			expect(t, c.words, func(t testing.TB) { g.Check(t, regression) })
		})
	}
	g := computed()
	expect(t, "graph: build: no", func(t testing.TB) { g.Check(t, func(s *graph.Scope) { s.Failf("no") }) })
}

func TestDistances(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{3, 4}, []float64{3, 4}, 0},
		{[]float64{3, 8}, []float64{3, 4}, 0.8},
		{[]float64{3, 4}, []float64{0, 0}, 5},
		{[]float64{1}, []float64{1, 2}, nan},
		{[]float64{nan}, []float64{1}, nan},
		{nil, nil, 0},
	} {
		if got := graphtest.RelativeL2(c.a, c.b); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v from %v: got %v, want %v", c.a, c.b, got, c.want)
		}
	}
	x := graphtest.Dense(tensor.Float32, []float64{1, 2}, 2)
	for _, c := range []struct {
		b    *tensor.Dense
		want float64
	}{
		{graphtest.Dense(tensor.Float64, []float64{1.5, 0}, 2), 2},
		{graphtest.Dense(tensor.Float32, []float64{1, nan}, 2), nan},
		{graphtest.Dense(tensor.Float32, []float64{1, 2}, 2, 1), nan},
		{graphtest.Ints([]int32{1, 2}, 2), nan},
		{nil, nan},
	} {
		if got := graphtest.MaxDifference(x, c.b); got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%v: got %v, want %v", c.b, got, c.want)
		}
	}
}
