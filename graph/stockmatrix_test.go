package graph_test

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"
)

// contract sums the products of a and b over an axis of each. The result has the other axes of a, then the other axes of b.
func contract(a, b nd, aAxis, bAxis int) nd {
	shape := append(slices.Delete(slices.Clone(a.shape), aAxis, aAxis+1), slices.Delete(slices.Clone(b.shape), bAxis, bAxis+1)...)
	y := newND(shape...)
	y.each(func(i []int, k int) {
		left, right := slices.Clone(i[:len(a.shape)-1]), slices.Clone(i[len(a.shape)-1:])
		for j := range a.shape[aAxis] {
			y.f[k] += a.at(slices.Insert(slices.Clone(left), aAxis, j)...) * b.at(slices.Insert(slices.Clone(right), bAxis, j)...)
		}
	})
	return y
}

// permuted returns a with its axes in another order.
func permuted(a nd, axes ...int) nd {
	var shape []int
	for _, axis := range axes {
		shape = append(shape, a.shape[axis])
	}
	y := newND(shape...)
	y.each(func(i []int, k int) {
		from := make([]int, len(i))
		for d, axis := range axes {
			from[axis] = i[d]
		}
		y.f[k] = a.at(from...)
	})
	return y
}

func matrixStock() (cases []stockCase) {
	dot := func(x []nd) nd { return contract(x[0], x[1], len(x[0].shape)-1, 0) }
	for _, s := range [][2][]int{{{3, 5}, {5, 2}}, {{1, 5}, {5, 1}}, {{3, 1}, {1, 4}}, {{1, 1}, {1, 1}}, {{7, 2}, {2, 7}}, {{3, 5}, {5}}, {{1, 5}, {5}}, {{5}, {5}}} {
		cases = append(cases, stockCase{name: "Mul", shapes: s[:], apply: two(G.Mul), want: dot})
	}
	cases = append(cases, stockCase{name: "ReduceMul", shapes: [][]int{{3, 5}, {5, 2}, {2, 4}},
		apply: func(x []*G.Node) (*G.Node, error) { return G.ReduceMul(x) },
		want:  func(x []nd) nd { return dot([]nd{dot(x), x[2]}) }})
	for _, lead := range [][]int{{2}, {1}, {2, 3}, {1, 2}} {
		for _, trans := range [][]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
			for _, size := range [][3]int{{3, 5, 2}, {1, 4, 3}, {3, 1, 2}, {3, 3, 3}} {
				a, b := []int{size[0], size[1]}, []int{size[1], size[2]}
				if trans[0] {
					slices.Reverse(a)
				}
				if trans[1] {
					slices.Reverse(b)
				}
				cases = append(cases, stockCase{
					name:   fmt.Sprintf("BatchedMatMul/%v", trans),
					shapes: [][]int{append(slices.Clone(lead), a...), append(slices.Clone(lead), b...)},
					apply:  two(func(x, y *G.Node) (*G.Node, error) { return G.BatchedMatMul(x, y, trans...) }),
					want:   func(x []nd) nd { return batched(x, size, trans) },
				})
			}
		}
	}
	for _, c := range []struct {
		a, b []int
		x, y int
	}{{[]int{3, 4}, []int{4, 2}, 1, 0}, {[]int{3, 4}, []int{2, 4}, 1, 1}, {[]int{4, 3}, []int{4, 2}, 0, 0}, {[]int{2, 3, 4}, []int{4, 5}, 2, 0}, {[]int{5, 2, 3}, []int{3, 2}, 2, 0}, {[]int{2, 5, 3}, []int{5, 2}, 1, 0}, {[]int{4}, []int{4, 3}, 0, 0},
		{[]int{3, 3}, []int{3, 3}, 0, 0}, {[]int{3, 3}, []int{3, 3}, 0, 1}, {[]int{3, 3}, []int{3, 3}, 1, 0}, {[]int{3, 3}, []int{3, 3}, 1, 1}} {
		cases = append(cases, stockCase{name: "Tensordot", shapes: [][]int{c.a, c.b},
			apply: two(func(x, y *G.Node) (*G.Node, error) { return G.Tensordot([]int{c.x}, []int{c.y}, x, y) }),
			want:  func(x []nd) nd { return contract(x[0], x[1], c.x, c.y) }})
	}
	return cases
}

func batched(x []nd, size [3]int, trans []bool) nd {
	lead := x[0].shape[:len(x[0].shape)-2]
	y := newND(append(slices.Clone(lead), size[0], size[2])...)
	at := func(a nd, batch []int, i, j int, trans bool) float64 {
		if trans {
			i, j = j, i
		}
		return a.at(append(slices.Clone(batch), i, j)...)
	}
	y.each(func(i []int, k int) {
		n := len(lead)
		for j := range size[1] {
			y.f[k] += at(x[0], i[:n], i[n], j, trans[0]) * at(x[1], i[:n], j, i[n+1], trans[1])
		}
	})
	return y
}

func shapeStock() (cases []stockCase) {
	for _, c := range []struct{ shape, axes []int }{
		{[]int{3, 4}, []int{1, 0}}, {[]int{1, 4}, []int{1, 0}}, {[]int{2, 3, 4}, []int{0, 2, 1}}, {[]int{2, 3, 4}, []int{2, 0, 1}}, {[]int{2, 3, 4}, []int{1, 2, 0}},
		{[]int{2, 1, 3, 2}, []int{0, 2, 1, 3}}, {[]int{2, 1, 3, 2}, []int{3, 2, 1, 0}},
		{[]int{2, 2, 2}, []int{0, 2, 1}}, {[]int{2, 2, 2}, []int{1, 0, 2}}, {[]int{2, 2, 2}, []int{2, 1, 0}}, {[]int{2, 2, 2}, []int{1, 2, 0}}, {[]int{2, 2, 2}, []int{2, 0, 1}},
	} {
		cases = append(cases, stockCase{name: "Transpose", shapes: [][]int{c.shape},
			apply: one(func(x *G.Node) (*G.Node, error) { return G.Transpose(x, c.axes...) }),
			want:  func(x []nd) nd { return permuted(x[0], c.axes...) }})
	}
	for _, c := range []struct{ shape, to []int }{{[]int{3, 4}, []int{2, 6}}, {[]int{12}, []int{3, 1, 4}}, {[]int{2, 3, 2}, []int{12}}, {[]int{1}, []int{1, 1}}} {
		cases = append(cases, stockCase{name: "Reshape", shapes: [][]int{c.shape},
			apply: one(func(x *G.Node) (*G.Node, error) { return G.Reshape(x, slices.Clone(c.to)) }),
			want:  func(x []nd) nd { return nd{c.to, x[0].f} }})
	}
	for _, shape := range [][]int{{3, 4}, {2, 1, 3}, {1, 5}} {
		cases = append(cases,
			stockCase{name: "Ravel", shapes: [][]int{shape}, apply: one(G.Ravel), want: func(x []nd) nd { return nd{[]int{len(x[0].f)}, x[0].f} }},
			stockCase{name: "Ravel/transposed", shapes: [][]int{shape}, apply: one(func(x *G.Node) (*G.Node, error) {
				y, err := G.Transpose(x, reversed(len(shape))...)
				if err != nil {
					return nil, err
				}
				return G.Ravel(y)
			}), want: func(x []nd) nd {
				y := permuted(x[0], reversed(len(shape))...)
				return nd{[]int{len(y.f)}, y.f}
			}})
	}
	cases = append(cases,
		stockCase{name: "KeepDims", shapes: [][]int{{3, 4}}, apply: one(func(x *G.Node) (*G.Node, error) {
			return G.KeepDims(x, false, func(x *G.Node) (*G.Node, error) { return G.Sum(x, 1) })
		}), want: func(x []nd) nd {
			sum := reduce([]int{1}, 0, func(s, v float64) float64 { return s + v }, func(s float64, _ int) float64 { return s })(x)
			return nd{[]int{3, 1}, sum.f}
		}},
		stockCase{name: "DiagFlat", shapes: [][]int{{3}}, flat: true, apply: one(G.DiagFlat), want: func(x []nd) nd {
			y := newND(3, 3)
			for i, v := range x[0].f {
				y.f[4*i] = v
			}
			return y
		}})
	for axis, size := range []int{2, 3, 4} {
		cases = append(cases, stockCase{name: "SizeOf", shapes: [][]int{{2, 3, 4}}, flat: true,
			apply: one(func(x *G.Node) (*G.Node, error) { return G.SizeOf(axis, x) }),
			want:  func([]nd) nd { return nd{nil, []float64{float64(size)}} }})
	}
	for _, c := range []struct {
		axis   int
		shapes [][]int
	}{
		{0, [][]int{{3}, {4}}}, {0, [][]int{{2, 3}, {1, 3}, {4, 3}}}, {1, [][]int{{2, 3}, {2, 1}}}, {1, [][]int{{1, 1}, {1, 4}}}, {1, [][]int{{2, 3, 2}, {2, 1, 2}}},
		{2, [][]int{{2, 3, 2}, {2, 3, 3}}}, {0, [][]int{{2, 3, 2}, {1, 3, 2}}},
	} {
		cases = append(cases, stockCase{name: "Concat", shapes: c.shapes,
			apply: func(x []*G.Node) (*G.Node, error) { return G.Concat(c.axis, x...) },
			want:  func(x []nd) nd { return joined(c.axis, x) }})
	}
	return cases
}

func reversed(n int) (axes []int) {
	for i := range n {
		axes = append(axes, n-1-i)
	}
	return axes
}

func joined(axis int, x []nd) nd {
	shape := slices.Clone(x[0].shape)
	for _, a := range x[1:] {
		shape[axis] += a.shape[axis]
	}
	y := newND(shape...)
	y.each(func(i []int, k int) {
		i = slices.Clone(i)
		for _, a := range x {
			if i[axis] < a.shape[axis] {
				y.f[k] = a.at(i...)
				return
			}
			i[axis] -= a.shape[axis]
		}
	})
	return y
}
