package models_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// packedBases lists models whose matrices can be packed: tied and untied, with matrices of both layouts, with a softcap.
func packedBases() map[string]models.LanguageModel {
	return map[string]models.LanguageModel{
		"gpt2":   models.GPT{Vocab: 40, Context: 8, Layers: 2, Heads: 2, Dim: 32, InitStd: 0.2},
		"bloom":  models.GPT{Family: "bloom", Vocab: 40, Context: 8, Layers: 1, Heads: 2, Dim: 32, InitStd: 0.2},
		"llama":  models.Llama{Vocab: 40, Context: 8, Layers: 2, Heads: 4, KVHeads: 2, Dim: 64, Hidden: 96, Untied: true, InitStd: 0.2},
		"gemma2": models.Llama{Family: "gemma2", Vocab: 40, Context: 8, Layers: 2, Heads: 2, KVHeads: 1, Dim: 32, Hidden: 64, AttnSoftcap: 50, FinalSoftcap: 30, SlidingWindow: 4, InitStd: 0.2},
	}
}

// TestAdapterOverPacked: over a base in few bits, the gradients of A and B are those in float64 over the values of the base. Products with Q8_0
// and Q4_0 round the other operand to 8 bits. The base takes less memory, and none of it is trained.
func TestAdapterOverPacked(t *testing.T) {
	const b, n = 2, 8
	l := layers.LoRA{Rank: 2, Alpha: 4, Targets: []string{"all"}}
	for name, m := range packedBases() {
		dense, err := l.Adapt(graph.NewParams(tensor.Float32, 1), m.Loss(1, 1))
		if err != nil {
			t.Fatal(err)
		}
		plain := build(t, dense, graph.Train, m.Loss(b, n))
		exact, err := l.Adapt(graph.NewParams(tensor.Float64, 1), m.Loss(1, 1))
		if err != nil {
			t.Fatal(err)
		}
		reference := build(t, exact, graph.Train, m.Loss(b, n))
		for path, w := range dense.All() {
			if strings.Contains(path, "lora_B") {
				for i := range w.Float32s() {
					w.Float32s()[i] = float32(i%7-3) / 10
				}
			}
		}
		feed := graph.Feed{"tokens": tokens(1, 40, b, n), "targets": tokens(2, 40, b, n)}
		for q, tol := range map[kernel.Quant]float64{kernel.BF16: 1e-4, kernel.Q8_0: 0.04, kernel.Q4_0: 0.04} {
			params, err := graph.Pack(dense, q, graph.Train, m.Loss(b, n))
			if err != nil {
				t.Fatal(err)
			}
			packed := build(t, params, graph.Train, m.Loss(b, n))
			dequantize(t, exact, params, m.Loss(b, n), dense)
			run(t, packed, feed)
			run(t, reference, feed)
			if r := gradientError(packed, reference, l); !(r <= tol) {
				t.Errorf("%s %v: gradients have a relative error of %g, want at most %g", name, q, r, tol)
			}
			if got, was := packed.Memory().Params, plain.Memory().Params; got >= was*3/4 {
				t.Errorf("%s %v: the weights take %d bytes, in float32 %d", name, q, got, was)
			}
		}
	}
}

// dequantize sets exact to the values of params, whose forms are those of dense.
func dequantize(t *testing.T, exact, params *graph.Params, declare func(*graph.Scope), dense *graph.Params) {
	t.Helper()
	forms, err := graph.Packings(dense, graph.Train, declare)
	if err != nil {
		t.Fatal(err)
	}
	for path, x := range exact.All() {
		w := params.Packed(path)
		if w == nil {
			for i, v := range params.Value(path).Float32s() {
				x.Float64s()[i] = float64(v)
			}
			continue
		}
		row := make([]float32, w.Cols)
		for i := range w.Rows {
			w.Row(i, row)
			for j, v := range row {
				at := i*w.Cols + j
				if forms[path].Trans {
					at = j*w.Rows + i
				}
				x.Float64s()[at] = float64(v)
			}
		}
	}
}

// gradientError returns the relative error of all gradients of p together. Only weights of the adapter may have one.
func gradientError(p, reference *graph.Program, l layers.LoRA) float64 {
	want := map[string][]float64{}
	for _, w := range reference.Weights() {
		g, _ := w.Grad()
		want[w.Name()] = g.Data().([]float64)
	}
	var miss, size float64
	for _, w := range p.Weights() {
		g, _ := w.Grad()
		if len(want) != len(p.Weights()) || !l.Owns(w.Name()) {
			return math.Inf(1)
		}
		for i, v := range g.Data().([]float32) {
			d := float64(v) - want[w.Name()][i]
			miss, size = miss+d*d, size+want[w.Name()][i]*want[w.Name()][i]
		}
	}
	return math.Sqrt(miss / size)
}

// TestAdaptersChosen: several adapters share one base in memory, in float32 or in few bits, and each call chooses one: calls in turn generate the
// text of the adapter alone, and without an adapter the text of the base.
func TestAdaptersChosen(t *testing.T) {
	for name, m := range packedBases() {
		for _, packed := range []bool{false, true} {
			base := graph.NewParams(tensor.Float32, 1)
			build(t, base, graph.Eval, m.Logits(1, 1))
			if packed {
				var err error
				if base, err = graph.Pack(base, kernel.Q8_0, graph.Decode, m.Decode(1, 1)); err != nil {
					t.Fatal(err)
				}
			}
			size := base.Size()
			views := map[string]*graph.Params{"": base}
			for _, name := range []string{"a", "b"} {
				views[name] = base.Carry(layers.LoRA{Name: name, Rank: 2, Alpha: 8, Targets: []string{"all"}})
			}
			alone := map[string][]int32{}
			decoders := map[string]*generate.Decoder{}
			for _, name := range []string{"", "a", "b"} {
				d, err := generate.NewDecoder(views[name], m, 1)
				if err != nil {
					t.Fatal(err)
				}
				for path, w := range base.All() {
					if strings.Contains(path, "lora_B."+name+".") {
						for i := range w.Float32s() {
							w.Float32s()[i] = float32((i*7+len(path))%11-5) / 4 * float32(name[0]-'`')
						}
					}
				}
				decoders[name], alone[name] = d, greedy(t, d)
			}
			for range 2 {
				for _, name := range []string{"b", "", "a"} {
					if got := greedy(t, decoders[name]); !slices.Equal(got, alone[name]) {
						t.Errorf("adapter %q: got %v in turn, alone %v", name, got, alone[name])
					}
				}
			}
			if slices.Equal(alone["a"], alone[""]) && slices.Equal(alone["b"], alone[""]) {
				t.Errorf("%s: the adapters have no effect", name)
			}
			if more := base.Size() - size; more >= size && !packed {
				t.Errorf("%s: two adapters add %d weights to the %d of the base", name, more, size)
			}
		}
	}
}

// greedy continues a text by the most likely tokens.
func greedy(t *testing.T, d *generate.Decoder) (ids []int32) {
	t.Helper()
	for id, err := range generate.Tokens(d, []int32{3, 1}, generate.Options{Tokens: 6}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}
