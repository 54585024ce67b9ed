// Package graphtest checks layers: gradients against central differences, and values against another implementation. It serves our
// own tests and the tests of users who write layers.
package graphtest

import (
	"math"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

const (
	// difference is the step of central differences relative to the weight. It is about ∛ε of float64, where truncation and
	// rounding errors are equal.
	difference = 1e-5
	// gradientTolerance bounds the relative L2 distance: truncation leaves about difference², rounding ε/difference·|loss|.
	gradientTolerance = 1e-6
	// sampled is the number of elements that are checked one by one in a large parameter, and directions the number of random
	// directions in which all of its elements are checked at once.
	sampled, directions = 16, 3
)

// Gradients checks in float64 that every gradient of the declared loss equals its central difference, for all elements of small
// parameters, and for 16 elements and three random directions of large ones. It runs the graph
// twice, and again after a run with Program.Accumulate, which must give the same bits. It also builds the graph for evaluation:
// its loss must equal the loss in training bit for bit. For a layer with dropout, set it to zero or call TrainGradients. To test
// the gradient of an input, declare it as a parameter.
func Gradients(t testing.TB, feed graph.Feed, declare func(*graph.Scope)) {
	t.Helper()
	GradientsOver(t, graph.NewParams(tensor.Float64, 1), feed, declare)
}

// GradientsOver is Gradients over parameters of the caller, of type tensor.Float64, such as a view that carries an adapter. It changes
// their values.
func GradientsOver(t testing.TB, params *graph.Params, feed graph.Feed, declare func(*graph.Scope)) {
	t.Helper()
	train := gradients(t, params, feed, declare)
	eval, err := graph.Build(params, graph.Eval, declare)
	if err != nil {
		t.Fatal(err)
	}
	if err := eval.Run(feed); err != nil {
		t.Fatal(err)
	}
	if err := train.Run(feed); err != nil {
		t.Fatal(err)
	}
	if train.Loss() != eval.Loss() {
		t.Errorf("loss in evaluation is %v, in training %v: want the same bits", eval.Loss(), train.Loss())
	}
}

// TrainGradients is Gradients for layers that differ between training and evaluation. It skips evaluation.
func TrainGradients(t testing.TB, feed graph.Feed, declare func(*graph.Scope)) {
	t.Helper()
	gradients(t, graph.NewParams(tensor.Float64, 1), feed, declare)
}

func gradients(t testing.TB, params *graph.Params, feed graph.Feed, declare func(*graph.Scope)) *graph.Program {
	t.Helper()
	p, err := graph.Build(params, graph.Train, declare)
	if err != nil {
		t.Fatal(err)
	}
	// Move the weights away from symmetric initial values: zeros hide errors.
	for name, v := range params.All() {
		x := v.Float64s()
		for i := range x {
			x[i] += 0.1 * (kernel.Seed{Key: kernel.Key(7, name)}.Uniform(uint64(i)) - 0.5)
		}
	}
	first := runTwice(t, p, feed)
	runApart(t, p, feed, first)
	if len(first) == 0 {
		t.Fatal("the graph trains no parameter: want at least one")
	}
	loss := forward(t, p, feed, declare)
	for i, w := range p.Weights() {
		checkGradient(t, loss, w, first[i])
	}
	return p
}

// forward returns a function that computes the loss of a Program in training without its gradients, after checking that it gives the
// same bits. Central differences need the loss alone, often.
func forward(t testing.TB, p *graph.Program, feed graph.Feed, declare func(*graph.Scope)) func() float64 {
	t.Helper()
	params := p.Params()
	params.Freeze("**")
	f, err := graph.Build(params, graph.Train, declare)
	params.Unfreeze("**")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Set(feed); err != nil {
		t.Fatal(err)
	}
	loss := func() float64 {
		if err := f.RunAll(); err != nil {
			t.Fatal(err)
		}
		return f.Loss()
	}
	if got := loss(); got != p.Loss() {
		t.Errorf("loss with frozen weights is %v, with trained ones %v: want the same bits", got, p.Loss())
	}
	return loss
}

// runTwice returns the gradients after checking that a second run repeats them.
func runTwice(t testing.TB, p *graph.Program, feed graph.Feed) [][]float64 {
	t.Helper()
	var first [][]float64
	for run := range 2 {
		if err := p.Run(feed); err != nil {
			t.Fatal(err)
		}
		for i, w := range p.Weights() {
			g, _ := w.Grad()
			data := g.(*tensor.Dense).Float64s()
			if run == 0 {
				first = append(first, slices.Clone(data))
			} else if !slices.Equal(first[i], data) {
				t.Errorf("%s: the second run gives another gradient", w.Name())
			}
		}
	}
	return first
}

// runApart checks that the gradients do not depend on where the intermediate values are: once a run has added to the gradients, the
// gradients' memory no longer holds intermediate values.
func runApart(t testing.TB, p *graph.Program, feed graph.Feed, want [][]float64) {
	t.Helper()
	for _, p.Accumulate = range []bool{true, false} {
		if err := p.Run(feed); err != nil {
			t.Fatal(err)
		}
	}
	for i, w := range p.Weights() {
		if g, _ := w.Grad(); !slices.Equal(want[i], g.(*tensor.Dense).Float64s()) {
			t.Errorf("%s: the gradient differs if no other value uses its memory", w.Name())
		}
	}
}

func checkGradient(t testing.TB, loss func() float64, w *graph.Weight, got []float64) {
	t.Helper()
	x := w.Value().(*tensor.Dense).Float64s()
	var a, b []float64
	for j := range min(len(x), sampled) {
		i := j
		if len(x) > sampled {
			i = int(kernel.Seed{Key: 11, Stream: uint64(len(x))}.Uint32(uint64(j))) % len(x)
		}
		a, b = append(a, got[i]), append(b, centralDifference(loss, &x[i]))
	}
	compare(t, w.Name(), "", a, b)
	if len(x) <= sampled {
		return
	}
	a, b = nil, nil
	for j := range directions {
		along, want := directional(loss, x, got, uint64(j))
		a, b = append(a, along), append(b, want)
	}
	compare(t, w.Name(), " along random directions", a, b)
}

func compare(t testing.TB, name, where string, got, want []float64) {
	t.Helper()
	d := RelativeL2(got, want)
	if right := norm(want) > 1e-9 && d < gradientTolerance || norm(want) <= 1e-9 && norm(got) <= 1e-7; !right { // NaN on either side is wrong
		t.Errorf("%s: gradient differs from central differences%s by %.2g (relative L2), want < %.0g\n got %.6g\nwant %.6g",
			name, where, d, gradientTolerance, got[:min(len(got), 8)], want[:min(len(want), 8)])
	}
}

// directional returns the gradient along a random unit vector, and the central difference along it.
func directional(loss func() float64, x, gradient []float64, j uint64) (along, want float64) {
	v := make([]float64, len(x))
	kernel.Uniform(v, kernel.Seed{Key: 13, Stream: j}, -1, 1)
	length := norm(v)
	for i := range v {
		v[i] /= length
		along += gradient[i] * v[i]
	}
	old := slices.Clone(x)
	defer copy(x, old)
	move := func(h float64) float64 {
		for i := range x {
			x[i] = old[i] + h*v[i]
		}
		return loss()
	}
	return along, (move(difference) - move(-difference)) / (2 * difference)
}

func centralDifference(loss func() float64, x *float64) float64 {
	old := *x
	defer func() { *x = old }()
	h := difference * max(1, math.Abs(old))
	*x = old + h
	up := loss()
	*x = old - h
	down := loss()
	return (up - down) / ((old + h) - (old - h))
}

// Loss turns any node into a scalar to minimize. The scalar is a weighted sum of its elements. The weights are fixed and uneven, so
// that no error cancels out.
func Loss(s *graph.Scope, y *G.Node) *G.Node {
	n := y.Shape().TotalSize()
	w := make([]float64, n)
	kernel.Uniform(w, kernel.Seed{Key: 3}, -1, 1)
	weights := s.Constant(Dense(s.Dtype(), w, n, 1))
	row := s.Try(ops.Reshape(y, 1, n))
	return s.Try(ops.Reshape(s.Try(ops.MatMul(row, weights, ops.MatMulOptions{}))))
}

// Dense makes a tensor of type float32 or float64 from numbers.
func Dense(dt tensor.Dtype, x []float64, shape ...int) *tensor.Dense {
	if dt == tensor.Float64 {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slices.Clone(x)))
	}
	f := make([]float32, len(x))
	for i, v := range x {
		f[i] = float32(v)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(f))
}

// Ints makes a tensor of ids.
func Ints(x []int32, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slices.Clone(x)))
}

func norm(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s += v * v
	}
	return math.Sqrt(s)
}
