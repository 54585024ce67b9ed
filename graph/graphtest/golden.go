package graphtest

import (
	"cmp"
	"math"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Golden is a model computed by another implementation: weights, a batch and results.
type Golden struct {
	Weights map[string]*tensor.Dense // by path, all of the model's weights
	Feed    graph.Feed
	Logits  *tensor.Dense            // the output Output in evaluation
	Output  string                   // "" means logits
	Loss    float64                  // of the first run
	Grads   map[string]*tensor.Dense // of the first run, by path

	// Losses of several optimizer steps, starting with Loss, and the weights after them.
	Losses []float64
	Final  map[string]*tensor.Dense          // a frozen weight that is missing keeps its value
	Step   func(weights []G.ValueGrad) error // one step of the same optimizer; nil skips the steps

	// Adapt returns the parameters to build over, such as a view that carries an adapter. nil means the parameters themselves.
	Adapt func(*graph.Params) (*graph.Params, error)

	LogitsWithin float64 // absolute
	LossWithin   float64 // relative
	GradsWithin  float64 // relative L2 per tensor; tensors of norm under 1e-6 are skipped
	LossesWithin float64 // relative
	FinalWithin  float64 // absolute, for weights whose first gradient exceeds 1e-5

	FinalNoise map[string]float64 // by path, in place of FinalWithin: an optimizer may amplify the rounding of tiny gradients
}

// Check builds the model in float32 and compares two runs of it with g.
func (g Golden) Check(t testing.TB, declare func(*graph.Scope)) {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	if g.Adapt != nil {
		var err error
		if params, err = g.Adapt(params); err != nil {
			t.Fatal(err)
		}
	}
	p, err := graph.Build(params, graph.Train, declare)
	if err != nil {
		t.Fatal(err)
	}
	eval, err := graph.Build(params, graph.Eval, declare)
	if err != nil {
		t.Fatal(err)
	}
	g.load(t, params)
	for range 2 {
		for _, p := range []*graph.Program{p, eval} {
			if err := p.Run(g.Feed); err != nil {
				t.Fatal(err)
			}
		}
		if d := MaxDifference(eval.Output(cmp.Or(g.Output, "logits")), g.Logits); !(d <= g.LogitsWithin) {
			t.Errorf("logits differ by %.3g, want at most %.3g", d, g.LogitsWithin)
		}
		within(t, "loss", p.Loss(), g.Loss, g.LossWithin)
	}
	first := g.checkGrads(t, p)
	if g.Step == nil {
		return
	}
	for i, want := range g.Losses {
		if err := p.Run(g.Feed); err != nil {
			t.Fatal(err)
		}
		within(t, "loss of a step", p.Loss(), want, g.LossesWithin)
		if err := g.Step(p.ValueGrads()); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	g.checkFinal(t, params, first)
}

func (g Golden) load(t testing.TB, params *graph.Params) {
	t.Helper()
	for name, v := range params.All() {
		w := g.Weights[name]
		if w == nil {
			t.Fatalf("weight %s is not in the golden case", name)
		}
		if !slices.Equal(w.Shape(), v.Shape()) {
			t.Fatalf("weight %s has shape %v, the golden case %v", name, v.Shape(), w.Shape())
		}
		copy(v.Float32s(), w.Float32s())
	}
	for name := range g.Weights {
		if params.Value(name) == nil {
			t.Errorf("golden weight %s is not in the model", name)
		}
	}
}

func (g Golden) checkGrads(t testing.TB, p *graph.Program) map[string][]float32 {
	t.Helper()
	first := map[string][]float32{}
	for _, w := range p.Weights() {
		v, _ := w.Grad()
		got, want := v.(*tensor.Dense), g.Grads[w.Name()]
		first[w.Name()] = slices.Clone(got.Float32s())
		if want == nil {
			t.Errorf("golden gradient of %s is missing", w.Name())
			continue
		}
		b := widen(want)
		if d := RelativeL2(widen(got), b); !(norm(b) < 1e-6) && !(d <= g.GradsWithin) { // NaN is an error too
			t.Errorf("gradient of %s differs by %.3g (relative L2), want at most %.3g", w.Name(), d, g.GradsWithin)
		}
	}
	return first
}

func (g Golden) checkFinal(t testing.TB, params *graph.Params, grads map[string][]float32) {
	t.Helper()
	for name, v := range params.All() {
		want := g.Final[name]
		if want == nil && params.Frozen(name) {
			if !slices.Equal(v.Float32s(), g.Weights[name].Float32s()) {
				t.Errorf("frozen weight %s has changed", name)
			}
			continue
		}
		if want == nil || !slices.Equal(want.Shape(), v.Shape()) {
			t.Errorf("golden final weight %s is missing or has another shape than %v", name, v.Shape())
			continue
		}
		worst := 0.0
		for i, x := range v.Float32s() {
			if math.Abs(float64(grads[name][i])) > 1e-5 {
				worst = max(worst, math.Abs(float64(x)-float64(want.Float32s()[i])))
			}
		}
		limit := g.FinalWithin
		if noise, ok := g.FinalNoise[name]; ok {
			limit = noise
		}
		if !(worst <= limit) {
			t.Errorf("weight %s after the steps differs by %.3g, want at most %.3g", name, worst, limit)
		}
	}
}

func within(t testing.TB, name string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got-want) <= relative*math.Abs(want)) {
		t.Errorf("%s: got %.9g, want %.9g within %.3g relative", name, got, want, relative)
	}
}

// RelativeL2 returns |a−b| / |b|, or |a−b| if b is zero. It returns NaN if the lengths differ.
func RelativeL2(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.NaN()
	}
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	if n := norm(b); n > 0 {
		return norm(d) / n
	}
	return norm(d)
}

// MaxDifference returns the largest |a−b| of two tensors of floats. It returns NaN if their shapes differ or a difference is NaN.
func MaxDifference(a, b *tensor.Dense) float64 {
	if a == nil || b == nil || !slices.Equal(a.Shape(), b.Shape()) {
		return math.NaN()
	}
	x, y, worst := widen(a), widen(b), 0.0
	for i := range x {
		d := math.Abs(x[i] - y[i])
		if math.IsNaN(d) {
			return d
		}
		worst = max(worst, d)
	}
	return worst
}

// widen returns the elements of a tensor of floats. Elements of any other type become NaN.
func widen(t *tensor.Dense) []float64 {
	switch t.Dtype() {
	case tensor.Float32:
	case tensor.Float64:
		return t.Float64s()
	default:
		return slices.Repeat([]float64{math.NaN()}, t.DataSize())
	}
	w := make([]float64, 0, t.DataSize())
	for _, v := range t.Float32s() {
		w = append(w, float64(v))
	}
	return w
}
