package onnx_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints/onnx"
	"github.com/gorgoformer/gorgoformer/checkpoints/onnx/onnxtest"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// inputs declares the inputs of a declaration at their first use: x, y and z, (B, T, 12); ids, starts and ends, int32 (B, T); lengths, int32 (B).
type inputs struct {
	*graph.Scope
	b, t int
	made map[string]*G.Node
}

func (s inputs) once(name string, dt tensor.Dtype, shape ...int) *G.Node {
	if s.made[name] == nil {
		s.made[name] = s.Input(name, dt, shape...)
	}
	return s.made[name]
}

func (s inputs) x() *G.Node       { return s.once("x", tensor.Float32, s.b, s.t, 12) }
func (s inputs) y() *G.Node       { return s.once("y", tensor.Float32, s.b, s.t, 12) }
func (s inputs) z() *G.Node       { return s.once("z", tensor.Float32, s.b, s.t, 12) }
func (s inputs) ids() *G.Node     { return s.once("ids", tensor.Int32, s.b, s.t) }
func (s inputs) starts() *G.Node  { return s.once("starts", tensor.Int32, s.b, s.t) }
func (s inputs) ends() *G.Node    { return s.once("ends", tensor.Int32, s.b, s.t) }
func (s inputs) lengths() *G.Node { return s.once("lengths", tensor.Int32, s.b) }

func (s inputs) weight(shape ...int) *G.Node {
	return s.Param(fmt.Sprint("w", shape), graph.Normal(0.5), shape...)
}

// declarations declares each operation, by its name and a remark.
var declarations = map[string]func(s inputs) *G.Node{
	"Add":   func(s inputs) *G.Node { return s.Try(ops.Add(s.x(), s.weight(12))) },
	"Sub":   func(s inputs) *G.Node { return s.Try(ops.Sub(s.weight(1, 1, 12), s.x())) },
	"Mul":   func(s inputs) *G.Node { return s.Try(ops.Mul(s.x(), s.y())) },
	"Div":   func(s inputs) *G.Node { return s.Try(ops.Div(s.x(), s.Try(ops.Scale(s.weight(12), 3)))) },
	"Scale": func(s inputs) *G.Node { return s.Try(ops.Scale(s.x(), -0.3)) },
	"Linear": func(s inputs) *G.Node {
		return s.Try(ops.Linear(s.x(), s.weight(5, 12), s.weight(5), ops.LinearOptions{}))
	},
	"Linear InOut": func(s inputs) *G.Node {
		return s.Try(ops.Linear(s.x(), s.weight(12, 5), nil, ops.LinearOptions{InOut: true, Act: kernel.GELU}))
	},
	"MatMul":            func(s inputs) *G.Node { return s.Try(ops.MatMul(s.x(), s.y(), ops.MatMulOptions{TransB: true})) },
	"MatMul transposed": func(s inputs) *G.Node { return s.Try(ops.MatMul(s.x(), s.y(), ops.MatMulOptions{TransA: true})) },
	"SwiGLU":            func(s inputs) *G.Node { return s.Try(ops.SwiGLU(s.x(), s.y())) },
	"LayerNorm": func(s inputs) *G.Node {
		return s.Try(ops.LayerNorm(s.x(), s.weight(12), s.Param("b", graph.Normal(1), 12), 1e-5))
	},
	"LayerNorm bare":   func(s inputs) *G.Node { return s.Try(ops.LayerNorm(s.x(), nil, nil, 1e-12)) },
	"RMSNorm":          func(s inputs) *G.Node { return s.Try(ops.RMSNorm(s.x(), s.weight(12), 1e-6)) },
	"Softmax":          func(s inputs) *G.Node { return s.Try(ops.Softmax(hidden(s, 5))) },
	"Softmax of none":  func(s inputs) *G.Node { return s.Try(ops.Softmax(hidden(s, 12))) },
	"LogSoftmax":       func(s inputs) *G.Node { return s.Try(ops.LogSoftmax(hidden(s, 5))) },
	"LogSoftmax, none": func(s inputs) *G.Node { return s.Try(ops.LogSoftmax(hidden(s, 12))) },
	"Embedding":        func(s inputs) *G.Node { return s.Try(ops.Embedding(s.weight(9, 4), s.ids())) },
	"PaddedPositions": func(s inputs) *G.Node {
		return layers.PaddedPositions{Max: 20, Pad: 3}.Forward(s.Scope, s.x(), s.ids())
	},
	"RoPE": func(s inputs) *G.Node {
		return s.Try(ops.RoPE(s.x(), nil, ops.RoPEOptions{HeadDim: 6, Frequencies: []float64{1, 0.3, 0.01}}))
	},
	"RoPE in part": func(s inputs) *G.Node {
		return s.Try(ops.RoPE(s.x(), s.ids(), ops.RoPEOptions{HeadDim: 6, Heads: 1, Frequencies: []float64{900.5, 0.3}, Factor: 1.5, Interleaved: true}))
	},
	"Transpose":    func(s inputs) *G.Node { return s.Try(ops.Transpose(s.x(), 1, 2, 0)) },
	"Concat":       func(s inputs) *G.Node { return s.Try(ops.Concat(1, s.x(), s.y(), s.x())) },
	"Reshape":      func(s inputs) *G.Node { return s.Try(ops.Reshape(s.x(), s.t*3, s.b*4)) },
	"Reshape flat": func(s inputs) *G.Node { return s.Try(ops.Reshape(s.x(), s.b*s.t*12)) },
	"Slice":        func(s inputs) *G.Node { return s.Try(ops.Slice(s.x(), 1, s.t-1, s.t)) },
	"Slice table":  func(s inputs) *G.Node { return s.Add(s.x(), s.Try(ops.Slice(s.weight(15, 12), 0, 2, s.t+2))) },
	"MeanPool":     func(s inputs) *G.Node { return s.Try(ops.MeanPool(s.x(), s.lengths())) },
	"MeanPool all": func(s inputs) *G.Node { return s.Try(ops.MeanPool(s.x(), nil)) },
	"LastPool":     func(s inputs) *G.Node { return s.Try(ops.LastPool(s.x(), s.lengths())) },
	"LastPool all": func(s inputs) *G.Node { return s.Try(ops.LastPool(s.x(), nil)) },
	"Attention":    func(s inputs) *G.Node { return attend(s, ops.AttentionOptions{Heads: 2, Causal: true}) },
	"Attention GQA": func(s inputs) *G.Node {
		return attend(s, ops.AttentionOptions{Heads: 4, KVHeads: 2, Window: 2, Softcap: 2}, s.y())
	},
	"Attention in windows": func(s inputs) *G.Node {
		return attend(s, ops.AttentionOptions{Heads: 4, KVHeads: 1, Window: 3, Causal: true, Scale: 0.7})
	},
	"Attention of lengths": func(s inputs) *G.Node {
		return s.Try(ops.Attention(ops.Operands{Q: s.x(), Lengths: s.lengths()}, ops.AttentionOptions{Heads: 2}))
	},
	"Attention of ranges": func(s inputs) *G.Node {
		in := ops.Operands{Q: s.x(), K: s.y(), V: s.z(), Starts: s.starts(), Ends: s.ends()}
		return s.Try(ops.Attention(in, ops.AttentionOptions{Heads: 3}))
	},
	"Attention with biases": func(s inputs) *G.Node {
		bias := s.Try(ops.Reshape(s.Try(ops.MatMul(s.x(), s.y(), ops.MatMulOptions{TransB: true})), s.b, 1, s.t, s.t))
		distance := s.ConstantFunc(tensor.Float32, func(x *tensor.Dense) {
			for i := range x.Float32s() {
				x.Float32s()[i] = -0.3 * float32(math.Abs(float64(i%(2*s.t-1)-s.t+1)))
			}
		}, 2, 2*s.t-1)
		return s.Try(ops.Attention(ops.Operands{Q: s.z(), Bias: bias, Distance: distance}, ops.AttentionOptions{Heads: 2}))
	},
	"Attention across": func(s inputs) *G.Node {
		last := s.Try(ops.Slice(s.x(), 1, s.t-1, s.t))
		return s.Try(ops.Attention(ops.Operands{Q: last, K: s.y(), V: s.z()}, ops.AttentionOptions{Heads: 3, Causal: true, Window: 2}))
	},
	"AttentionProbabilities": func(s inputs) *G.Node {
		return s.Try(ops.AttentionProbabilities(ops.Operands{Q: s.x(), K: s.y(), Lengths: s.lengths()}, ops.AttentionOptions{Heads: 4, KVHeads: 2, Causal: true}))
	},
	"AttentionScores": func(s inputs) *G.Node {
		return s.Try(ops.AttentionScores(ops.Operands{Q: s.x()}, ops.AttentionOptions{Heads: 2, Causal: true}))
	},
	"RelativeSpread":          func(s inputs) *G.Node { return shaw(s, layers.SelfAttention{Heads: 2, Causal: true}) },
	"RelativeCollect":         func(s inputs) *G.Node { return shaw(s, layers.SelfAttention{Heads: 4, KVHeads: 2, Window: 2}) },
	"constant from its start": grows(same, func(i, _ int) int32 { return int32(i) }),
	"constant in the middle":  grows(func(t int) int { return 2*t - 1 }, func(i, t int) int32 { return int32(i - t + 40) }),
	"constant of zeros": func(s inputs) *G.Node {
		rows := s.Try(ops.Embedding(s.weight(9, 12), s.ConstantFunc(tensor.Int32, nil, s.b)))
		return s.Add(s.x(), s.Try(ops.Reshape(rows, s.b, 1, 12)))
	},
}

func init() {
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		declarations[act.String()] = func(s inputs) *G.Node { return s.Try(ops.Activate(s.x(), act)) }
	}
}

// attend is Attention of x, or of x and keys with values.
func attend(s inputs, o ops.AttentionOptions, keys ...*G.Node) *G.Node {
	in := ops.Operands{Q: s.x()}
	if len(keys) > 0 {
		in.K = keys[0]
	}
	return s.Try(ops.Attention(in, o))
}

// shaw is attention with Shaw's positions, over lengths.
func shaw(s inputs, l layers.SelfAttention) *G.Node {
	l.Positions.Shaw.Max = 2
	return l.Forward(s.Scope, s.x(), layers.Sequence{Lengths: s.lengths()})
}

// hidden returns x with n channels of −Inf.
func hidden(s inputs, n int) *G.Node {
	return s.Add(s.x(), s.ConstantFunc(tensor.Float32, func(x *tensor.Dense) {
		for i := range n {
			x.Float32s()[i] = float32(math.Inf(-1))
		}
	}, 12))
}

var axes = []onnx.Axis{{Name: "B"}, {Name: "T", Max: 13}}

// declared returns a declaration for sizes B and T.
func declared(f func(s inputs) *G.Node) func(n []int) func(*graph.Scope) {
	return func(n []int) func(*graph.Scope) {
		return func(s *graph.Scope) { s.Output("out", f(inputs{s, n[0], n[1], map[string]*G.Node{}})) }
	}
}

// trial is a job of ONNX Runtime and the result of a Program.
type trial struct {
	onnxtest.Job
	name string
	want *tensor.Dense
}

// TestRules compares each operation in ONNX Runtime with a Program, in several sizes and in the first and the last operator set.
func TestRules(t *testing.T) {
	onnxtest.Need(t)
	for _, op := range onnx.Operations() {
		if declarations[op] == nil {
			t.Errorf("operation %s has a rule but no declaration here", op)
		}
	}
	var trials []trial
	for name, f := range declarations {
		trials = append(trials, trialsOf(t, name, f)...)
	}
	jobs := make([]onnxtest.Job, len(trials))
	for i, x := range trials {
		jobs[i] = x.Job
	}
	for i, got := range onnxtest.Run(t, jobs...) {
		if got.Error != "" {
			t.Errorf("%s: %s", trials[i].name, got.Error)
			continue
		}
		compare(t, trials[i], got.Outputs["out"])
	}
}

// trialsOf returns trials of a declaration.
func trialsOf(t *testing.T, name string, f func(s inputs) *G.Node) (all []trial) {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	for i, n := range [][]int{{1, 1}, {3, 5}, {2, 13}} {
		p, err := graph.Build(params, graph.Eval, declared(f)(n))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		d := onnx.Declaration{Axes: axes, Declare: declared(f), Opset: []int{onnx.FirstOpset, 0, onnx.LastOpset}[i]}
		m, err := onnx.Translate(params, d)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		path := filepath.Join(t.TempDir(), "m.onnx")
		check(t, m.Save(path))
		ours, theirs := feeds(m, n)
		if err := p.Run(ours); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, trial{onnxtest.Job{Model: path, Feeds: theirs}, fmt.Sprint(name, n), p.Output("out")})
	}
	return all
}

// feeds returns random inputs. Ids are below 9, lengths and ends at most T.
func feeds(m *onnx.Model, n []int) (graph.Feed, map[string]onnxtest.Tensor) {
	ours, theirs := graph.Feed{}, map[string]onnxtest.Tensor{}
	r := rand.New(rand.NewPCG(1, uint64(n[0])))
	for _, v := range m.Inputs {
		shape := []int{n[0], n[1], 12}[:len(v.Shape)]
		x := make([]float32, n[0]*n[1]*12)
		ids, wide := make([]int32, n[0]*n[1]), make([]int64, n[0]*n[1])
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		for i := range ids {
			ids[i] = r.Int32N(min(9, int32(n[1])+1))
			if v.Name == "ids" {
				ids[i] = r.Int32N(9)
			}
			wide[i] = int64(ids[i])
		}
		if v.Type == onnx.Float32 {
			ours[v.Name] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))
			theirs[v.Name] = onnxtest.Tensor{Dims: shape, Data: x}
			continue
		}
		count := tensor.Shape(shape).TotalSize()
		ours[v.Name] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(ids[:count]))
		theirs[v.Name] = onnxtest.Tensor{Dims: shape, Data: wide[:count]}
	}
	return ours, theirs
}

// compare compares within 1e-5 of the largest element: sums have other orders. Infinities must be equal.
func compare(t *testing.T, x trial, got onnxtest.Tensor) {
	t.Helper()
	want, largest := x.want.Float32s(), 1.0
	if !slices.Equal(got.Dims, x.want.Shape()) {
		t.Errorf("%s: got shape %v, want %v", x.name, got.Dims, x.want.Shape())
		return
	}
	for _, w := range want {
		if v := math.Abs(float64(w)); !math.IsInf(v, 0) {
			largest = max(largest, v)
		}
	}
	for i, g := range got.Data.([]float32) {
		if d := math.Abs(float64(g) - float64(want[i])); g != want[i] && !(d <= 1e-5*largest) {
			t.Errorf("%s: element %d is %g, want %g", x.name, i, g, want[i])
			return
		}
	}
}
