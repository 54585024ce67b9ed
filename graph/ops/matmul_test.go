package ops_test

import (
	"fmt"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

func matMulCases() []opCase {
	var cases []opCase
	for _, o := range []ops.MatMulOptions{{}, {TransA: true}, {TransB: true}, {TransA: true, TransB: true}} {
		for _, m := range []struct {
			lead    []int
			shared  bool // b is one matrix for all of a
			m, n, k int
		}{
			{nil, false, 1, 1, 1},
			{nil, false, 3, 5, 7},
			{nil, false, 17, 1, 9},
			{[]int{1}, false, 1, 4, 3},
			{[]int{3}, false, 5, 2, 3},
			{[]int{2, 3}, false, 3, 1, 5},
			{[]int{1, 2, 3}, false, 2, 3, 2},
			{[]int{3}, true, 5, 2, 3},
			{[]int{1}, true, 1, 2, 3},
			{[]int{2, 3}, true, 1, 5, 3},
			{[]int{3}, true, 2, 1, 1},
		} {
			cases = append(cases, matMulCase(o, m.lead, m.shared, [3]int{m.m, m.n, m.k}))
		}
	}
	return cases
}

func matMulCase(o ops.MatMulOptions, lead []int, shared bool, mnk [3]int) opCase {
	a, b := []int{mnk[0], mnk[2]}, []int{mnk[2], mnk[1]}
	if o.TransA {
		slices.Reverse(a)
	}
	if o.TransB {
		slices.Reverse(b)
	}
	a = slices.Concat(lead, a)
	if !shared {
		b = slices.Concat(lead, b)
	}
	return opCase{
		name:     fmt.Sprintf("MatMul/%v%v,%v", o, a, b),
		operands: []operand{normal(a...), normal(b...)},
		apply:    func(x []*G.Node) (*G.Node, error) { return ops.MatMul(x[0], x[1], o) },
		want: func(x []array) array {
			return build(slices.Concat(lead, []int{mnk[0], mnk[1]}), func(index []int) float64 {
				i, j := index[len(lead)], index[len(lead)+1]
				sum := 0.0
				for k := range mnk[2] {
					sum += element(x[0], lead, index, o.TransA, i, k) * element(x[1], lead, index, o.TransB, k, j)
				}
				return sum
			})
		},
	}
}

// element returns (i, j) of the matrix at the leading part of index, or (j, i) of a transposed one.
func element(x array, lead, index []int, trans bool, i, j int) float64 {
	if trans {
		i, j = j, i
	}
	return x.get(slices.Concat(index[:len(lead)], []int{i, j})...)
}

func linearCases() []opCase {
	var cases []opCase
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		for _, inOut := range []bool{false, true} {
			for _, bias := range []bool{false, true} {
				o := ops.LinearOptions{InOut: inOut, Act: act}
				cases = append(cases, linearCase(o, bias, []int{2, 3, 5}, 7))
				if act == kernel.Identity || act == kernel.GELU {
					cases = append(cases, linearCase(o, bias, []int{1, 1, 1}, 1), linearCase(o, bias, []int{3}, 2), linearCase(o, bias, []int{17, 1}, 5))
				}
			}
		}
	}
	return cases
}

func linearCase(o ops.LinearOptions, bias bool, x []int, out int) opCase {
	in := x[len(x)-1]
	operands := []operand{normal(x...), normal(out, in)}
	if o.InOut {
		operands[1] = normal(in, out)
	}
	if bias {
		operands = append(operands, normal(out))
	}
	return opCase{
		name:     fmt.Sprintf("Linear/%v,bias=%t,%v→%d", o, bias, x, out),
		operands: operands,
		apply: func(x []*G.Node) (*G.Node, error) {
			return ops.Linear(x[0], x[1], append(x, nil)[2], o)
		},
		want: func(v []array) array { return linearReference(v, o, out) },
	}
}

func linearReference(v []array, o ops.LinearOptions, out int) array {
	x, act := v[0], activations[o.Act]
	shape := slices.Clone(x.shape)
	shape[len(shape)-1] = out
	return build(shape, func(index []int) float64 {
		n := index[len(index)-1]
		sum := 0.0
		if len(v) == 3 {
			sum = v[2].f[n]
		}
		for k := range x.cols() {
			w := []int{n, k}
			if o.InOut {
				w = []int{k, n}
			}
			sum += x.get(append(slices.Clone(index[:len(index)-1]), k)...) * v[1].get(w...)
		}
		return act(sum)
	})
}
