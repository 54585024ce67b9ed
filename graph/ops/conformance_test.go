package ops_test

import (
	"math"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
)

// TestGradients compares every operation's gradients with central differences.
func TestGradients(t *testing.T) {
	for _, c := range allCases() {
		t.Run(c.name, func(t *testing.T) { graphtest.Gradients(t, nil, c.declare) })
	}
}

// TestValues compares every operation with its plain reference.
func TestValues(t *testing.T) {
	for _, c := range allCases() {
		t.Run(c.name, func(t *testing.T) {
			// In float32, sums of up to a few hundred terms of size 1 have an error of a few times √100·6e-8. float64 has 9 more
			// digits.
			checkValues(t, c, tensor.Float32, 1e-5)
			checkValues(t, c, tensor.Float64, 1e-12)
		})
	}
}

func checkValues(t *testing.T, c opCase, dt tensor.Dtype, tolerance float64) {
	t.Helper()
	params := graph.NewParams(dt, 1)
	p := c.run(t, params)
	got, want := p.Output("y"), c.want(c.values(params))
	shape := want.shape
	if len(shape) == 0 {
		shape = []int{1}
	}
	if !slices.Equal(got.Shape(), shape) {
		t.Fatalf("%v: got shape %v, want %v", dt, got.Shape(), shape)
	}
	for i, g := range float64s(got) {
		if w := want.f[i]; g != w && !(math.Abs(g-w) <= tolerance*max(1, math.Abs(w))) {
			t.Fatalf("%v: element %d: got %.17g, want %.17g within %g", dt, i, g, w, tolerance)
		}
	}
}

// TestTapeMachine runs every operation in a plain Gorgonia graph, forward and backward.
func TestTapeMachine(t *testing.T) {
	for _, c := range allCases() {
		t.Run(c.name, func(t *testing.T) {
			for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
				params := graph.NewParams(dt, 1)
				p := c.run(t, params)
				y, grads := c.tapeMachine(t, params)
				// Kernels and operands are the same, so the bits must be the same.
				if got, want := y, float64s(p.Output("y")); !slices.Equal(got, want) {
					t.Errorf("%v: forward: got %v, want %v", dt, got, want)
				}
				for i, w := range p.Weights() {
					v, _ := w.Grad()
					if want := float64s(v.(*tensor.Dense)); !slices.Equal(grads[i], want) {
						t.Errorf("%v: gradient of %s: got %v, want %v", dt, w.Name(), grads[i], want)
					}
				}
			}
		})
	}
}

// tapeMachine returns the value and the gradients of the parameters as computed by Gorgonia's own machine.
func (c opCase) tapeMachine(t *testing.T, params *graph.Params) (y []float64, grads [][]float64) {
	t.Helper()
	g := G.NewGraph()
	var nodes, wrt G.Nodes
	for i, o := range c.operands {
		n := plainNode(g, i, o, params)
		nodes = append(nodes, n)
		if o.isParam() {
			wrt = append(wrt, n)
		}
	}
	out, err := c.apply(nodes)
	check(t, err)
	w := G.NewTensor(g, params.Dtype(), 2, G.WithName("weights"), G.WithValue(lossWeights(params.Dtype(), out.Shape().TotalSize())))
	loss, err := weighted(out, w)
	check(t, err)
	_, err = G.Grad(loss, wrt...)
	check(t, err)
	var v G.Value
	G.Read(out, &v)
	vm := G.NewTapeMachine(g, G.BindDualValues(wrt...))
	check(t, vm.RunAll())
	for _, n := range wrt {
		d, err := n.Grad()
		check(t, err)
		grads = append(grads, plainValue(t, d))
	}
	y = plainValue(t, v)
	vm.Reset()
	check(t, vm.RunAll()) // its next run must find the operands unchanged
	if again := plainValue(t, v); !slices.Equal(again, y) {
		t.Errorf("the second run gives %v, the first gave %v", again, y)
	}
	for i, n := range nodes {
		if o := c.operands[i]; o.isParam() && !slices.Equal(plainValue(t, n.Value()), float64s(params.Value(paramName(i)))) {
			t.Errorf("operand %d was changed by the runs", i)
		}
	}
	check(t, vm.Close())
	return y, grads
}

func plainNode(g *G.ExprGraph, i int, o operand, params *graph.Params) *G.Node {
	dt, v := params.Dtype(), params.Value(paramName(i))
	switch {
	case o.ids != nil:
		dt, v = tensor.Int32, graphtest.Ints(o.ids, o.shape...)
	case o.fixed != nil:
		v = graphtest.Dense(dt, o.fixed, o.shape...)
	default:
		v = v.Clone().(*tensor.Dense)
	}
	return G.NewTensor(g, dt, len(o.shape), G.WithName(paramName(i)), G.WithShape(o.shape...), G.WithValue(v))
}

func plainValue(t *testing.T, v G.Value) []float64 {
	t.Helper()
	switch v := v.(type) {
	case *tensor.Dense:
		return float64s(v)
	case *G.F32:
		return []float64{float64(*v)}
	case *G.F64:
		return []float64{float64(*v)}
	}
	t.Fatalf("value of type %T, want a tensor or a float", v)
	return nil
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
