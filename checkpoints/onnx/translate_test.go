package onnx_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints/onnx"
	"github.com/gorgoformer/gorgoformer/checkpoints/onnx/onnxtest"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// encoder is a model of one's own: two blocks and a mean. Without positions, the order of its tokens does not matter.
func encoder(s inputs) *G.Node {
	x := layers.Embedding{Vocab: 9, Dim: 12}.Forward(s.In("embed"), s.ids())
	seq := layers.Sequence{Lengths: s.lengths()}
	for _, b := range s.In("blocks").Parts(2) {
		x = b.Add(x, layers.SelfAttention{Heads: 3}.Forward(b.In("attention"), layers.RMSNorm{}.Forward(b.In("norm"), x), seq))
	}
	return layers.MeanPool{}.Forward(s.Scope, x, seq)
}

// made makes the parameters of a declaration.
func made(t *testing.T, f func(s inputs) *G.Node) *graph.Params {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	_, err := graph.Build(params, graph.Eval, declared(f)([]int{1, 2}))
	check(t, err)
	return params
}

var masked = onnx.Declaration{
	Axes: axes, Declare: declared(encoder), Names: map[string]string{"ids": "input_ids", "out": "embedding"},
	Masks: map[string]onnx.Mask{"lengths": {Name: "attention_mask", Like: "ids"}},
}

// TestNames: a file has the new names, free axes and the weights under their paths. It shares their memory.
func TestNames(t *testing.T) {
	params := made(t, encoder)
	m, err := onnx.Translate(params, masked)
	check(t, err)
	path := filepath.Join(t.TempDir(), "m.onnx")
	check(t, m.Save(path))
	f := read(t, path)
	if want := []string{"input_ids 7 B T", "attention_mask 7 B T"}; !slices.Equal(f.inputs, want) {
		t.Errorf("got inputs %v, want %v", f.inputs, want)
	}
	if want := []string{"embedding 1 B 12"}; !slices.Equal(f.outputs, want) {
		t.Errorf("got outputs %v, want %v", f.outputs, want)
	}
	for name, x := range params.All() {
		s := f.tensors[name]
		if !slices.Equal(floats(t, s.raw), x.Float32s()) || len(s.dims) != x.Dims() || s.kind != 1 {
			t.Errorf("weight %s of %v differs: %v, type %d", name, x.Shape(), s.dims, s.kind)
		}
	}
	i := slices.IndexFunc(m.Weights, func(w onnx.Tensor) bool { return w.Name == "embed.weight" })
	if &m.Weights[i].Data.([]float32)[0] != &params.Value("embed.weight").Float32s()[0] {
		t.Error("the weights are copies")
	}
}

// TestMask: padding may be before, between and behind the tokens.
func TestMask(t *testing.T) {
	onnxtest.Need(t)
	m, err := onnx.Translate(made(t, encoder), masked)
	check(t, err)
	path := filepath.Join(t.TempDir(), "m.onnx")
	check(t, m.Save(path))
	var jobs []onnxtest.Job
	for _, row := range [][2][]int64{{{5, 6, 7}, {1, 1, 1}}, {{5, 6, 7, 0, 1}, {1, 1, 1, 0, 0}}, {{2, 5, 6, 1, 7}, {0, 1, 1, 0, 1}}, {{5, 6}, {1, 1}}} {
		dims := []int{1, len(row[0])}
		feeds := map[string]onnxtest.Tensor{"input_ids": {Dims: dims, Data: row[0]}, "attention_mask": {Dims: dims, Data: row[1]}}
		jobs = append(jobs, onnxtest.Job{Model: path, Feeds: feeds})
	}
	got := onnxtest.Run(t, jobs...)
	want := tensor.New(tensor.WithShape(got[0].Outputs["embedding"].Dims...), tensor.WithBacking(got[0].Outputs["embedding"].Data))
	for i := range 2 {
		compare(t, trial{name: fmt.Sprint("mask ", i), want: want}, got[i+1].Outputs["embedding"])
	}
	if slices.Equal(got[3].Outputs["embedding"].Data.([]float32), want.Float32s()) {
		t.Error("a text without its last token gives the same vector")
	}
}

// TestMax: a file that uses a size refuses one above its Max.
func TestMax(t *testing.T) {
	onnxtest.Need(t)
	f := func(s inputs) *G.Node { return attend(s, ops.AttentionOptions{Heads: 2, Causal: true}) }
	m, err := onnx.Translate(made(t, f), onnx.Declaration{Axes: axes, Declare: declared(f)})
	check(t, err)
	path := filepath.Join(t.TempDir(), "m.onnx")
	check(t, m.Save(path))
	var jobs []onnxtest.Job
	for _, n := range []int{13, 14} {
		x := onnxtest.Tensor{Dims: []int{1, n, 12}, Data: make([]float32, n*12)}
		jobs = append(jobs, onnxtest.Job{Model: path, Feeds: map[string]onnxtest.Tensor{"x": x}})
	}
	if got := onnxtest.Run(t, jobs...); got[0].Error != "" || !strings.Contains(got[1].Error, "idx=14") {
		t.Errorf("got errors %q and %q, want none for 13 and one for 14", got[0].Error, got[1].Error)
	}
}

// double is an operation of one's own.
func double(x *G.Node) (*G.Node, error) {
	return ops.New(ops.Def{
		Name: "Double", Attrs: []any{2.0}, Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) { return in[:1], nil },
		Forward: ops.Kernel{F32: func(c *ops.Call[float32]) error {
			for i, x := range c.In[0].F {
				c.Out[0].F[i] = 2 * x
			}
			return nil
		}},
	}, x)
}

// TestRule translates an operation of one's own.
func TestRule(t *testing.T) {
	f := func(s inputs) *G.Node { return s.Try(double(s.x())) }
	d := onnx.Declaration{Axes: axes, Declare: declared(f), Rules: map[string]onnx.Rule{"Double": func(g *onnx.Graph, c onnx.Call) (string, error) {
		return g.Add("Mul", c.In[0].Name, g.Float(c.Op.Attrs[0].(float64))), nil
	}}}
	m, err := onnx.Translate(made(t, f), d)
	check(t, err)
	path := filepath.Join(t.TempDir(), "m.onnx")
	check(t, m.Save(path))
	if f := read(t, path); f.nodes[0].op != "Mul" || !slices.Equal(f.nodes[0].in, []string{"x", "shared/float(2)"}) || f.outputs[0] != "out 1 B T 12" {
		t.Errorf("got %+v", f)
	}
}

// grows is a constant of n(T) elements with the values v(i, T), added to the ids' embeddings.
func grows(n func(t int) int, v func(i, t int) int32) func(s inputs) *G.Node {
	return func(s inputs) *G.Node {
		x := s.ConstantFunc(tensor.Int32, func(x *tensor.Dense) {
			for i := range x.Int32s() {
				x.Int32s()[i] = v(i, s.t)
			}
		}, n(s.t))
		sum := s.Try(ops.MeanPool(s.Try(ops.Reshape(s.Try(ops.Embedding(s.weight(99, 12), x)), 1, n(s.t), 12)), nil))
		return s.Add(s.x(), sum)
	}
}

func same(t int) int { return t }

// plain is a model that has a translation.
func plain(s inputs) *G.Node { return s.Try(ops.GELU(s.x())) }

// untranslated is a declaration that Translate refuses, after a change.
type untranslated struct {
	f      func(s inputs) *G.Node
	change func(d *onnx.Declaration)
}

// untranslatable lists declarations by a part of their error.
var untranslatable = map[string]untranslated{
	"operator set 99: want 17 to 21":               {plain, func(d *onnx.Declaration) { d.Opset = 99 }},
	"want parameters and Declare":                  {plain, func(d *onnx.Declaration) { d.Declare = nil }},
	`axis 1 is named "T" and has Max 2: want`:      {plain, func(d *onnx.Declaration) { d.Axes = []onnx.Axis{{Name: "B"}, {Name: "T", Max: 2}} }},
	`axis 1 is named ""`:                           {plain, func(d *onnx.Declaration) { d.Axes = []onnx.Axis{{Name: "B"}, {}} }},
	"Names has tokens: want one of x, out":         {plain, func(d *onnx.Declaration) { d.Names = map[string]string{"tokens": "a"} }},
	"Masks has x with Name":                        {plain, func(d *onnx.Declaration) { d.Masks = map[string]onnx.Mask{"x": {Name: "m", Like: "n"}} }},
	"Masks: input x of shape":                      {plain, func(d *onnx.Declaration) { d.Masks = map[string]onnx.Mask{"x": {Name: "m", Like: "x"}} }},
	"the name x belongs to an input":               {plain, func(d *onnx.Declaration) { d.Names = map[string]string{"out": "x"} }},
	"operation Double has no translation":          {f: func(s inputs) *G.Node { return s.Try(double(s.x())) }},
	"of Gorgonia has no translation":               {f: func(s inputs) *G.Node { return s.Try(G.Tanh(s.x())) }},
	"the weight has no values: build the model":    {f: func(s inputs) *G.Node { return s.Add(s.x(), s.weight(12)) }},
	"a state has no translation":                   {f: func(s inputs) *G.Node { return s.Add(s.x(), s.State("cache", 12)) }},
	"axis T is the length of no axis of an input":  {f: func(s inputs) *G.Node { return s.Try(ops.Embedding(s.weight(9, 4), s.lengths())) }},
	"give the axis T a Max":                        {grows(same, func(i, _ int) int32 { return int32(i) }), func(d *onnx.Declaration) { d.Axes = []onnx.Axis{{Name: "B"}, {Name: "T"}} }},
	"the values of a constant of shape [2] depend": {f: grows(same, func(i, t int) int32 { return int32(t*t - i) })},
	"does not grow in proportion":                  {f: grows(func(t int) int { return t * t }, func(int, int) int32 { return 0 })},
	"RoPE has the attributes": {f: func(s inputs) *G.Node {
		return s.Try(ops.RoPE(s.x(), nil, ops.RoPEOptions{HeadDim: 6, Frequencies: []float64{1 / float64(s.t)}}))
	}},
	"declare the same operations in all sizes": {f: func(s inputs) *G.Node {
		if s.t == 3 {
			return s.Try(ops.GELU(s.x()))
		}
		return s.Try(ops.GELU(s.Try(ops.GELU(s.x()))))
	}},
}

// TestErrors translates models that have no translation.
func TestErrors(t *testing.T) {
	for want, c := range untranslatable {
		d := onnx.Declaration{Axes: axes, Declare: declared(c.f)}
		params := graph.NewParams(tensor.Float32, 1)
		if !strings.HasPrefix(want, "the weight") {
			params = made(t, c.f)
		}
		if c.change != nil {
			c.change(&d)
		}
		if _, err := onnx.Translate(params, d); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := onnx.Translate(graph.NewParams(tensor.Float64, 1), masked); err == nil || !strings.Contains(err.Error(), "want float32") {
		t.Errorf("float64: got %v", err)
	}
}

// TestConstants: a constant that grows is a part of the largest one, from its start or around its middle.
func TestConstants(t *testing.T) {
	for name, f := range map[string]func(s inputs) *G.Node{
		"start":  grows(same, func(i, _ int) int32 { return int32(i) }),
		"middle": grows(func(t int) int { return 2*t - 1 }, func(i, t int) int32 { return int32(i - t + 40) }),
		"equal":  grows(func(t int) int { return 3*t + 1 }, func(int, int) int32 { return 7 }),
	} {
		m, err := onnx.Translate(made(t, f), onnx.Declaration{Axes: axes, Declare: declared(f)})
		check(t, err)
		want := map[string]int{"start": 13, "middle": 25, "equal": 1}[name]
		i := slices.IndexFunc(m.Weights, func(w onnx.Tensor) bool { return w.Name == "constant" })
		if i < 0 || m.Weights[i].Shape[0] != want {
			t.Errorf("%s: got constant %d of %d weights, want %d elements", name, i, len(m.Weights), want)
		}
	}
}
