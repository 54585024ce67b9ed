package ops_test

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

func shapeCases() []opCase {
	return slices.Concat(reshapeCases(), transposeCases(), sliceCases(), concatCases())
}

func reshapeCases() []opCase {
	var cases []opCase
	for _, r := range []struct{ from, to, want []int }{
		{[]int{1}, nil, nil},
		{[]int{2, 3}, []int{3, 2}, []int{3, 2}},
		{[]int{2, 3, 4}, []int{-1, 4}, []int{6, 4}},
		{[]int{6}, []int{1, 2, -1, 1}, []int{1, 2, 3, 1}},
		{[]int{2, 3}, []int{2, 3}, []int{2, 3}},
	} {
		cases = append(cases, opCase{
			name:     fmt.Sprintf("Reshape/%v→%v", r.from, r.to),
			operands: []operand{normal(r.from...)},
			apply:    func(x []*G.Node) (*G.Node, error) { return ops.Reshape(x[0], r.to...) },
			want:     func(x []array) array { return array{shape: r.want, f: x[0].f} },
		})
	}
	return cases
}

func transposeCases() []opCase {
	var cases []opCase
	for _, c := range []struct{ shape, axes []int }{
		{[]int{3}, []int{0}},
		{[]int{3, 5}, []int{1, 0}},
		{[]int{1, 5}, []int{1, 0}},
		{[]int{2, 3, 5}, []int{0, 1, 2}},
		{[]int{2, 3, 5}, []int{2, 0, 1}},
		{[]int{2, 3, 5, 4}, []int{0, 2, 1, 3}},
		{[]int{2, 1, 5, 4}, []int{3, 1, 0, 2}},
		{[]int{2, 3, 1, 2, 3}, []int{4, 2, 0, 3, 1}},
		{[]int{2, 1, 2, 3, 1, 2}, []int{5, 0, 3, 1, 2, 4}},
	} {
		cases = append(cases, opCase{
			name:     fmt.Sprintf("Transpose/%v%v", c.shape, c.axes),
			operands: []operand{normal(c.shape...)},
			apply:    func(x []*G.Node) (*G.Node, error) { return ops.Transpose(x[0], c.axes...) },
			want: func(x []array) array {
				to := make([]int, len(c.axes))
				for i, a := range c.axes {
					to[i] = c.shape[a]
				}
				return build(to, func(index []int) float64 {
					from := make([]int, len(index))
					for i, a := range c.axes {
						from[a] = index[i]
					}
					return x[0].get(from...)
				})
			},
		})
	}
	return cases
}

func sliceCases() []opCase {
	var cases []opCase
	for _, c := range []struct {
		shape        []int
		axis, lo, hi int
	}{
		{[]int{5}, 0, 1, 4},
		{[]int{1}, 0, 0, 1},
		{[]int{4, 3, 5}, 0, 1, 3},
		{[]int{4, 3, 5}, 1, 0, 2},
		{[]int{4, 3, 5}, 1, 2, 3},
		{[]int{4, 3, 5}, 2, 1, 5},
		{[]int{1, 1, 5}, 2, 3, 4},
		{[]int{2, 3, 2, 5}, 3, 4, 5},
		{[]int{300, 2}, 0, 256, 260}, // the low bytes of the bounds equal [0:4]
	} {
		cases = append(cases, opCase{
			name:     fmt.Sprintf("Slice/%v,axis%d[%d:%d]", c.shape, c.axis, c.lo, c.hi),
			operands: []operand{normal(c.shape...)},
			apply:    func(x []*G.Node) (*G.Node, error) { return ops.Slice(x[0], c.axis, c.lo, c.hi) },
			want:     func(x []array) array { return cut(x[0], c.axis, c.lo, c.hi) },
		})
	}
	return append(cases, opCase{ // views of views, each with a gradient
		name:     "Slice/twice",
		operands: []operand{normal(5, 2, 3)},
		apply: func(x []*G.Node) (*G.Node, error) {
			y, err := ops.Slice(x[0], 0, 1, 5)
			if err != nil {
				return nil, err
			}
			if y, err = ops.Reshape(y, 8, 3); err != nil {
				return nil, err
			}
			return ops.Slice(y, 0, 3, 6)
		},
		want: func(x []array) array { return array{shape: []int{3, 3}, f: x[0].f[15:24]} },
	})
}

func cut(x array, axis, lo, hi int) array {
	shape := slices.Clone(x.shape)
	shape[axis] = hi - lo
	return build(shape, func(index []int) float64 {
		from := slices.Clone(index)
		from[axis] += lo
		return x.get(from...)
	})
}

func concatCases() []opCase {
	var cases []opCase
	for _, c := range []struct {
		axis   int
		shapes [][]int
	}{
		{0, [][]int{{3}}},
		{0, [][]int{{3}, {1}, {2}}},
		{0, [][]int{{1, 2, 3}, {4, 2, 3}}},
		{1, [][]int{{3, 1, 2}, {3, 4, 2}, {3, 2, 2}}},
		{2, [][]int{{2, 3, 1}, {2, 3, 5}}},
	} {
		var operands []operand
		for _, s := range c.shapes {
			operands = append(operands, normal(s...))
		}
		cases = append(cases, opCase{
			name:     fmt.Sprintf("Concat/axis%d%v", c.axis, c.shapes),
			operands: operands,
			apply:    func(x []*G.Node) (*G.Node, error) { return ops.Concat(c.axis, x...) },
			want:     func(x []array) array { return joined(c.axis, x) },
		})
	}
	return append(cases, opCase{
		name:     "Concat/itself",
		operands: []operand{normal(2, 3)},
		apply:    func(x []*G.Node) (*G.Node, error) { return ops.Concat(1, x[0], x[0]) },
		want:     func(x []array) array { return joined(1, []array{x[0], x[0]}) },
	})
}

func joined(axis int, x []array) array {
	shape := slices.Clone(x[0].shape)
	shape[axis] = 0
	for _, a := range x {
		shape[axis] += a.shape[axis]
	}
	return build(shape, func(index []int) float64 {
		from := slices.Clone(index)
		for _, a := range x {
			if from[axis] < a.shape[axis] {
				return a.get(from...)
			}
			from[axis] -= a.shape[axis]
		}
		panic("unreachable")
	})
}
