package graph_test

import (
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// gorgoniaOps are Gorgonia's own correct operations, on positive x (3, 4) and y (3, 4).
var gorgoniaOps = map[string]func(x, y *G.Node) (*G.Node, error){
	"Tanh":         func(x, _ *G.Node) (*G.Node, error) { return G.Tanh(x) },
	"Sigmoid":      func(x, _ *G.Node) (*G.Node, error) { return G.Sigmoid(x) },
	"Exp":          func(x, _ *G.Node) (*G.Node, error) { return G.Exp(x) },
	"Log":          func(x, _ *G.Node) (*G.Node, error) { return G.Log(x) },
	"Sqrt":         func(x, _ *G.Node) (*G.Node, error) { return G.Sqrt(x) },
	"Square":       func(x, _ *G.Node) (*G.Node, error) { return G.Square(x) },
	"Cube":         func(x, _ *G.Node) (*G.Node, error) { return G.Cube(x) },
	"Neg":          func(x, _ *G.Node) (*G.Node, error) { return G.Neg(x) },
	"Inverse":      func(x, _ *G.Node) (*G.Node, error) { return G.Inverse(x) },
	"Sin":          func(x, _ *G.Node) (*G.Node, error) { return G.Sin(x) },
	"Softplus":     func(x, _ *G.Node) (*G.Node, error) { return G.Softplus(x) },
	"Add":          G.Add,
	"Sub":          G.Sub,
	"HadamardProd": G.HadamardProd,
	"HadamardDiv":  G.HadamardDiv,
	"x+x":          func(x, _ *G.Node) (*G.Node, error) { return G.Add(x, x) },
	"Sum":          func(x, _ *G.Node) (*G.Node, error) { return G.Sum(x) },
	"Sum/0":        func(x, _ *G.Node) (*G.Node, error) { return G.Sum(x, 0) },
	"Sum/1":        func(x, _ *G.Node) (*G.Node, error) { return G.Sum(x, 1) },
	"Mean":         func(x, _ *G.Node) (*G.Node, error) { return G.Mean(x) },
	"Mean/1":       func(x, _ *G.Node) (*G.Node, error) { return G.Mean(x, 1) },
	"Max":          func(x, _ *G.Node) (*G.Node, error) { return G.Max(x, 1) },
	"Transpose":    func(x, _ *G.Node) (*G.Node, error) { return G.Transpose(x, 1, 0) },
	"Concat":       func(x, y *G.Node) (*G.Node, error) { return G.Concat(0, x, y) },
	"Mul": func(x, y *G.Node) (*G.Node, error) {
		z, err := G.Transpose(y, 1, 0)
		if err != nil {
			return nil, err
		}
		return G.Mul(x, z)
	},
	"BatchedMatMul": func(x, y *G.Node) (*G.Node, error) {
		a, err := ops.Reshape(x, 3, 2, 2)
		if err != nil {
			return nil, err
		}
		b, err := ops.Reshape(y, 3, 2, 2)
		if err != nil {
			return nil, err
		}
		return G.BatchedMatMul(a, b, false, true)
	},
	"BroadcastAdd": func(x, y *G.Node) (*G.Node, error) {
		row, err := ops.Slice(y, 0, 1, 2)
		if err != nil {
			return nil, err
		}
		return G.BroadcastAdd(x, row, nil, []byte{0})
	},
	"BroadcastHadamardProd": func(x, y *G.Node) (*G.Node, error) {
		column, err := ops.Slice(y, 1, 1, 2)
		if err != nil {
			return nil, err
		}
		return G.BroadcastHadamardProd(x, column, nil, []byte{1})
	},
	"Reshape": func(x, _ *G.Node) (*G.Node, error) { return G.Reshape(x, tensor.Shape{2, 6}) },
	"Sum/4-D": func(x, _ *G.Node) (*G.Node, error) {
		x, err := ops.Reshape(x, 3, 2, 1, 2)
		if err != nil {
			return nil, err
		}
		return G.Sum(x, 1, 3)
	},
	"Mul/vectors": func(x, y *G.Node) (*G.Node, error) {
		a, err := ops.Reshape(x, 12)
		if err != nil {
			return nil, err
		}
		b, err := ops.Reshape(y, 12)
		if err != nil {
			return nil, err
		}
		return G.Mul(a, b)
	},
	"Tensordot":     func(x, y *G.Node) (*G.Node, error) { return G.Tensordot([]int{1}, []int{1}, x, y) },
	"Tensordot/all": func(x, y *G.Node) (*G.Node, error) { return G.Tensordot([]int{0, 1}, []int{0, 1}, x, y) },
	"Abs":           func(x, _ *G.Node) (*G.Node, error) { return G.Abs(x) },
	"Log1p":         func(x, _ *G.Node) (*G.Node, error) { return G.Log1p(x) },
	"Expm1":         func(x, _ *G.Node) (*G.Node, error) { return G.Expm1(x) },
	"Mish":          func(x, _ *G.Node) (*G.Node, error) { return G.Mish(x) },
	"Rectify":       func(x, _ *G.Node) (*G.Node, error) { return G.Rectify(x) },
	"Pow":           G.Pow,
	"a constant":    func(x, _ *G.Node) (*G.Node, error) { return G.Mul(x, G.NewConstant(2.5)) },
}

// TestGorgoniaOps: Gorgonia's own operations run in a Program between ours, with correct gradients.
func TestGorgoniaOps(t *testing.T) {
	for name, op := range gorgoniaOps {
		t.Run(name, func(t *testing.T) {
			graphtest.Gradients(t, nil, func(s *graph.Scope) {
				x := s.Param("x", graph.Constant(1), 3, 4)
				y := s.Param("y", graph.Constant(2), 3, 4)
				z := s.Try(op(s.Try(ops.Scale(x, 2)), s.Try(ops.Mul(y, x))))
				s.Output("z", z)
				loss := graphtest.Loss(s, z)
				s.Minimize(s.Add(loss, graphtest.Loss(s, y)))
			})
		})
	}
}

// TestGorgoniaLoss runs a model of Gorgonia's operations only, including the loss.
func TestGorgoniaLoss(t *testing.T) {
	feed := graph.Feed{"x": graphtest.Dense(tensor.Float64, []float64{1, 2, 3, 4, 5, 6}, 2, 3)}
	graphtest.Gradients(t, feed, func(s *graph.Scope) {
		x := s.Input("x", tensor.Float64, 2, 3)
		y := s.Try(G.Mul(x, s.Param("w", graph.Normal(1), 3, 2)))
		y = s.Try(G.Tanh(s.Try(G.BroadcastAdd(y, s.Param("b", graph.Normal(1), 1, 2), nil, []byte{0}))))
		s.Minimize(s.Try(G.Mean(s.Try(G.Square(y)))))
	})
}
