package graph_test

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

func trained(p *graph.Program) []string {
	var n []string
	for _, w := range p.Weights() {
		n = append(n, w.Name())
	}
	return n
}

// TestModes: gradients exist only in mode Train. The loss is the same in all modes.
func TestModes(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	var losses []float64
	for _, mode := range []graph.Mode{graph.Train, graph.Eval, graph.Decode} {
		p := buildOver(t, params, mode, affine)
		check(t, p.Run(graph.Feed{"x": random(1, 2, 3)}))
		losses = append(losses, p.Loss())
		if n := len(p.Weights()); (n == 1) != (mode == graph.Train) || n != len(p.ValueGrads()) {
			t.Errorf("%v: got %d gradients", mode, n)
		}
		if m := p.Memory(); (m.Gradients == 12) != (mode == graph.Train) || m.Params != 12 {
			t.Errorf("%v: got %d bytes of gradients and %d of parameters", mode, m.Gradients, m.Params)
		}
	}
	if losses[0] == 0 || losses[1] != losses[0] || losses[2] != losses[0] {
		t.Errorf("got losses %v, want the same", losses)
	}
}

// TestFrozen: a frozen parameter has no gradient, costs nothing in the backward pass, and does not change.
func TestFrozen(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	all := buildOver(t, params, graph.Train, small.declare)
	check(t, all.Run(small.feed()))
	if n := params.Freeze("h.**") + params.Freeze("wpe.*"); n == 0 {
		t.Fatal("nothing is frozen")
	}
	before := map[string][]float32{}
	for name, v := range params.All() {
		before[name] = slices.Clone(v.Float32s())
	}
	p := buildOver(t, params, graph.Train, small.declare)
	if got, want := trained(p), []string{"wte.weight", "ln_f.weight", "ln_f.bias"}; !slices.Equal(got, want) {
		t.Errorf("trained: got %v, want %v", got, want)
	}
	check(t, p.Run(small.feed()))
	for _, name := range trained(p) {
		if got, want := grad(t, p, name), grad(t, all, name); !slices.Equal(got, want) {
			t.Errorf("gradient of %s: changes when other parameters are frozen", name)
		}
	}
	check(t, sgd(p, 0.1))
	for name, v := range params.All() {
		if same := slices.Equal(v.Float32s(), before[name]); same != params.Frozen(name) {
			t.Errorf("%s: frozen %t, but unchanged %t", name, params.Frozen(name), same)
		}
	}
	if a, b := p.Memory().Gradients, all.Memory().Gradients; a >= b {
		t.Errorf("gradients: got %d bytes, want less than the %d of all", a, b)
	}
	params.Freeze("**")
	if p := buildOver(t, params, graph.Train, small.declare); len(p.Weights()) != 0 {
		t.Errorf("all frozen: got gradients of %v, want none", trained(p))
	}
}

// sgd is one step of plain gradient descent.
func sgd(p *graph.Program, rate float32) error {
	for _, w := range p.Weights() {
		g, err := w.Grad()
		if err != nil {
			return err
		}
		x := w.Value().(*tensor.Dense).Float32s()
		for i, d := range g.(*tensor.Dense).Float32s() {
			x[i] -= rate * d
		}
	}
	return nil
}

// TestOffTheLoss: the error names a parameter that cannot be trained.
func TestOffTheLoss(t *testing.T) {
	declare := func(s *graph.Scope) {
		affine(s)
		s.Output("other", s.Try(ops.ReLU(s.In("h").At(2).Param("bias", graph.Zeros(), 2))))
	}
	params := graph.NewParams(tensor.Float32, 1)
	_, err := graph.Build(params, graph.Train, declare)
	checkError(t, err, "graph: build: h.2.bias: |does not affect the loss|freeze")
	buildOver(t, params, graph.Eval, declare)
	params.Freeze("h.2.bias")
	buildOver(t, params, graph.Train, declare)
}

// TestUnusualGradients: gradients may be leaves, constants or views of each other.
func TestUnusualGradients(t *testing.T) {
	for name, declare := range map[string]func(*graph.Scope){
		"the loss itself": func(s *graph.Scope) {
			s.Minimize(s.Try(ops.Reshape(s.Param("x", graph.Normal(1), 1))))
		},
		"an input": func(s *graph.Scope) {
			x, y := s.Param("x", graph.Normal(1), 1), s.Param("y", graph.Normal(1), 1)
			s.Minimize(s.Try(ops.Reshape(s.Try(ops.Mul(x, y)))))
		},
		"twice": func(s *graph.Scope) {
			x := s.Param("x", graph.Normal(1), 2, 3)
			s.Minimize(graphtest.Loss(s, s.Add(x, x)))
		},
		"views": func(s *graph.Scope) {
			x, y := s.Param("x", graph.Normal(1), 2, 3), s.Param("y", graph.Normal(1), 3, 2)
			s.Minimize(graphtest.Loss(s, s.Add(s.Try(ops.Reshape(x, 6)), s.Try(ops.Reshape(y, 6)))))
		},
		"slices of one parameter": func(s *graph.Scope) {
			x := s.Param("x", graph.Normal(1), 4, 3)
			a, b := s.Try(ops.Slice(x, 0, 0, 2)), s.Try(ops.Slice(x, 0, 1, 3))
			s.Minimize(graphtest.Loss(s, s.Try(ops.Mul(a, b))))
		},
		"a parameter in a loss that is an output": func(s *graph.Scope) {
			x := s.Param("x", graph.Normal(1), 4)
			loss := graphtest.Loss(s, s.Try(ops.Mul(x, x)))
			s.Output("x", x)
			s.Output("loss", loss)
			s.Minimize(loss)
		},
	} {
		t.Run(name, func(t *testing.T) { graphtest.Gradients(t, nil, declare) })
	}
}

// TestSharedWeights: after one Program trains weights, the other Programs see the new weights at their next run.
func TestSharedWeights(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	m := small
	step := buildOver(t, params, graph.Train, m.declare)
	m.b, m.t = 1, 24
	one := buildOver(t, params, graph.Eval, m.declare)
	eval := buildOver(t, params, graph.Eval, small.declare)
	var losses []float64
	for range 4 {
		check(t, eval.Run(small.feed()))
		losses = append(losses, eval.Loss())
		check(t, step.Run(small.feed()))
		check(t, sgd(step, 0.1))
	}
	for i, l := range losses[1:] {
		if l >= losses[i] {
			t.Errorf("got losses %v, want falling ones", losses)
		}
	}
	check(t, one.Run(m.feed()))
	check(t, eval.Run(small.feed()))
	n := m.t * m.vocab
	if got, want := one.Output("logits").Float32s(), eval.Output("logits").Float32s()[:n]; !slices.Equal(got, want) {
		t.Error("logits of the first sequence alone differ from those in the batch")
	}
}
