package ops_test

import (
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// opCase is one application of an operation to parameters, whose gradients are all checked, and to constants.
type opCase struct {
	name     string
	operands []operand
	apply    func(x []*G.Node) (*G.Node, error)
	want     func(x []array) array // the plain reference, in float64
}

// operand is a parameter unless ids or fixed is set.
type operand struct {
	shape []int
	init  graph.Init
	ids   []int32
	fixed []float64
}

func (o operand) isParam() bool { return o.ids == nil && o.fixed == nil }

func normal(shape ...int) operand { return operand{shape: shape, init: graph.Normal(1)} }

// near1 suits denominators: 0.9 to 1.1 after the shift of graphtest.Gradients.
func near1(shape ...int) operand { return operand{shape: shape, init: graph.Constant(1)} }

func ids(v []int32, shape ...int) operand { return operand{shape: shape, ids: v} }

func fixed(v []float64, shape ...int) operand { return operand{shape: shape, fixed: v} }

// allCases returns every case of this package's tables.
func allCases() []opCase {
	return slices.Concat(arithmeticCases(), matMulCases(), linearCases(), shapeCases(), embeddingCases(), attentionCases(),
		normCases(), softmaxCases(), crossEntropyCases(), headLossCases(), activationCases(), dropoutCases(), poolingCases(), customCases(),
		ropeCases(), negativeSamplingCases(), recurrentCases())
}

// declare declares the case in a graph.Program.
func (c opCase) declare(s *graph.Scope) {
	nodes := make([]*G.Node, len(c.operands))
	for i, o := range c.operands {
		switch {
		case o.ids != nil:
			nodes[i] = s.Constant(graphtest.Ints(o.ids, o.shape...))
		case o.fixed != nil:
			nodes[i] = s.Constant(graphtest.Dense(s.Dtype(), o.fixed, o.shape...))
		default:
			nodes[i] = s.At(i).Param("x", o.init, o.shape...)
		}
	}
	y := s.Try(c.apply(nodes))
	n := y.Shape().TotalSize()
	s.Output("y", y)
	s.Minimize(s.Try(weighted(y, s.Constant(lossWeights(s.Dtype(), n)))))
}

// lossWeights are uneven, so that no error of a gradient cancels out.
func lossWeights(dt tensor.Dtype, n int) *tensor.Dense {
	w := make([]float64, n)
	kernel.Uniform(w, kernel.Seed{Key: 3}, -1, 1)
	return graphtest.Dense(dt, w, n, 1)
}

// weighted makes a scalar of y: (…) and (N, 1) → ().
func weighted(y, w *G.Node) (*G.Node, error) {
	row, err := ops.Reshape(y, 1, y.Shape().TotalSize())
	if err != nil {
		return nil, err
	}
	sum, err := ops.MatMul(row, w, ops.MatMulOptions{})
	if err != nil {
		return nil, err
	}
	return ops.Reshape(sum)
}

// run builds the case and runs it once.
func (c opCase) run(t *testing.T, params *graph.Params) *graph.Program {
	t.Helper()
	p, err := graph.Build(params, graph.Train, c.declare)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(nil); err != nil {
		t.Fatal(err)
	}
	return p
}

// values returns the operands with the values of the parameters.
func (c opCase) values(params *graph.Params) []array {
	x := make([]array, len(c.operands))
	for i, o := range c.operands {
		x[i] = array{shape: o.shape, i: o.ids, f: o.fixed}
		if o.isParam() {
			x[i].f = float64s(params.Value(paramName(i)))
		}
	}
	return x
}

func paramName(i int) string { return string(rune('0'+i)) + ".x" }

func float64s(t *tensor.Dense) []float64 {
	if t.Dtype() == tensor.Float64 {
		return slices.Clone(t.Float64s())
	}
	f := make([]float64, t.DataSize())
	for i, v := range t.Float32s() {
		f[i] = float64(v)
	}
	return f
}
