package train_test

import (
	"maps"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/train"
)

type statefulOptimizer interface {
	train.Optimizer
	train.Stateful
}

func saved(o train.Stateful) map[string]*tensor.Dense {
	state := map[string]*tensor.Dense{}
	for name, v := range o.State() {
		state[name] = v.Clone().(*tensor.Dense)
	}
	return state
}

func TestRestoreContinuesExactly(t *testing.T) {
	makers := map[string]func() train.Optimizer{"AdamW in bfloat16": func() train.Optimizer { return &train.AdamW{BFloat16: true} }}
	for _, c := range torchCases {
		makers[c.name] = c.make
	}
	for name, make := range makers {
		whole, first, second := make().(statefulOptimizer), make().(statefulOptimizer), make().(statefulOptimizer)
		p, q := newParam("w", tensor.Float32, 2, 3), newParam("w", tensor.Float32, 2, 3)
		step := func(o train.Optimizer, p *fakeParam, i int) {
			p.setGrad(i, 1)
			if err := o.Update([]G.ValueGrad{p}, 0.1, 1); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 6 {
			step(whole, p, i)
		}
		for i := range 3 {
			step(first, q, i)
		}
		if err := second.Bind([]G.ValueGrad{q}); err != nil {
			t.Fatal(err)
		}
		if err := second.Restore(saved(first)); err != nil {
			t.Fatal(err)
		}
		for i := 3; i < 6; i++ {
			step(second, q, i)
		}
		if got, want := numbers(q.value), numbers(p.value); !slices.Equal(got, want) {
			t.Errorf("%s: got %v after a resumption, want the same bits as %v", name, got, want)
		}
	}
}

func TestStateNames(t *testing.T) {
	model := []G.ValueGrad{newParam("h.0.w", tensor.Float32, 2, 3), newParam("h.0.b", tensor.Float32, 3)}
	for _, c := range []struct {
		o    statefulOptimizer
		want []string
	}{
		{&train.AdamW{}, []string{"step", "exp_avg.h.0.w", "exp_avg.h.0.b", "exp_avg_sq.h.0.w", "exp_avg_sq.h.0.b"}},
		{&train.AdamW{BFloat16: true}, []string{"step", "exp_avg_pair.h.0.w", "exp_avg_pair.h.0.b"}},
		{&train.Adam{}, []string{"step", "exp_avg.h.0.w", "exp_avg.h.0.b", "exp_avg_sq.h.0.w", "exp_avg_sq.h.0.b"}},
		{&train.SGD{Momentum: 0.9}, []string{"step", "momentum_buffer.h.0.w", "momentum_buffer.h.0.b"}},
		{&train.SGD{}, []string{"step"}},
	} {
		if n := len(saved(c.o)); n != 0 {
			t.Errorf("%T: got a state of %d tensors before Bind, want none", c.o, n)
		}
		wantError(t, c.o.Restore(nil), "call Bind first")
		if err := c.o.Bind(model); err != nil {
			t.Fatal(err)
		}
		var got []string
		for name := range c.o.State() {
			got = append(got, name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%T: got %v, want %v", c.o, got, c.want)
		}
	}
}

func TestRestoreReportsEverythingAndChangesNothing(t *testing.T) {
	p, q := newParam("a", tensor.Float64, 2), newParam("b", tensor.Float64, 2)
	model := []G.ValueGrad{p, q}
	o := &train.AdamW{}
	p.setGrad(0, 1)
	if err := o.Step(model); err != nil {
		t.Fatal(err)
	}
	before := saved(o)
	state := maps.Clone(before)
	delete(state, "exp_avg.a")
	state["exp_avg.b"] = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2, 1))
	state["exp_avg_sq.a"] = tensor.New(tensor.Of(tensor.Int32), tensor.WithShape(2))
	state["exp_avg.c"] = state["exp_avg_sq.b"]
	state["exp_avg_sq.b"] = tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2)) // would fit
	state["step"] = tensor.New(tensor.WithBacking([]float64{1.5}), tensor.WithShape(1))
	wantError(t, o.Restore(state), "train: adamw: restore: ", "exp_avg.a is missing", "exp_avg.b has shape (2, 1), want (2)",
		"exp_avg_sq.a has type int32", "exp_avg.c is unexpected", "step is 1.5")
	for name, v := range saved(o) {
		if name != "step" && !slices.Equal(numbers(v), numbers(before[name])) {
			t.Errorf("%s was changed", name)
		}
	}
	many := maps.Clone(before)
	for i := range 30 {
		many[string(rune('A'+i))] = before["step"]
	}
	wantError(t, o.Restore(many), "and 10 more")
}

func TestRestoreConverts(t *testing.T) {
	model := []G.ValueGrad{newParam("a", tensor.Float32, 2)}
	o := &train.AdamW{}
	if err := o.Bind(model); err != nil {
		t.Fatal(err)
	}
	err := o.Restore(map[string]*tensor.Dense{
		"step":         tensor.New(tensor.WithBacking([]float32{12}), tensor.WithShape(1)), // PyTorch's type
		"exp_avg.a":    tensor.New(tensor.WithBacking([]float64{0.5, 1}), tensor.WithShape(2)),
		"exp_avg_sq.a": tensor.New(tensor.WithBacking([]float32{2, 3}), tensor.WithShape(2)),
	})
	if err != nil {
		t.Fatal(err)
	}
	state := saved(o)
	if got := state["step"].Int64s()[0]; got != 12 {
		t.Errorf("got step %d, want 12", got)
	}
	if got := numbers(state["exp_avg.a"]); !slices.Equal(got, []float64{0.5, 1}) {
		t.Errorf("got exp_avg %v, want 0.5 1", got)
	}
}
