package graph_test

import (
	"math"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// The shapes of the elementwise cases: odd sizes, axes of 1, one to four axes, and a scalar.
var stockShapes = [][]int{{7}, {1}, {3, 4}, {1, 5}, {5, 1}, {2, 3, 5}, {2, 1, 3, 1}, {}}

func stockCases() []stockCase {
	return slices.Concat(unaryStock(), binaryStock(), broadcastStock(), reductionStock(), matrixStock(), shapeStock(), networkStock())
}

func unary(f func(float64) float64) func(x []nd) nd {
	return func(x []nd) nd {
		y := newND(x[0].shape...)
		for i, v := range x[0].f {
			y.f[i] = f(v)
		}
		return y
	}
}

func binary(f func(a, b float64) float64) func(x []nd) nd {
	return func(x []nd) nd {
		shape := x[0].shape
		if len(shape) == 0 {
			shape = x[1].shape
		}
		shape = slices.Clone(shape)
		for i := range shape {
			if len(x[1].shape) == len(shape) {
				shape[i] = max(shape[i], x[1].shape[i])
			}
		}
		y := newND(shape...)
		y.each(func(i []int, k int) {
			get := func(a nd) float64 {
				if len(a.shape) == 0 {
					return a.f[0]
				}
				return a.at(i...)
			}
			y.f[k] = f(get(x[0]), get(x[1]))
		})
		return y
	}
}

func one(f func(*G.Node) (*G.Node, error)) func(x []*G.Node) (*G.Node, error) {
	return func(x []*G.Node) (*G.Node, error) { return f(x[0]) }
}

func two(f func(a, b *G.Node) (*G.Node, error)) func(x []*G.Node) (*G.Node, error) {
	return func(x []*G.Node) (*G.Node, error) { return f(x[0], x[1]) }
}

// positive applies f to eˣ, for operations that need positive operands.
func positive(f func(*G.Node) (*G.Node, error)) func(x []*G.Node) (*G.Node, error) {
	return func(x []*G.Node) (*G.Node, error) {
		y, err := G.Exp(x[0])
		if err != nil {
			return nil, err
		}
		return f(y)
	}
}

func unaryStock() (cases []stockCase) {
	softplus := func(v float64) float64 { return math.Log1p(math.Exp(v)) }
	sign := func(v float64) float64 { return truth(v > 0) - truth(v < 0) }
	add := func(name string, apply func([]*G.Node) (*G.Node, error), f func(float64) float64, flat bool) {
		for _, shape := range stockShapes {
			cases = append(cases, stockCase{name: name, shapes: [][]int{shape}, apply: apply, want: unary(f), flat: flat})
		}
	}
	add("Abs", one(G.Abs), math.Abs, false)
	add("Ceil", one(G.Ceil), math.Ceil, true)
	add("Floor", one(G.Floor), math.Floor, true)
	add("Sign", one(G.Sign), sign, true)
	add("Sin", one(G.Sin), math.Sin, false)
	add("Cos", one(G.Cos), math.Cos, false)
	add("Cube", one(G.Cube), func(v float64) float64 { return v * v * v }, false)
	add("Square", one(G.Square), func(v float64) float64 { return v * v }, false)
	add("Exp", one(G.Exp), math.Exp, false)
	add("Expm1", one(G.Expm1), math.Expm1, false)
	add("Neg", one(G.Neg), func(v float64) float64 { return -v }, false)
	add("Sigmoid", one(G.Sigmoid), func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }, false)
	add("Softplus", one(G.Softplus), softplus, false)
	add("Tanh", one(G.Tanh), math.Tanh, false)
	add("Mish", one(G.Mish), func(v float64) float64 { return v * math.Tanh(softplus(v)) }, false)
	add("Rectify", one(G.Rectify), func(v float64) float64 { return max(v, 0) }, false)
	add("LeakyRelu", one(func(x *G.Node) (*G.Node, error) { return G.LeakyRelu(x, 0.1) }), func(v float64) float64 { return max(v, 0.1*v) }, false)
	add("LeakyRelu/0.2", one(func(x *G.Node) (*G.Node, error) { return G.LeakyRelu(x, 0.2) }), func(v float64) float64 { return max(v, 0.2*v) }, false)
	add("Log", positive(G.Log), func(v float64) float64 { return v }, false)
	add("Log1p", positive(G.Log1p), softplus, false)
	add("Sqrt", positive(G.Sqrt), func(v float64) float64 { return math.Exp(v / 2) }, false)
	add("Inverse", positive(G.Inverse), func(v float64) float64 { return math.Exp(-v) }, false)
	return cases
}

type binaryOp = func(a, b *G.Node) (*G.Node, error)

var binaryOps = []struct {
	name string
	op   binaryOp
	f    func(a, b float64) float64
	flat bool
}{
	{"Add", G.Add, func(a, b float64) float64 { return a + b }, false},
	{"Sub", G.Sub, func(a, b float64) float64 { return a - b }, false},
	{"HadamardProd", G.HadamardProd, func(a, b float64) float64 { return a * b }, false},
	{"HadamardDiv", G.HadamardDiv, func(a, b float64) float64 { return a / b }, false},
	{"Div", G.Div, func(a, b float64) float64 { return a / b }, false},
	{"MaxBetween", G.MaxBetween, math.Max, false},
	{"MinBetween", G.MinBetween, math.Min, false},
	{"Eq", same(G.Eq), func(a, b float64) float64 { return truth(a == b) }, true},
	{"Ne", same(G.Ne), func(a, b float64) float64 { return truth(a != b) }, true},
	{"Gt", same(G.Gt), func(a, b float64) float64 { return truth(a > b) }, true},
	{"Gte", same(G.Gte), func(a, b float64) float64 { return truth(a >= b) }, true},
	{"Lt", same(G.Lt), func(a, b float64) float64 { return truth(a < b) }, true},
	{"Lte", same(G.Lte), func(a, b float64) float64 { return truth(a <= b) }, true},
}

// same makes a comparison return numbers.
func same(f func(a, b *G.Node, retSame bool) (*G.Node, error)) binaryOp {
	return func(a, b *G.Node) (*G.Node, error) { return f(a, b, true) }
}

func binaryStock() (cases []stockCase) {
	for _, b := range binaryOps {
		between := b.name == "MaxBetween" || b.name == "MinBetween"
		for _, shape := range stockShapes {
			if between && len(shape) == 0 {
				continue // refused
			}
			cases = append(cases, stockCase{name: b.name, shapes: [][]int{shape, shape}, apply: two(b.op), want: binary(b.f), flat: b.flat})
		}
		if between {
			continue
		}
		for _, shape := range [][]int{{7}, {3, 4}, {1, 5}, {2, 3, 5}} {
			cases = append(cases,
				stockCase{name: b.name + "/scalar", shapes: [][]int{shape, {}}, apply: two(b.op), want: binary(b.f), flat: b.flat},
				stockCase{name: b.name + "/scalar", shapes: [][]int{{}, shape}, apply: two(b.op), want: binary(b.f), flat: b.flat})
		}
	}
	power := func(x []*G.Node) (*G.Node, error) {
		base, err := G.Exp(x[0])
		if err != nil {
			return nil, err
		}
		return G.Pow(base, x[1])
	}
	for _, shape := range stockShapes {
		cases = append(cases, stockCase{name: "Pow", shapes: [][]int{shape, shape}, apply: power, want: binary(func(a, b float64) float64 { return math.Exp(a * b) })})
	}
	for _, c := range []float64{2, 3, 0.5, -1} {
		cases = append(cases, stockCase{name: "Pow/constant", shapes: [][]int{{3, 4}}, apply: func(x []*G.Node) (*G.Node, error) {
			base, err := G.Exp(x[0])
			if err != nil {
				return nil, err
			}
			return G.Pow(base, constant(x[0], c))
		}, want: unary(func(v float64) float64 { return math.Exp(v * c) })})
	}
	return cases
}

// constant returns a constant of x's type.
func constant(x *G.Node, v float64) *G.Node {
	if x.Dtype() == tensor.Float32 {
		return G.NewConstant(float32(v))
	}
	return G.NewConstant(v)
}

type broadcastOp = func(a, b *G.Node, left, right []byte) (*G.Node, error)

func broadcastStock() (cases []stockCase) {
	cmp := func(f func(a, b *G.Node, retSame bool, left, right []byte) (*G.Node, error)) broadcastOp {
		return func(a, b *G.Node, left, right []byte) (*G.Node, error) { return f(a, b, true, left, right) }
	}
	for _, b := range []struct {
		name string
		op   broadcastOp
		f    func(a, b float64) float64
		flat bool
	}{
		{"BroadcastAdd", G.BroadcastAdd, func(a, b float64) float64 { return a + b }, false},
		{"BroadcastSub", G.BroadcastSub, func(a, b float64) float64 { return a - b }, false},
		{"BroadcastHadamardProd", G.BroadcastHadamardProd, func(a, b float64) float64 { return a * b }, false},
		{"BroadcastHadamardDiv", G.BroadcastHadamardDiv, func(a, b float64) float64 { return a / b }, false},
		{"BroadcastEq", cmp(G.BroadcastEq), func(a, b float64) float64 { return truth(a == b) }, true},
		{"BroadcastNe", cmp(G.BroadcastNe), func(a, b float64) float64 { return truth(a != b) }, true},
		{"BroadcastGt", cmp(G.BroadcastGt), func(a, b float64) float64 { return truth(a > b) }, true},
		{"BroadcastGte", cmp(G.BroadcastGte), func(a, b float64) float64 { return truth(a >= b) }, true},
		{"BroadcastLt", cmp(G.BroadcastLt), func(a, b float64) float64 { return truth(a < b) }, true},
		{"BroadcastLte", cmp(G.BroadcastLte), func(a, b float64) float64 { return truth(a <= b) }, true},
	} {
		for _, s := range [][2][]int{
			{{3, 4}, {1, 4}}, {{3, 4}, {3, 1}}, {{1, 4}, {3, 4}}, {{3, 1}, {3, 4}}, {{3, 1}, {1, 4}}, {{3, 4}, {1, 1}},
			{{2, 3, 4}, {1, 3, 4}}, {{2, 3, 4}, {2, 1, 4}}, {{2, 3, 4}, {2, 3, 1}}, {{2, 3, 4}, {1, 1, 4}}, {{2, 3, 4}, {1, 3, 1}},
			{{2, 3, 4}, {2, 1, 1}}, {{1, 1, 4}, {2, 3, 4}}, {{1, 3, 1}, {2, 1, 4}},
		} {
			var left, right []byte
			for i := range s[0] {
				if s[0][i] < s[1][i] {
					left = append(left, byte(i))
				} else if s[1][i] < s[0][i] {
					right = append(right, byte(i))
				}
			}
			cases = append(cases, stockCase{name: b.name, shapes: s[:], flat: b.flat, want: binary(b.f),
				apply: two(func(x, y *G.Node) (*G.Node, error) { return b.op(x, y, left, right) })})
		}
	}
	cases = append(cases,
		stockCase{name: "BroadcastPow", shapes: [][]int{{3, 4}, {1, 4}}, want: binary(func(a, b float64) float64 { return math.Exp(a * b) }),
			apply: func(x []*G.Node) (*G.Node, error) {
				base, err := G.Exp(x[0])
				if err != nil {
					return nil, err
				}
				return G.BroadcastPow(base, x[1], nil, []byte{0})
			}},
		stockCase{name: "Auto", shapes: [][]int{{3, 4}, {1, 4}}, want: binary(func(a, b float64) float64 { return a * b }),
			apply: two(func(x, y *G.Node) (*G.Node, error) { return G.Auto(G.BroadcastHadamardProd, x, y) })},
		stockCase{name: "Broadcast", shapes: [][]int{{3, 4}, {1, 4}}, want: binary(func(a, b float64) float64 { return a * b }),
			apply: two(func(x, y *G.Node) (*G.Node, error) {
				a, b, err := G.Broadcast(x, y, G.NewBroadcastPattern(nil, []byte{0}))
				if err != nil {
					return nil, err
				}
				return G.HadamardProd(a, b)
			})})
	return cases
}

// reduce is a reduction over some axes, which disappear.
func reduce(along []int, start float64, f func(sum, v float64) float64, finish func(sum float64, n int) float64) func(x []nd) nd {
	return func(x []nd) nd {
		var shape, kept []int
		for i, d := range x[0].shape {
			if len(along) > 0 && !slices.Contains(along, i) {
				shape, kept = append(shape, d), append(kept, i)
			}
		}
		y := newND(shape...)
		for i := range y.f {
			y.f[i] = start
		}
		x[0].each(func(index []int, k int) {
			at := 0
			for i, axis := range kept {
				at = at*shape[i] + index[axis]
			}
			y.f[at] = f(y.f[at], x[0].f[k])
		})
		for i := range y.f {
			y.f[i] = finish(y.f[i], len(x[0].f)/len(y.f))
		}
		return y
	}
}

func reductionStock() (cases []stockCase) {
	plus := func(sum, v float64) float64 { return sum + v }
	itself := func(sum float64, _ int) float64 { return sum }
	for _, c := range []struct {
		shape []int
		along []int
	}{
		{[]int{7}, nil}, {[]int{7}, []int{0}}, {[]int{1}, nil}, {[]int{3, 4}, nil}, {[]int{3, 4}, []int{0}}, {[]int{3, 4}, []int{1}},
		{[]int{3, 4}, []int{0, 1}}, {[]int{1, 5}, []int{0}}, {[]int{1, 5}, []int{1}}, {[]int{5, 1}, []int{0}}, {[]int{5, 1}, []int{1}},
		{[]int{2, 3, 5}, nil}, {[]int{2, 3, 5}, []int{0}}, {[]int{2, 3, 5}, []int{1}}, {[]int{2, 3, 5}, []int{2}}, {[]int{2, 3, 5}, []int{0, 1}},
		{[]int{2, 3, 5}, []int{0, 2}}, {[]int{2, 3, 5}, []int{1, 2}}, {[]int{2, 3, 2, 4}, []int{1}}, {[]int{2, 3, 2, 4}, []int{1, 3}},
		{[]int{2, 3, 2, 4}, []int{3}},
		// Results of the same shape along different axes: only the operation distinguishes them.
		{[]int{3, 3}, []int{0}}, {[]int{3, 3}, []int{1}}, {[]int{2, 2, 2}, []int{0}}, {[]int{2, 2, 2}, []int{1}}, {[]int{2, 2, 2}, []int{2}},
		{[]int{2, 2, 2}, []int{0, 1}}, {[]int{2, 2, 2}, []int{0, 2}}, {[]int{2, 2, 2}, []int{1, 2}},
	} {
		along := func(f func(x *G.Node, along ...int) (*G.Node, error)) func([]*G.Node) (*G.Node, error) {
			return one(func(x *G.Node) (*G.Node, error) { return f(x, c.along...) })
		}
		s := [][]int{c.shape}
		cases = append(cases,
			stockCase{name: "Sum", shapes: s, apply: along(G.Sum), want: reduce(c.along, 0, plus, itself)},
			stockCase{name: "Mean", shapes: s, apply: along(G.Mean), want: reduce(c.along, 0, plus, func(sum float64, n int) float64 { return sum / float64(n) })},
			stockCase{name: "Max", shapes: s, apply: along(G.Max), want: reduce(c.along, math.Inf(-1), math.Max, itself)})
		if len(c.along) == 1 {
			cases = append(cases, stockCase{name: "Norm/4", shapes: s,
				apply: one(func(x *G.Node) (*G.Node, error) { return G.Norm(x, c.along[0], 4) }),
				want: reduce(c.along, 0, func(sum, v float64) float64 { return sum + v*v*v*v }, func(sum float64, _ int) float64 {
					return math.Sqrt(math.Sqrt(sum))
				})})
			cases = append(cases, stockCase{name: "Norm", shapes: s,
				apply: one(func(x *G.Node) (*G.Node, error) { return G.Norm(x, c.along[0], 2) }),
				want:  reduce(c.along, 0, func(sum, v float64) float64 { return sum + v*v }, func(sum float64, _ int) float64 { return math.Sqrt(sum) })})
		}
	}
	three := func(f func(G.Nodes, ...G.NodeConsOpt) (*G.Node, error)) func([]*G.Node) (*G.Node, error) {
		return func(x []*G.Node) (*G.Node, error) { return f(x) }
	}
	all := func(f func(a, b float64) float64) func(x []nd) nd {
		return func(x []nd) nd { return binary(f)([]nd{binary(f)(x[:2]), x[2]}) }
	}
	for _, shape := range [][]int{{5}, {3, 4}, {2, 1, 3}} {
		s := [][]int{shape, shape, shape}
		cases = append(cases,
			stockCase{name: "ReduceAdd", shapes: s, apply: three(G.ReduceAdd), want: all(func(a, b float64) float64 { return a + b })})
	}
	return cases
}
