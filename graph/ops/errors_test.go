package ops_test

import (
	"math"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// leaves makes the operands of wrong calls.
type leaves struct{ g *G.ExprGraph }

func (l leaves) of(dt tensor.Dtype, shape ...int) *G.Node {
	return G.NewTensor(l.g, dt, len(shape), G.WithShape(shape...), G.WithName(string(rune('a'+len(l.g.AllNodes())))))
}

func (l leaves) f32(shape ...int) *G.Node { return l.of(tensor.Float32, shape...) }
func (l leaves) i32(shape ...int) *G.Node { return l.of(tensor.Int32, shape...) }

// wrong is a call that must fail with an error that contains all words.
type wrong struct {
	name  string
	call  func(l leaves) (*G.Node, error)
	words string // separated by |
}

var wrongArithmetic = []wrong{
	{"shapes", func(l leaves) (*G.Node, error) { return ops.Add(l.f32(2, 3), l.f32(2, 4)) }, "ops: Add|(2, 3)|(2, 4)"},
	{"types", func(l leaves) (*G.Node, error) { return ops.Sub(l.f32(2), l.of(tensor.Float64, 2)) }, "ops: Sub|float32|float64"},
	{"nil", func(l leaves) (*G.Node, error) { return ops.Mul(l.f32(2), nil) }, "ops: Mul|operand 1|nil"},
	{"axes", func(l leaves) (*G.Node, error) { return ops.Div(l.f32(1, 1, 1, 1, 1, 1, 2), l.f32(1)) }, "ops: Div|(1, 1, 1, 1, 1, 1, 2)|6 axes"},
	{"ids", func(l leaves) (*G.Node, error) { return ops.Scale(l.i32(2), 2) }, "ops: Scale|floating"},
	{"type", func(l leaves) (*G.Node, error) { return ops.Scale(l.of(tensor.Int64, 2), 2) }, "ops: Scale|int64"},
	{"graphs", func(l leaves) (*G.Node, error) { return ops.Add(l.f32(2), leaves{G.NewGraph()}.f32(2)) }, "ops: Add|graph"},
	{"inner", func(l leaves) (*G.Node, error) { return ops.MatMul(l.f32(2, 3), l.f32(4, 2), ops.MatMulOptions{}) }, "ops: MatMul|(2, 3)|(4, 2)|3 and 4"},
	{"lead", func(l leaves) (*G.Node, error) {
		return ops.MatMul(l.f32(5, 2, 3), l.f32(4, 3, 2), ops.MatMulOptions{})
	}, "ops: MatMul|(5, 2, 3)|(4, 3, 2)|leading"},
	{"vector", func(l leaves) (*G.Node, error) { return ops.MatMul(l.f32(3), l.f32(3, 2), ops.MatMulOptions{}) }, "ops: MatMul|(3)|(3, 2)|matrices"},
	{"channels", func(l leaves) (*G.Node, error) {
		return ops.Linear(l.f32(2, 3), l.f32(5, 4), nil, ops.LinearOptions{})
	}, "ops: Linear|(2, 3)|(5, 4)|3 channels|takes 4"},
	{"layout", func(l leaves) (*G.Node, error) {
		return ops.Linear(l.f32(2, 4), l.f32(5, 4), nil, ops.LinearOptions{InOut: true})
	}, "ops: Linear|4 channels|takes 5"},
	{"bias", func(l leaves) (*G.Node, error) {
		return ops.Linear(l.f32(2, 4), l.f32(5, 4), l.f32(4), ops.LinearOptions{})
	}, "ops: Linear|bias (4)|want (5)"},
	{"column bias", func(l leaves) (*G.Node, error) {
		return ops.Linear(l.f32(2, 4), l.f32(5, 4), l.f32(5, 1), ops.LinearOptions{})
	}, "ops: Linear|bias (5, 1)|want (5)"},
	{"weight", func(l leaves) (*G.Node, error) {
		return ops.Linear(l.f32(2, 4), l.f32(4), nil, ops.LinearOptions{})
	}, "ops: Linear|(4)|matrix"},
	{"activation", func(l leaves) (*G.Node, error) {
		return ops.Linear(l.f32(2, 4), l.f32(5, 4), nil, ops.LinearOptions{Act: 99})
	}, "ops: Linear|99"},
	{"activation", func(l leaves) (*G.Node, error) { return ops.Activate(l.f32(2), kernel.Activation(77)) }, "ops: |77"},
	{"gate", func(l leaves) (*G.Node, error) { return ops.SwiGLU(l.f32(2, 3), l.f32(3, 2)) }, "ops: SwiGLU|(2, 3)|(3, 2)"},
}

var wrongShapes = []wrong{
	{"size", func(l leaves) (*G.Node, error) { return ops.Reshape(l.f32(2, 3), 4, 2) }, "ops: reshape|(2, 3)|[4 2]|6|8"},
	{"free", func(l leaves) (*G.Node, error) { return ops.Reshape(l.f32(2, 3), -1, 4) }, "ops: reshape|(2, 3)|6"},
	{"two free", func(l leaves) (*G.Node, error) { return ops.Reshape(l.f32(2, 3), -1, -1) }, "ops: reshape|axis 1 is -1"},
	{"negative", func(l leaves) (*G.Node, error) { return ops.Reshape(l.f32(2, 3), -2, 3) }, "ops: reshape|axis 0 is -2"},
	{"zero", func(l leaves) (*G.Node, error) { return ops.Reshape(l.f32(2, 3), 0, -1) }, "ops: reshape|(2, 3)|6"},
	{"nil", func(leaves) (*G.Node, error) { return ops.Reshape(nil, 2) }, "ops: reshape|nil"},
	{"axes", func(l leaves) (*G.Node, error) { return ops.Transpose(l.f32(2, 3), 0, 0) }, "ops: transpose|[0 0]|(2, 3)"},
	{"count", func(l leaves) (*G.Node, error) { return ops.Transpose(l.f32(2, 3), 1, 0, 2) }, "ops: transpose|[1 0 2]|2 axes"},
	{"many", func(l leaves) (*G.Node, error) {
		return ops.Transpose(l.f32(1, 1, 1, 1, 1, 1, 2), 6, 5, 4, 3, 2, 1, 0)
	}, "ops: transpose|7 axes|6"},
	{"nil", func(leaves) (*G.Node, error) { return ops.Transpose(nil, 0) }, "ops: transpose|nil"},
	{"ids", func(l leaves) (*G.Node, error) { return ops.Transpose(l.i32(2, 3), 1, 0) }, "ops: Transpose|floating"},
	{"bounds", func(l leaves) (*G.Node, error) { return ops.Slice(l.f32(2, 3), 1, 1, 4) }, "ops: slice|[1:4]|axis 1|(2, 3)"},
	{"empty", func(l leaves) (*G.Node, error) { return ops.Slice(l.f32(2, 3), 1, 1, 1) }, "ops: slice|[1:1]|axis 1|(2, 3)"},
	{"axis", func(l leaves) (*G.Node, error) { return ops.Slice(l.f32(2, 3), 2, 0, 1) }, "ops: slice|axis 2|(2, 3)"},
	{"nil", func(leaves) (*G.Node, error) { return ops.Slice(nil, 0, 0, 1) }, "ops: slice|nil"},
	{"join", func(l leaves) (*G.Node, error) { return ops.Concat(1, l.f32(2, 3), l.f32(3, 3)) }, "ops: Concat|operand 1|(2, 3)|(3, 3)|axis 1"},
	{"axis", func(l leaves) (*G.Node, error) { return ops.Concat(2, l.f32(2, 3)) }, "ops: Concat|axis 2|(2, 3)"},
	{"none", func(leaves) (*G.Node, error) { return ops.Concat(0) }, "ops: Concat|no operands"},
}

var wrongLayers = []wrong{
	{"weight", func(l leaves) (*G.Node, error) { return ops.LayerNorm(l.f32(2, 3), l.f32(4), nil, 0) }, "ops: LayerNorm|(4)|(2, 3)|want (3)"},
	{"bias", func(l leaves) (*G.Node, error) { return ops.LayerNorm(l.f32(2, 3), nil, l.f32(3), 0) }, "ops: LayerNorm|bias without a weight"},
	{"eps", func(l leaves) (*G.Node, error) { return ops.LayerNorm(l.f32(2, 3), nil, nil, -1) }, "ops: LayerNorm|eps -1"},
	{"eps", func(l leaves) (*G.Node, error) { return ops.RMSNorm(l.f32(2, 3), nil, math.NaN()) }, "ops: RMSNorm|eps NaN"},
	{"table", func(l leaves) (*G.Node, error) { return ops.Embedding(l.f32(2), l.i32(3)) }, "ops: Embedding|(2)|(V, C)"},
	{"ids", func(l leaves) (*G.Node, error) { return ops.Embedding(l.f32(2, 3), l.f32(3)) }, "ops: Embedding|float32|int32"},
	{"scores", func(l leaves) (*G.Node, error) { return ops.NegativeSampling(l.f32(2, 3), l.f32(2), l.i32(2, 3)) }, "ops: NegativeSampling|(2, 3)|(2)"},
	{"places", func(l leaves) (*G.Node, error) { return ops.NegativeSampling(l.f32(2), l.f32(2), l.i32(3)) }, "ops: NegativeSampling|(2)|(3)"},
	{"type", func(l leaves) (*G.Node, error) { return ops.NegativeSampling(l.f32(2), l.f32(2), l.f32(2)) }, "ops: NegativeSampling|float32|int32"},
	{"nil", func(l leaves) (*G.Node, error) { return ops.NegativeSampling(l.f32(2), nil, l.i32(2)) }, "ops: NegativeSampling|operand 1 is nil"},
	{"targets", func(l leaves) (*G.Node, error) { return ops.CrossEntropy(l.f32(2, 3), l.i32(3), 0) }, "ops: CrossEntropy|(2, 3)|(3)"},
	{"type", func(l leaves) (*G.Node, error) { return ops.CrossEntropy(l.f32(2, 3), l.f32(2), 0) }, "ops: CrossEntropy|float32|int32"},
	{"smoothing", func(l leaves) (*G.Node, error) { return ops.CrossEntropy(l.f32(2, 3), l.i32(2), 1.5) }, "ops: CrossEntropy|1.5"},
	{"smoothing", func(l leaves) (*G.Node, error) { return ops.CrossEntropy(l.f32(2, 3), l.i32(2), math.NaN()) }, "ops: CrossEntropy|NaN"},
	{"p", func(l leaves) (*G.Node, error) { return ops.Dropout(l.f32(2), l.i32(2), 1.5, 0) }, "ops: Dropout|1.5"},
	{"p", func(l leaves) (*G.Node, error) { return ops.Dropout(l.f32(2), l.i32(2), math.NaN(), 0) }, "ops: Dropout|NaN"},
	{"stream", func(l leaves) (*G.Node, error) { return ops.Dropout(l.f32(2), l.i32(3), 0.5, 0) }, "ops: Dropout|(3)|(2)"},
	{"stream", func(l leaves) (*G.Node, error) { return ops.Dropout(l.f32(2), l.f32(2), 0.5, 0) }, "ops: Dropout|float32|int32"},
	{"cache", func(l leaves) (*G.Node, error) {
		return ops.Cache(l.f32(2, 5, 3), l.f32(2, 1, 6), l.i32(2), ops.CacheOptions{From: 4})
	}, "ops: Cache|(2, 5, 3)|(2, 1, 6)|column 4"},
	{"past", func(l leaves) (*G.Node, error) {
		return ops.Cache(l.f32(2, 5, 3), l.f32(2, 1, 6), l.f32(2), ops.CacheOptions{})
	}, "ops: Cache|float32|int32"},
}

var wrongRoPE = []wrong{
	{"none", rotating(ops.RoPEOptions{HeadDim: 4}), "ops: RoPE|0 frequencies|4 channels"},
	{"many", rotating(ops.RoPEOptions{HeadDim: 4, Frequencies: []float64{1, 2, 3}}), "3 frequencies|4 channels|1 to 2"},
	{"frequency", rotating(ops.RoPEOptions{HeadDim: 4, Frequencies: []float64{1, math.NaN()}}), "frequency 1|NaN"},
	{"factor", rotating(ops.RoPEOptions{HeadDim: 4, Frequencies: []float64{1}, Factor: math.Inf(1)}), "factor +Inf"},
	{"negative", rotating(ops.RoPEOptions{HeadDim: 4, Frequencies: []float64{1}, Heads: -1}), "-1 heads"},
	{"heads", rotating(ops.RoPEOptions{HeadDim: 4, Frequencies: []float64{1}, Heads: 3}), "(2, 3, 8)|3 heads of 4"},
	{"divide", rotating(ops.RoPEOptions{HeadDim: 3, Frequencies: []float64{1}}), "(2, 3, 8)|heads of 3"},
	{"positions", func(l leaves) (*G.Node, error) {
		return ops.RoPE(l.f32(2, 3, 8), l.i32(3, 2), ops.RoPEOptions{HeadDim: 4, Frequencies: []float64{1}})
	}, "positions (3, 2)|want (2, 3)"},
	{"type", func(l leaves) (*G.Node, error) {
		return ops.RoPE(l.f32(2, 3, 8), l.f32(2, 3), ops.RoPEOptions{HeadDim: 4, Frequencies: []float64{1}})
	}, "float32|int32"},
}

func rotating(o ops.RoPEOptions) func(l leaves) (*G.Node, error) {
	return func(l leaves) (*G.Node, error) { return ops.RoPE(l.f32(2, 3, 8), nil, o) }
}

var wrongAttention = []wrong{
	{"heads", attend(ops.AttentionOptions{}, 6), "0 heads"},
	{"groups", attend(ops.AttentionOptions{Heads: 3, KVHeads: 2}, 14), "3 heads|2 key-value heads"},
	{"divide", attend(ops.AttentionOptions{Heads: 3}, 8), "8 channels|9 heads"},
	{"window", attend(ops.AttentionOptions{Heads: 1, Window: -1}, 3), "window -1"},
	{"dropout", attend(ops.AttentionOptions{Heads: 1, Dropout: 1}, 3), "dropout 1"},
	{"dropout", attend(ops.AttentionOptions{Heads: 1, Dropout: math.NaN()}, 3), "dropout NaN"},
	{"stream", attend(ops.AttentionOptions{Heads: 1, Dropout: 0.5}, 3), "stream"},
	{"none", func(leaves) (*G.Node, error) { return ops.Attention(ops.Operands{}, ops.AttentionOptions{Heads: 1}) }, "ops: Attention|Q"},
	{"axes", attending(func(l leaves, o *ops.Operands) { o.Q = l.f32(2, 6) }), "(2, 6)"},
	{"keys", attending(func(l leaves, o *ops.Operands) { o.K = l.f32(1, 4, 4) }), "(1, 4, 4)|(2, 3, 4)|(2, 4, 8)"},
	{"values", attending(func(l leaves, o *ops.Operands) { o.K, o.V = l.f32(2, 5, 4), l.f32(2, 4, 4) }), "(2, 4, 4)|(2, 5, 4)"},
	{"only values", attending(func(l leaves, o *ops.Operands) { o.K, o.V = nil, l.f32(2, 4, 4) }), "Q, K and V"},
	{"lengths", attending(func(l leaves, o *ops.Operands) { o.Lengths = l.i32(3) }), "(3)|want (2)"},
	{"past type", attending(func(l leaves, o *ops.Operands) { o.Past = l.f32(2) }), "float32|int32"},
	{"softcap", attend(ops.AttentionOptions{Heads: 1, Softcap: -1}, 3), "softcap -1"},
	{"softcap", attend(ops.AttentionOptions{Heads: 1, Softcap: math.NaN()}, 3), "softcap NaN"},
	{"starts", attending(func(l leaves, o *ops.Operands) { o.Starts = l.i32(2, 5) }), "(2, 5)|want (2, 3)"},
	{"ends", attending(func(l leaves, o *ops.Operands) { o.Ends = l.i32(2) }), "(2)|want (2, 3)"},
	{"ends type", attending(func(l leaves, o *ops.Operands) { o.Ends = l.f32(2, 3) }), "float32|int32"},
	{"distance", attending(func(l leaves, o *ops.Operands) { o.Distance = l.f32(2, 5) }), "(2, 5)|want (2 or 1, 7)"},
	{"distance type", attending(func(l leaves, o *ops.Operands) { o.Distance = l.i32(2, 7) }), "int32|floating"},
	{"probabilities", func(l leaves) (*G.Node, error) {
		return ops.AttentionProbabilities(ops.Operands{Q: l.f32(2, 3, 8)}, ops.AttentionOptions{Heads: 3})
	}, "ops: AttentionProbabilities|8 channels|9 heads"},
	{"bias", attending(func(l leaves, o *ops.Operands) { o.Bias = l.f32(2, 3, 3, 5) }), "(2, 3, 3, 5)|(2 or 1, 2 or 1, 3, 5)"},
}

func attend(o ops.AttentionOptions, channels int) func(l leaves) (*G.Node, error) {
	return func(l leaves) (*G.Node, error) { return ops.Attention(ops.Operands{Q: l.f32(2, 3, channels)}, o) }
}

// attending changes correct operands of two heads into wrong ones.
func attending(change func(l leaves, o *ops.Operands)) func(l leaves) (*G.Node, error) {
	return func(l leaves) (*G.Node, error) {
		o := ops.Operands{Q: l.f32(2, 3, 4), K: l.f32(2, 5, 8)}
		change(l, &o)
		return ops.Attention(o, ops.AttentionOptions{Heads: 2})
	}
}

// TestWrongCalls: a wrong call is an error that names the operation and the values that disagree.
func TestWrongCalls(t *testing.T) {
	for group, calls := range map[string][]wrong{
		"arithmetic": wrongArithmetic, "shapes": wrongShapes, "layers": wrongLayers, "attention": wrongAttention, "rope": wrongRoPE, "new": wrongDefs,
	} {
		for _, c := range calls {
			t.Run(group+"/"+c.name, func(t *testing.T) {
				n, err := c.call(leaves{G.NewGraph()})
				if err == nil {
					t.Fatalf("got %v, want an error", n)
				}
				if n != nil {
					t.Errorf("got node %v with the error, want nil", n)
				}
				checkWords(t, err, c.words)
			})
		}
	}
}

func checkWords(t *testing.T, err error, words string) {
	t.Helper()
	for w := range strings.SplitSeq(words, "|") {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want %q in it", err, w)
		}
	}
}

// TestWrongIDs: ids and lengths out of range are errors of a run, in Programs and in plain Gorgonia.
func TestWrongIDs(t *testing.T) {
	attention := func(past, lengths []int32) opCase {
		a := attentionCase{sources: 2, b: 2, t: 2, s: 5, d: 2, o: ops.AttentionOptions{Heads: 2}, past: past, lengths: lengths}
		return opCase{name: "Attention", operands: a.operands(), apply: a.apply}
	}
	ranges := func(starts, ends []int32) opCase {
		a := attentionCase{sources: 2, b: 2, t: 2, s: 5, d: 2, o: ops.AttentionOptions{Heads: 2}, starts: starts, ends: ends}
		return opCase{name: "Attention", operands: a.operands(), apply: a.apply}
	}
	distant := attentionCase{sources: 2, b: 2, t: 2, s: 5, d: 2, o: ops.AttentionOptions{Heads: 2}, past: []int32{3, 1}, distances: 2}
	far := opCase{name: "Attention", operands: distant.operands(), apply: distant.apply}
	embedding := func(id int32) opCase {
		return opCase{
			name: "Embedding", operands: []operand{normal(5, 3), ids([]int32{0, 1, id, 9}, 2, 2)},
			apply: func(x []*G.Node) (*G.Node, error) { return ops.Embedding(x[0], x[1]) },
		}
	}
	crossEntropy := func(target int32) opCase {
		return opCase{
			name: "CrossEntropy", operands: []operand{normal(3, 4), ids([]int32{0, ops.IgnoreTarget, target}, 3)},
			apply: func(x []*G.Node) (*G.Node, error) { return ops.CrossEntropy(x[0], x[1], 0) },
		}
	}
	for _, c := range []struct {
		opCase
		words string
	}{
		{embedding(5), "Embedding|id 5|position 2|5 rows"},
		{embedding(-1), "Embedding|id -1|position 2|5 rows"},
		{crossEntropy(4), "CrossEntropy|target 4|position 2|4 classes"},
		{crossEntropy(-1), "CrossEntropy|target -1|position 2|4 classes"},
		{ropeCase(ops.RoPEOptions{HeadDim: 2, Frequencies: []float64{1}}, []int{2, 2, 2}, []int32{0, 1, 0, -3}), "RoPE|sequence 1|position -3|row 1"},
		{attention(nil, []int32{5, 6}), "Attention|sequence 1|length 6|5"},
		{attention(nil, []int32{-1, 5}), "Attention|sequence 0|length -1|5"},
		{attention([]int32{0, -2}, nil), "Attention|sequence 1|position -2"},
		{ranges([]int32{0, 0, 6, 0}, nil), "Attention|sequence 1|start 6 of query 0|5"},
		{ranges(nil, []int32{0, -1, 5, 0}), "Attention|sequence 0|end -1 of query 1|5"},
		{far, "Attention|sequence 1|query 0 at position 1|keys 0…4|distances -4…1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, c.declare)
			check(t, err)
			if err = p.Run(nil); err == nil {
				t.Fatal("got no error, want one")
			}
			checkWords(t, err, "graph: run: |"+c.words)
		})
	}
}

var wrongDefs = []wrong{
	{"operands", func(leaves) (*G.Node, error) { return ops.New(ops.Def{Name: "Mine"}) }, "ops: Mine|no operands"},
	{"shapes", func(l leaves) (*G.Node, error) { return ops.New(ops.Def{Name: "Mine"}, l.f32(2)) }, "ops: Mine|Shapes"},
	{"float64", func(l leaves) (*G.Node, error) {
		d := mine()
		d.Forward.F64 = nil
		return ops.New(d, l.of(tensor.Float64, 2))
	}, "ops: Mine|Forward|float64"},
	{"backward", func(l leaves) (*G.Node, error) {
		d := mine()
		d.Backward.F64 = d.Forward.F64
		return ops.New(d, l.f32(2))
	}, "ops: Mine|Backward|float32"},
	{"no result", func(l leaves) (*G.Node, error) {
		d := mine()
		d.Shapes = func([]tensor.Shape) ([]tensor.Shape, error) { return nil, nil }
		return ops.New(d, l.f32(2))
	}, "ops: Mine|no result"},
}

// mine is a correct definition without a gradient.
func mine() ops.Def {
	return ops.Def{
		Name:   "Mine",
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) { return in[:1], nil },
		Forward: ops.Kernel{
			F32: func(c *ops.Call[float32]) error { copy(c.Out[0].F, c.In[0].F); return nil },
			F64: func(c *ops.Call[float64]) error { copy(c.Out[0].F, c.In[0].F); return nil },
		},
	}
}

// TestNoGradient: a parameter that reaches the loss only through an operation without a gradient is an error of Build and not a
// silent zero.
func TestNoGradient(t *testing.T) {
	_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
		x := s.Param("weight", graph.Ones(), 2)
		s.Minimize(graphtest.Loss(s, s.Try(ops.New(mine(), x))))
	})
	if err == nil {
		t.Fatal("got no error, want one")
	}
	checkWords(t, err, "graph: build|weight")
}
