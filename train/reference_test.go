package train_test

import (
	"encoding/json"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/train"
)

// references is testdata/optimizers.json, which testdata/optimizers.py computes with PyTorch.
type references struct {
	Optimizers map[string]struct{ Weights, Average map[string][]float64 }
	Schedules  map[string][]float64
}

func readReferences(t testing.TB) (r references) {
	t.Helper()
	text, err := os.ReadFile("testdata/optimizers.json")
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// referenceParams are the parameters of testdata/optimizers.py.
func referenceParams(dt tensor.Dtype) []*fakeParam {
	return []*fakeParam{newParam("h.0.wide.weight", dt, 4, 6), newParam("h.0.tall.weight", dt, 7, 3), newParam("wte.weight", dt, 5, 4), newParam("h.0.bias", dt, 6)}
}

// setReferenceGrad sets the gradient of step t, from 0, which depends on the weights.
func (p *fakeParam) setReferenceGrad(t int) {
	for i, w := range numbers(p.value) {
		set(p.grad, i, math.Cos(float64((t+1)*(i+1)))+0.3*w)
	}
}

func modelOf(params []*fakeParam) (model []G.ValueGrad) {
	for _, p := range params {
		model = append(model, p)
	}
	return model
}

// newOptimizers are the optimizers of testdata/optimizers.py.
var newOptimizers = map[string]func() train.Optimizer{
	"AdamW":        func() train.Optimizer { return &train.AdamW{WeightDecay: 0.1} },
	"Lion":         func() train.Optimizer { return &train.Lion{WeightDecay: 0.1} },
	"LAMB":         func() train.Optimizer { return &train.LAMB{WeightDecay: 0.1} },
	"Adafactor":    func() train.Optimizer { return &train.Adafactor{WeightDecay: 0.1} },
	"Muon":         func() train.Optimizer { return &train.Muon{WeightDecay: 0.1} },
	"ScheduleFree": func() train.Optimizer { return &train.ScheduleFree{WeightDecay: 0.1, R: 0.5} },
	"EMA":          func() train.Optimizer { return &train.EMA{Optimizer: &train.AdamW{WeightDecay: 0.1}, Decay: 0.9} },
}

// referenceRate is the rate of step t, from 0. Only ScheduleFree has a falling rate, so that its highest rate matters.
func referenceRate(name string, t int) float64 {
	if name == "ScheduleFree" {
		return 0.02 / (1 + 0.1*float64(t))
	}
	return 0.02
}

// fitReference trains steps from … to-1.
func fitReference(t testing.TB, name string, o train.Optimizer, params []*fakeParam, from, to int) {
	t.Helper()
	for step := from; step < to; step++ {
		for _, p := range params {
			p.setReferenceGrad(step)
		}
		if err := o.Update(modelOf(params), referenceRate(name, step), 1); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFiftySteps compares all weights after 50 steps with the reference.
func TestFiftySteps(t *testing.T) {
	references := readReferences(t)
	for name, c := range newOptimizers {
		want := references.Optimizers[name]
		for _, k := range []struct {
			dt        tensor.Dtype
			tolerance float64
		}{
			{tensor.Float64, 1e-14}, // 50 steps of some ten roundings of 1e-16
			{tensor.Float32, 1e-5},  // the same of 6e-8
		} {
			o, params := c(), referenceParams(k.dt)
			fitReference(t, name, o, params, 0, 50)
			worst := 0.0
			for _, p := range params {
				worst = max(worst, furthest(t, numbers(p.value), want.Weights[p.name]))
			}
			if a, ok := o.(train.Averaging); ok {
				if err := a.Eval(modelOf(params)); err != nil {
					t.Fatal(err)
				}
				for _, p := range params {
					worst = max(worst, furthest(t, numbers(p.value), want.Average[p.name]))
				}
			}
			t.Logf("%s in %v: largest difference %.2g", name, k.dt, worst)
			if !(worst <= k.tolerance) {
				t.Errorf("%s in %v: got a difference of %g, want at most %g", name, k.dt, worst, k.tolerance)
			}
		}
	}
}

func furthest(t testing.TB, got, want []float64) (worst float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d numbers, want %d", len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(got[i] - want[i]); !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// TestOptimizersResume saves every optimizer after 20 of 50 steps, as a run does, and continues with another one, bit for bit.
func TestOptimizersResume(t *testing.T) {
	for name, c := range newOptimizers {
		whole, params := c(), referenceParams(tensor.Float32)
		fitReference(t, name, whole, params, 0, 50)

		first, part := c(), referenceParams(tensor.Float32)
		fitReference(t, name, first, part, 0, 20)
		second, rest := c(), referenceParams(tensor.Float32)
		evaluate(t, first, part)
		evaluate(t, second, rest)
		if err := second.(train.Stateful).Bind(modelOf(rest)); err != nil {
			t.Fatal(err)
		}
		for i := range rest {
			copy(rest[i].value.Float32s(), part[i].value.Float32s())
		}
		if err := second.(train.Stateful).Restore(saved(first.(train.Stateful))); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a, ok := second.(train.Averaging); ok {
			wantError(t, a.Update(modelOf(rest), 0.1, 1), "call Train first")
			if err := a.Train(modelOf(rest)); err != nil {
				t.Fatal(err)
			}
		}
		fitReference(t, name, second, rest, 20, 50)
		for i, p := range params {
			if got := numbers(rest[i].value); !slices.Equal(got, numbers(p.value)) {
				t.Errorf("%s: %s differs after a resumption: got %v, want %v", name, p.name, got, numbers(p.value))
			}
		}
		for state, want := range saved(whole.(train.Stateful)) {
			if got := saved(second.(train.Stateful))[state]; !(name == "ScheduleFree" && strings.HasPrefix(state, "trained.")) && !slices.Equal(numbers(got), numbers(want)) {
				t.Errorf("%s: state %s differs after a resumption", name, state)
			}
		}
	}
}

// evaluate puts the average of an Averaging optimizer into the model.
func evaluate(t testing.TB, o train.Optimizer, params []*fakeParam) {
	t.Helper()
	if a, ok := o.(train.Averaging); ok {
		for range 2 { // the second call does nothing
			if err := a.Eval(modelOf(params)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestOptimizerBits trains large parameters with one and with several workers.
func TestOptimizerBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for name, c := range newOptimizers {
		var want []float64
		for _, workers := range []int{1, 2, 3} {
			runtime.GOMAXPROCS(workers)
			o, params := c(), []*fakeParam{newParam("h.w", tensor.Float32, 160, 290), newParam("h.b", tensor.Float32, 40_000)}
			fitReference(t, name, o, params, 0, 2)
			evaluate(t, o, params)
			got := append(numbers(params[0].value), numbers(params[1].value)...)
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: the weights depend on GOMAXPROCS (1 and %d)", name, workers)
			}
		}
	}
}
