package train_test

import (
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/train"
)

// fakeParam is a parameter with a gradient, for optimizers without a program.
type fakeParam struct {
	name        string
	value, grad *tensor.Dense
}

func (p *fakeParam) Name() string           { return p.name }
func (p *fakeParam) Value() G.Value         { return p.value }
func (p *fakeParam) Grad() (G.Value, error) { return p.grad, nil }

func newParam(name string, dt tensor.Dtype, shape ...int) *fakeParam {
	p := &fakeParam{name, tensor.New(tensor.Of(dt), tensor.WithShape(shape...)), tensor.New(tensor.Of(dt), tensor.WithShape(shape...))}
	for i := range p.value.Shape().TotalSize() {
		set(p.value, i, math.Sin(float64(i+1)))
	}
	return p
}

func set(t *tensor.Dense, i int, v float64) {
	if t.Dtype() == tensor.Float64 {
		t.Float64s()[i] = v
	} else {
		t.Float32s()[i] = float32(v)
	}
}

// setGrad sets the gradients of step t, from 0, times a factor.
func (p *fakeParam) setGrad(t int, factor float64) {
	for i := range p.grad.Shape().TotalSize() {
		set(p.grad, i, factor*math.Cos(float64((t+1)*(i+1))))
	}
}

// near compares numbers within a tolerance, which is relative to want, or absolute if |want| is below 1.
func near(t testing.TB, name string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d numbers, want %d", name, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance*max(1, math.Abs(want[i]))) {
			t.Fatalf("%s: element %d: got %v, want %v within %g", name, i, got[i], want[i], tolerance)
		}
	}
}

// torchCases are the weights that PyTorch 1.13 has after five steps in float64 from sin(i+1) with the gradients cos((t+1)·(i+1)),
// at a learning rate of 0.1.
var torchCases = []struct {
	name string
	make func() train.Optimizer
	want []float64
}{
	{"AdamW", func() train.Optimizer { return &train.AdamW{WeightDecay: 0.1} },
		[]float64{0.8488606447576272, 1.0944347608718055, 0.2750641108902797, -0.5123879859041536, -0.8675022113652253, -0.7301028154116691}},
	{"Adam", func() train.Optimizer { return &train.Adam{WeightDecay: 0.1} },
		[]float64{0.8429308650234691, 1.0995787791955152, 0.27742210396424605, -0.5130087601062521, -0.8718503699261445, -0.748806982092144}},
	{"AdamW with betas", func() train.Optimizer { return &train.AdamW{Beta1: 0.8, Beta2: 0.95, Eps: 1e-3} },
		[]float64{0.9083138018739723, 1.1363625606587526, 0.2760608244004609, -0.5580026502026443, -0.9188013902753425, -0.7447155757498505}},
	{"SGD", func() train.Optimizer { return &train.SGD{WeightDecay: 0.1} },
		[]float64{0.9220816603572604, 0.9723360460151571, 0.21786390716520043, -0.6715110877552266, -0.9228242865740498, -0.5619705057232609}},
	{"SGD with momentum", func() train.Optimizer { return &train.SGD{Momentum: 0.9, Dampening: 0.3, WeightDecay: 0.1} },
		[]float64{0.8915351480012516, 1.0337412196883429, 0.40586137697882774, -0.4452030518292941, -0.7559490160416829, -1.0230042120891905}},
	{"SGD after Nesterov", func() train.Optimizer { return &train.SGD{Momentum: 0.9, Nesterov: true} },
		[]float64{1.222423793303966, 1.2406119096988313, 0.4407845458770951, -0.49915942409974084, -0.7858906625228448, -1.446221764614184}},
}

func TestOptimizersAgreeWithPyTorch(t *testing.T) {
	for _, c := range torchCases {
		for _, k := range []struct {
			dt        tensor.Dtype
			tolerance float64
		}{
			{tensor.Float64, 1e-14}, // five steps of some ten roundings, in another order than PyTorch's
			{tensor.Float32, 2e-6},  // the same at 6e-8 a rounding
		} {
			o, p := c.make(), newParam("w", k.dt, 2, 3)
			for step := range 5 {
				p.setGrad(step, 4)
				if err := o.Update([]G.ValueGrad{p}, 0.1, 0.25); err != nil { // the scale undoes the factor
					t.Fatal(err)
				}
			}
			near(t, c.name+" in "+k.dt.String(), numbers(p.value), c.want, k.tolerance)
		}
	}
}

// referenceAdamW is the formula of AdamW in plain float64, one weight at a time.
func referenceAdamW(w float64, grads []float64, rate, decay float64) float64 {
	m, v := 0.0, 0.0
	for i, g := range grads {
		t := float64(i + 1)
		m, v = 0.9*m+0.1*g, 0.999*v+0.001*g*g
		w -= rate * decay * w
		w -= rate * (m / (1 - math.Pow(0.9, t))) / (math.Sqrt(v/(1-math.Pow(0.999, t))) + 1e-8)
	}
	return w
}

func TestAdamWAgreesWithItsFormula(t *testing.T) {
	for _, shape := range [][]int{{1, 1}, {7, 5}, {300, 200}} {
		p := newParam("w", tensor.Float64, shape...)
		n := p.value.Shape().TotalSize()
		want := make([]float64, n)
		for i := range want {
			grads := make([]float64, 4)
			for t := range grads {
				grads[t] = math.Cos(float64((t + 1) * (i + 1)))
			}
			want[i] = referenceAdamW(math.Sin(float64(i+1)), grads, 1e-3, 0.1)
		}
		o := &train.AdamW{WeightDecay: 0.1} // at the default rate
		for step := range 4 {
			p.setGrad(step, 1)
			if err := o.Step([]G.ValueGrad{p}); err != nil {
				t.Fatal(err)
			}
		}
		near(t, "weights", numbers(p.value), want, 1e-14) // four steps of some ten roundings
	}
}

func TestDecayIsForMatrices(t *testing.T) {
	decayed := func(o train.Optimizer) (w, b bool) {
		matrix, vector := newParam("w", tensor.Float64, 2, 2), newParam("b", tensor.Float64, 2)
		before := [2][]float64{numbers(matrix.value), numbers(vector.value)}
		if err := o.Update([]G.ValueGrad{matrix, vector}, 0.1, 1); err != nil { // gradients are zero
			t.Fatal(err)
		}
		return matrix.value.Float64s()[0] != before[0][0], vector.value.Float64s()[0] != before[1][0]
	}
	byName := func(name string, _ tensor.Shape) bool { return name == "b" }
	for name, pair := range map[string][2]train.Optimizer{
		"AdamW": {&train.AdamW{WeightDecay: 0.1}, &train.AdamW{WeightDecay: 0.1, Decay: byName}},
		"Adam":  {&train.Adam{WeightDecay: 0.1}, &train.Adam{WeightDecay: 0.1, Decay: byName}},
		"SGD":   {&train.SGD{WeightDecay: 0.1}, &train.SGD{WeightDecay: 0.1, Decay: byName}},
	} {
		if w, b := decayed(pair[0]); !w || b {
			t.Errorf("%s: got decay of the matrix %v, of the vector %v, want only the matrix", name, w, b)
		}
		if w, b := decayed(pair[1]); w || !b {
			t.Errorf("%s: got decay of the matrix %v, of the vector %v, want only the parameter chosen by name", name, w, b)
		}
	}
}

func TestUpdateErrors(t *testing.T) {
	model := func() []G.ValueGrad { return []G.ValueGrad{newParam("w", tensor.Float64, 2)} }
	for name, o := range map[string]train.Optimizer{
		"adamw": &train.AdamW{}, "adam": &train.Adam{}, "sgd": &train.SGD{Momentum: 0.9}, "lion": &train.Lion{}, "lamb": &train.LAMB{},
		"adafactor": &train.Adafactor{}, "muon": &train.Muon{}, "schedule-free": &train.ScheduleFree{},
	} {
		for _, rate := range []float64{-1, math.NaN(), math.Inf(1)} {
			wantError(t, o.Update(model(), rate, 1), "train: "+name, "learning rate")
		}
		wantError(t, o.Update(model(), 1, math.NaN()), "scale of the gradients")
		wantError(t, o.Update([]G.ValueGrad{newParam("w", tensor.Float64, 1), newParam("w", tensor.Float64, 1)}, 1, 1), "two parameters", "called w")
		wantError(t, o.Update([]G.ValueGrad{&fakeParam{name: "w"}}, 1, 1), "w: no value")
		ints := tensor.New(tensor.Of(tensor.Int), tensor.WithShape(2))
		wantError(t, o.Update([]G.ValueGrad{&fakeParam{"w", ints, ints}}, 1, 1), "elements of int")
		bad := newParam("w", tensor.Float64, 2)
		bad.grad = newParam("w", tensor.Float64, 3).grad
		wantError(t, o.Update([]G.ValueGrad{bad}, 1, 1), "gradient of w", "(3)", "(2)")
		if err := o.Update(model(), 1, 1); err != nil {
			t.Errorf("%s: got error %v after refused steps, want none", name, err)
		}
		wantError(t, o.Update([]G.ValueGrad{newParam("v", tensor.Float64, 2)}, 1, 1), "is v", "bound to w")
		wantError(t, o.Update(nil, 1, 1), "0 parameters", "bound to 1")
	}
	wantError(t, (&train.AdamW{Beta1: 1}).Update(model(), 1, 1), "Beta1 1")
	wantError(t, (&train.Lion{Beta2: 1}).Update(model(), 1, 1), "train: lion", "Beta2 1")
	wantError(t, (&train.Adafactor{Clip: -1}).Update(model(), 1, 1), "Clip -1")
	wantError(t, (&train.Muon{NSSteps: 99}).Update(model(), 1, 1), "NSSteps 99")
	wantError(t, (&train.EMA{Optimizer: &train.SGD{}, Decay: 1}).Update(model(), 1, 1), "Decay is 1")
	wantError(t, (&train.EMA{Optimizer: &train.ScheduleFree{}}).Update(model(), 1, 1), "keeps no average itself")
	wide := []G.ValueGrad{newParam("w", tensor.Float64, 2, 3)}
	wantError(t, (&train.AdamW{BFloat16: true}).Update(wide, 1, 1), "w is of float64")
	wantError(t, (&train.SGD{Nesterov: true}).Update(model(), 1, 1), "Nesterov true")
	o := &train.SGD{}
	o.Update(model(), 1, 1)
	o.Momentum = 0.9
	wantError(t, o.Update(model(), 1, 1), "momentum_buffer")
}

func TestOptimizerAllocatesNothing(t *testing.T) {
	model := []G.ValueGrad{newParam("w", tensor.Float32, 64, 64), newParam("b", tensor.Float32, 64)}
	list := []train.Optimizer{&train.AdamW{BFloat16: true}}
	for _, make := range newOptimizers {
		list = append(list, make())
	}
	for _, c := range torchCases {
		list = append(list, c.make())
	}
	for _, o := range list {
		step := func() {
			if err := o.Update(model, 1e-3, 0.5); err != nil {
				t.Fatal(err)
			}
		}
		step()
		if n := testing.AllocsPerRun(50, step); n != 0 {
			t.Errorf("%T: got %v allocations a step, want none", o, n)
		}
	}
}

// plainRegression fits y = 2x + 3 in a plain Gorgonia program, with a vector and a scalar parameter.
func plainRegression(t *testing.T, solver G.Solver, steps int) (w, b float64) {
	t.Helper()
	g := G.NewGraph()
	x := G.NewVector(g, tensor.Float64, G.WithShape(4), G.WithName("x"), G.WithValue(tensor.New(tensor.WithBacking([]float64{-1, 0, 1, 2}))))
	y := G.NewVector(g, tensor.Float64, G.WithShape(4), G.WithName("y"), G.WithValue(tensor.New(tensor.WithBacking([]float64{1, 3, 5, 7}))))
	weight := G.NewScalar(g, tensor.Float64, G.WithName("weight"), G.WithValue(0.5))
	bias := G.NewVector(g, tensor.Float64, G.WithShape(4), G.WithName("bias"), G.WithInit(G.Zeroes()))
	loss := G.Must(G.Mean(G.Must(G.Square(G.Must(G.Sub(G.Must(G.Add(G.Must(G.Mul(weight, x)), bias)), y))))))
	if _, err := G.Grad(loss, weight, bias); err != nil {
		t.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(weight, bias))
	defer vm.Close()
	model := []G.ValueGrad{weight, bias}
	for range steps {
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		if err := solver.Step(model); err != nil {
			t.Fatal(err)
		}
		vm.Reset()
	}
	return numbers(weight.Value())[0], numbers(bias.Value())[2]
}

func TestOptimizersServePlainGorgoniaPrograms(t *testing.T) {
	// Gorgonia's own solvers are the reference: the same formula gives the same numbers except for roundings.
	for _, c := range []struct {
		name         string
		ours, theirs G.Solver
	}{
		{"SGD", &train.SGD{Rate: 0.1}, G.NewVanillaSolver(G.WithLearnRate(0.1))},
		{"Adam", &train.Adam{Rate: 0.1}, G.NewAdamSolver(G.WithLearnRate(0.1))},
	} {
		w, b := plainRegression(t, c.ours, 20)
		w2, b2 := plainRegression(t, c.theirs, 20)
		near(t, c.name, []float64{w, b}, []float64{w2, b2}, 1e-6) // Gorgonia adds Eps at another place: Eps/√v is about 1e-7
		if math.Abs(w-0.5) < 0.1 {
			t.Errorf("%s: the weight is %v, hardly moved from 0.5", c.name, w)
		}
	}
	w, _ := plainRegression(t, &train.AdamW{Rate: 0.1}, 1)
	near(t, "AdamW", []float64{w}, []float64{0.6}, 1e-6) // the first step has the size of the rate, except for Eps
}

func BenchmarkAdamW(b *testing.B) {
	model := []G.ValueGrad{newParam("w", tensor.Float32, 1024, 1024)}
	o := &train.AdamW{WeightDecay: 0.1}
	b.ReportAllocs()
	steps := 0
	for b.Loop() {
		if err := o.Update(model, 1e-3, 0.5); err != nil {
			b.Fatal(err)
		}
		steps++
	}
	b.ReportMetric(float64(steps)*28*(1<<20)/b.Elapsed().Seconds()/1e9, "GB/s") // w, m, v read and written, g read
}
