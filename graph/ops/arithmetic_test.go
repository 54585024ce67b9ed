package ops_test

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// broadcasts are pairs of shapes: equal ones, scalars, masks of (B, 1, 1, T), adjacent and leading axes, both sides repeated.
var broadcasts = []struct{ x, y []int }{
	{[]int{1}, []int{1}},
	{[]int{2, 3}, []int{2, 3}},
	{[]int{2, 3}, []int{1}},
	{[]int{1}, []int{3, 5}},
	{[]int{1, 1, 1}, []int{5}},
	{[]int{4, 3}, []int{3}},
	{[]int{3}, []int{4, 3}},
	{[]int{4, 3}, []int{4, 1}},
	{[]int{4, 1}, []int{1, 3}},
	{[]int{2, 3, 5}, []int{3, 1}},
	{[]int{2, 3, 5}, []int{2, 1, 5}},
	{[]int{2, 3, 5, 4}, []int{2, 1, 1, 4}},
	{[]int{2, 1, 1, 4}, []int{2, 3, 5, 4}},
	{[]int{2, 3, 5, 4}, []int{4}},
	{[]int{2, 3, 5, 4}, []int{1, 1, 1, 4}},
	{[]int{2, 3, 5, 4}, []int{2, 1, 1, 1}},
	{[]int{2, 3, 5, 4}, []int{1, 3, 5, 1}},
	{[]int{2, 1, 5, 1}, []int{1, 3, 1, 4}},
	{[]int{2, 3, 1, 2, 3}, []int{3, 1, 2, 1}},
	{[]int{2, 1, 2, 1, 2, 3}, []int{3, 1, 2, 1, 3}},
}

func arithmeticCases() []opCase {
	var cases []opCase
	for _, o := range []struct {
		name  string
		apply func(x, y *G.Node) (*G.Node, error)
		f     func(x, y float64) float64
	}{
		{"Add", ops.Add, func(x, y float64) float64 { return x + y }},
		{"Sub", ops.Sub, func(x, y float64) float64 { return x - y }},
		{"Mul", ops.Mul, func(x, y float64) float64 { return x * y }},
		{"Div", ops.Div, func(x, y float64) float64 { return x / y }},
	} {
		for _, b := range broadcasts {
			cases = append(cases, opCase{
				name:     fmt.Sprintf("%s/%v,%v", o.name, b.x, b.y),
				operands: []operand{normal(b.x...), near1(b.y...)},
				apply:    func(x []*G.Node) (*G.Node, error) { return o.apply(x[0], x[1]) },
				want:     func(x []array) array { return broadcast(x[0], x[1], o.f) },
			})
		}
		cases = append(cases, withScalar(o.name, o.apply, o.f), withItself(o.name, o.apply, o.f))
	}
	for _, shape := range [][]int{{1}, {3, 1, 5}} {
		cases = append(cases, opCase{
			name:     fmt.Sprintf("Scale/%v", shape),
			operands: []operand{normal(shape...)},
			apply:    func(x []*G.Node) (*G.Node, error) { return ops.Scale(x[0], -2.5) },
			want:     func(x []array) array { return mapped(x[0], func(v float64) float64 { return -2.5 * v }) },
		})
	}
	return cases
}

// withScalar combines a matrix with a node without axes.
func withScalar(name string, apply func(x, y *G.Node) (*G.Node, error), f func(x, y float64) float64) opCase {
	return opCase{
		name:     name + "/[2 3],[]",
		operands: []operand{normal(2, 3), near1(1)},
		apply: func(x []*G.Node) (*G.Node, error) {
			y, err := ops.Reshape(x[1])
			if err != nil {
				return nil, err
			}
			return apply(x[0], y)
		},
		want: func(x []array) array { return broadcast(x[0], x[1], f) },
	}
}

// withItself uses one node as both operands.
func withItself(name string, apply func(x, y *G.Node) (*G.Node, error), f func(x, y float64) float64) opCase {
	return opCase{
		name:     name + "/itself",
		operands: []operand{near1(2, 3)},
		apply:    func(x []*G.Node) (*G.Node, error) { return apply(x[0], x[0]) },
		want:     func(x []array) array { return broadcast(x[0], x[0], f) },
	}
}

func broadcast(x, y array, f func(x, y float64) float64) array {
	a, b := alignedTo(x.shape, len(y.shape)), alignedTo(y.shape, len(x.shape))
	shape := make([]int, len(a))
	for i := range shape {
		shape[i] = max(a[i], b[i])
	}
	return build(shape, func(index []int) float64 { return f(x.get(index...), y.get(index...)) })
}

// alignedTo adds ones in front of a shape until it has n axes.
func alignedTo(shape []int, n int) []int {
	return slices.Concat(slices.Repeat([]int{1}, max(0, n-len(shape))), shape)
}
