package kernel_test

import (
	"slices"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// operand declares a normally distributed operand with a gradient.
func operand(s *graph.Scope, name string, shape ...int) *G.Node {
	return s.Param(name, graph.Normal(1), shape...)
}

// sequences declares the operand of most operations: (4, 96, 192).
func sequences(s *graph.Scope) *G.Node { return operand(s, "x", 4, 96, 192) }

// manyIDs returns a constant of ids below most, with repetitions.
func manyIDs(s *graph.Scope, most int, shape ...int) *G.Node {
	n := 1
	for _, d := range shape {
		n *= d
	}
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(kernel.Seed{Key: 5}.Uint32(uint64(i)) % uint32(most))
	}
	return s.Constant(graphtest.Ints(ids, shape...))
}

// someInts returns a constant vector.
func someInts(s *graph.Scope, v ...int32) *G.Node { return s.Constant(graphtest.Ints(v, len(v))) }

// opsWithBits lists all operations of package ops. Operations with several ways to compute are listed with each.
func opsWithBits() []opBits {
	return slices.Concat(elementBits(), shapeBits(), rowBits(), productBits(), attentionBits(), recurrentBits())
}

func unaryBits(name string, f func(x *G.Node) (*G.Node, error)) opBits {
	return opBits{name: name, declare: func(s *graph.Scope) *G.Node { return s.Try(f(sequences(s))) }}
}

func binaryBits(name string, f func(x, y *G.Node) (*G.Node, error), shape ...int) opBits {
	return opBits{name: name, declare: func(s *graph.Scope) *G.Node { return s.Try(f(sequences(s), operand(s, "y", shape...))) }}
}

func elementBits() []opBits {
	list := []opBits{
		unaryBits("ReLU", ops.ReLU), unaryBits("GELU", ops.GELU), unaryBits("GELUTanh", ops.GELUTanh), unaryBits("SiLU", ops.SiLU),
		unaryBits("Scale", func(x *G.Node) (*G.Node, error) { return ops.Scale(x, 0.3) }),
		{name: "Dropout", declare: func(s *graph.Scope) *G.Node { return s.Try(ops.Dropout(sequences(s), s.Stream(), 0.3, 1)) }},
		binaryBits("SwiGLU", ops.SwiGLU, 4, 96, 192),
	}
	for _, act := range []kernel.Activation{kernel.Tanh, kernel.Sigmoid} {
		list = append(list, unaryBits("Activate/"+act.String(), func(x *G.Node) (*G.Node, error) { return ops.Activate(x, act) }))
	}
	for name, f := range map[string]func(x, y *G.Node) (*G.Node, error){"Add": ops.Add, "Sub": ops.Sub, "Mul": ops.Mul, "Div": ops.Div} {
		list = append(list, binaryBits(name, f, 4, 96, 192), binaryBits(name+"/row", f, 192), binaryBits(name+"/column", f, 4, 96, 1))
	}
	return list
}

func shapeBits() []opBits {
	return []opBits{
		unaryBits("Reshape", func(x *G.Node) (*G.Node, error) { return ops.Reshape(x, 96, 4, 192) }),
		unaryBits("Transpose", func(x *G.Node) (*G.Node, error) { return ops.Transpose(x, 2, 0, 1) }),
		unaryBits("Slice", func(x *G.Node) (*G.Node, error) { return ops.Slice(x, 1, 3, 90) }),
		binaryBits("Concat", func(x, y *G.Node) (*G.Node, error) { return ops.Concat(1, x, y) }, 4, 70, 192),
		{name: "Embedding", declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.Embedding(operand(s, "table", 50, 192), manyIDs(s, 50, 4, 96)))
		}},
		{name: "RoPE", declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.RoPE(sequences(s), nil, ops.RoPEOptions{HeadDim: 48, Frequencies: []float64{1, 0.3, 0.01}}))
		}},
		{name: "RoPE/positions", declare: func(s *graph.Scope) *G.Node {
			o := ops.RoPEOptions{HeadDim: 6, Frequencies: []float64{1, 0.3, 0.01}, Interleaved: true}
			return s.Try(ops.RoPE(sequences(s), manyIDs(s, 500, 4, 96), o))
		}},
		{name: "Cache", mode: graph.Decode, declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.Cache(s.State("cache", 4, 110, 100), sequences(s), someInts(s, 0, 5, 14, 1), ops.CacheOptions{From: 7}))
		}},
	}
}

func rowBits() []opBits {
	lengths := func(s *graph.Scope) *G.Node { return someInts(s, 96, 0, 31, 1) }
	return []opBits{
		unaryBits("Softmax", ops.Softmax), unaryBits("LogSoftmax", ops.LogSoftmax),
		{name: "LayerNorm", declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.LayerNorm(sequences(s), operand(s, "w", 192), operand(s, "b", 192), 1e-5))
		}},
		{name: "RMSNorm", declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.RMSNorm(sequences(s), operand(s, "w", 192), 1e-5))
		}},
		{name: "MeanPool", declare: func(s *graph.Scope) *G.Node { return s.Try(ops.MeanPool(sequences(s), lengths(s))) }},
		{name: "LastPool", declare: func(s *graph.Scope) *G.Node { return s.Try(ops.LastPool(sequences(s), lengths(s))) }},
		{name: "CrossEntropy", declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.CrossEntropy(sequences(s), manyIDs(s, 192, 4, 96), 0.1))
		}},
		{name: "NegativeSampling", declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.NegativeSampling(operand(s, "positive", 300, 200), operand(s, "negative", 300, 200), manyIDs(s, 3, 300, 200)))
		}},
	}
}

func productBits() []opBits {
	var list []opBits
	for _, act := range []kernel.Activation{kernel.Identity, kernel.ReLU, kernel.GELU} {
		for _, inOut := range []bool{false, true} {
			name, shape := "Linear/"+act.String(), []int{130, 192}
			if inOut {
				name, shape = name+"/InOut", []int{192, 130}
			}
			list = append(list, opBits{name: name, declare: func(s *graph.Scope) *G.Node {
				return s.Try(ops.Linear(sequences(s), operand(s, "w", shape...), operand(s, "b", 130), ops.LinearOptions{InOut: inOut, Act: act}))
			}})
		}
	}
	return append(list,
		opBits{name: "Linear/deep", declare: func(s *graph.Scope) *G.Node { // few results, each a long sum
			return s.Try(ops.Linear(operand(s, "x", 3, 6000), operand(s, "w", 5, 6000), nil, ops.LinearOptions{}))
		}},
		binaryBits("MatMul", func(x, y *G.Node) (*G.Node, error) { return ops.MatMul(x, y, ops.MatMulOptions{TransB: true}) }, 4, 70, 192),
		binaryBits("MatMul/shared", func(x, y *G.Node) (*G.Node, error) { return ops.MatMul(x, y, ops.MatMulOptions{}) }, 192, 70),
		opBits{name: "LinearCrossEntropy", declare: func(s *graph.Scope) *G.Node {
			return s.Try(ops.LinearCrossEntropy(sequences(s), operand(s, "w", 300, 192), manyIDs(s, 300, 4, 96), 0.1))
		}},
	)
}
