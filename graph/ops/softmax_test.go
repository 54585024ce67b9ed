package ops_test

import (
	"fmt"
	"math"
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

func softmaxCases() []opCase {
	var cases []opCase
	add := func(name string, apply func(*G.Node) (*G.Node, error), f func(row []float64) []float64) {
		rowwise := func(x array) array {
			y := array{shape: x.shape}
			for _, row := range x.rows() {
				y.f = append(y.f, f(row)...)
			}
			return y
		}
		for _, shape := range [][]int{{1}, {7}, {2, 3, 5}, {4, 1}} {
			cases = append(cases, opCase{
				name:     fmt.Sprintf("%s/%v", name, shape),
				operands: []operand{normal(shape...)},
				apply:    func(x []*G.Node) (*G.Node, error) { return apply(x[0]) },
				want:     func(x []array) array { return rowwise(x[0]) },
			})
		}
	}
	add("Softmax", ops.Softmax, softmaxRow)
	add("LogSoftmax", ops.LogSoftmax, func(row []float64) []float64 {
		y := make([]float64, len(row))
		for i, p := range softmaxRow(row) {
			y[i] = math.Log(p)
		}
		return y
	})
	return append(cases, maskedSoftmax())
}

// maskedSoftmax has a row without a mask, a row with two hidden keys, and a row of only −Inf, whose result and gradient are zero.
func maskedSoftmax() opCase {
	inf := math.Inf(-1)
	return opCase{
		name:     "Softmax/masked",
		operands: []operand{normal(3, 4), fixed([]float64{0, 0, 0, 0, inf, 0, inf, 0, inf, inf, inf, inf}, 3, 4)},
		apply: func(x []*G.Node) (*G.Node, error) {
			y, err := ops.Add(x[0], x[1])
			if err != nil {
				return nil, err
			}
			return ops.Softmax(y)
		},
		want: func(x []array) array {
			y := array{shape: []int{3, 4}}
			for _, row := range broadcast(x[0], x[1], func(a, b float64) float64 { return a + b }).rows() {
				y.f = append(y.f, softmaxRow(row)...)
			}
			return y
		},
	}
}

// softmaxRow is the plain formula. It gives zeros if every exponential is zero.
func softmaxRow(row []float64) []float64 {
	y, sum := make([]float64, len(row)), 0.0
	for i, v := range row {
		y[i] = math.Exp(v)
		sum += y[i]
	}
	for i := range y {
		if sum > 0 {
			y[i] /= sum
		}
	}
	return y
}

func crossEntropyCases() []opCase {
	var cases []opCase
	const skip = ops.IgnoreTarget
	for _, c := range []struct {
		logits  []int
		targets []int32
	}{
		{[]int{1, 1}, []int32{0}},
		{[]int{1, 3}, []int32{2}},
		{[]int{5, 7}, []int32{0, 6, skip, 3, 3}},
		{[]int{2, 3, 5}, []int32{4, skip, 0, 1, skip, 2}},
		{[]int{2, 3}, []int32{skip, skip}}, // no target counts: the loss and the gradients are zero
	} {
		for _, smoothing := range []float64{0, 0.1, 1} {
			cases = append(cases, opCase{
				name:     fmt.Sprintf("CrossEntropy/%v%v,smoothing=%g", c.logits, c.targets, smoothing),
				operands: []operand{normal(c.logits...), ids(c.targets, c.logits[:len(c.logits)-1]...)},
				apply:    func(x []*G.Node) (*G.Node, error) { return ops.CrossEntropy(x[0], x[1], smoothing) },
				want:     func(x []array) array { return crossEntropy(x[0], x[1].i, smoothing) },
			})
		}
	}
	return cases
}

// headLossCases are crossEntropyCases after a head, one case for each option.
func headLossCases() []opCase {
	var cases []opCase
	const skip = ops.IgnoreTarget
	for _, c := range []struct {
		x       []int
		v       int
		targets []int32
	}{
		{[]int{1, 1}, 1, []int32{0}},
		{[]int{1, 5}, 3, []int32{2}},
		{[]int{2, 3, 5}, 7, []int32{4, skip, 0, 1, skip, 6}},
		{[]int{2, 3}, 4, []int32{skip, skip}},
	} {
		for _, smoothing := range []float64{0, 0.1, 1} {
			channels := c.x[len(c.x)-1]
			cases = append(cases, opCase{
				name:     fmt.Sprintf("LinearCrossEntropy/%v,%d%v,smoothing=%g", c.x, c.v, c.targets, smoothing),
				operands: []operand{normal(c.x...), normal(c.v, channels), ids(c.targets, c.x[:len(c.x)-1]...)},
				apply:    func(x []*G.Node) (*G.Node, error) { return ops.LinearCrossEntropy(x[0], x[1], x[2], smoothing) },
				want: func(x []array) array {
					logits := zeros(append(slices.Clone(c.x[:len(c.x)-1]), c.v)...)
					for r, row := range x[0].rows() {
						for v, w := range x[1].rows() {
							for k := range row {
								logits.f[r*c.v+v] += row[k] * w[k]
							}
						}
					}
					return crossEntropy(logits, x[2].i, smoothing)
				},
			})
		}
	}
	return cases
}

func crossEntropy(logits array, targets []int32, smoothing float64) array {
	sum, counted := 0.0, 0.0
	for r, row := range logits.rows() {
		if targets[r] == ops.IgnoreTarget {
			continue
		}
		counted++
		for v, p := range softmaxRow(row) {
			q := smoothing / float64(len(row))
			if int(targets[r]) == v {
				q += 1 - smoothing
			}
			sum -= q * math.Log(p)
		}
	}
	return array{f: []float64{sum / max(counted, 1)}}
}
