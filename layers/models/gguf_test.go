package models_test

import (
	"encoding/json"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// ggufFile is a GGUF file in memory.
type ggufFile struct {
	keys   map[string]any
	names  []string
	shapes map[string][]int
	values map[string][]float32
}

func (f *ggufFile) Metadata() map[string]any              { return f.keys }
func (f *ggufFile) Names() []string                       { return f.names }
func (f *ggufFile) Shape(name string) ([]int, bool)       { s, ok := f.shapes[name]; return s, ok }
func (f *ggufFile) Values(name string) ([]float32, error) { return f.values[name], nil }

func (f *ggufFile) ReadValues(name string, first int, x []float32) error {
	copy(x, f.values[name][first:first+len(x)])
	return nil
}

func (f *ggufFile) add(name string, shape []int, x []float32) {
	f.names, f.shapes[name], f.values[name] = append(f.names, name), shape, slices.Clone(x)
}

// ggufOf returns a model as a GGUF file.
func ggufOf(t *testing.T, m models.Model, params map[string]*tensor.Dense) *ggufFile {
	t.Helper()
	g, err := models.NewGGUF(m)
	if err != nil {
		t.Fatal(err)
	}
	f := &ggufFile{keys: maps.Clone(g.Keys), shapes: map[string][]int{}, values: map[string][]float32{}}
	for path, x := range params {
		values, rest := g.Encode(path, x.Shape(), x.Float32s())
		name := g.Name(path)
		if back := g.Path(name); back != path {
			t.Errorf("%s is %s in the file, which is %s", path, name, back)
		}
		if _, twice := f.shapes[name]; twice || len(name) > 63 {
			t.Errorf("%s: the name %s is taken or too long", path, name)
		}
		if f.add(name, g.Shape(path, x.Shape()), values); rest != nil {
			f.keys[g.Rest(path)] = rest
		}
	}
	for name, x := range g.Fixed {
		f.add(name, []int{len(x)}, x)
	}
	return f
}

// weightsIn returns the parameters of a model in a folder by path.
func weightsIn(t *testing.T, dir string, m models.Model) map[string]*tensor.Dense {
	t.Helper()
	read, err := checkpoints.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	rename, all := models.Rename(m, slices.Collect(maps.Keys(read))), map[string]*tensor.Dense{}
	for name, x := range read {
		if path := rename(name); !m.Ignore(path) {
			all[path] = x
		}
	}
	return all
}

func sameBits(a, b *tensor.Dense) bool {
	return a.Shape().Eq(b.Shape()) && slices.EqualFunc(a.Float32s(), b.Float32s(), func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// noGGUF lists the golden cases of families that GGUF has no architecture for.
var noGGUF = []string{"gru-tiny", "lstm-tiny", "sasrec-tiny", "sasrec-prenorm-tiny", "transformer-postln", "transformer-preln", "vit-tiny"}

// TestGGUFGolden: every golden model goes into a GGUF file and back without a changed bit or setting.
func TestGGUFGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(goldenFolder(t), "*", "model.safetensors"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			m, err := models.Open(dir)
			if err != nil {
				t.Skip(err)
			}
			if slices.Contains(noGGUF, filepath.Base(dir)) {
				_, err := models.NewGGUF(m)
				wantError(t, err, "GGUF has no architecture for models.")
				return
			}
			all := weightsIn(t, dir, m)
			f := ggufOf(t, m, all)
			back, g, err := models.OpenGGUF(f)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := text(t, back), text(t, m); got != want {
				t.Errorf("got config %s, want %s", got, want)
			}
			reloaded(t, f, g, all)
		})
	}
}

// reloaded fails unless the weights of a file are the same, bit for bit.
func reloaded(t *testing.T, f *ggufFile, g models.GGUF, all map[string]*tensor.Dense) {
	t.Helper()
	fresh := map[string]*tensor.Dense{}
	for path, x := range all {
		fresh[path] = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(x.Shape()...))
	}
	if err := g.Load(f, maps.All(fresh)); err != nil {
		t.Fatal(err)
	}
	for path, x := range all {
		if !sameBits(x, fresh[path]) {
			t.Errorf("%s has changed", path)
		}
	}
}

func text(t *testing.T, m models.Model) string {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// ggufModels returns models of every architecture, with the settings that other programs know.
func ggufModels() (list []models.Model) {
	ids := []int32{3}
	for _, name := range []string{"gpt2", "mpt", "bloom"} {
		list = append(list, models.GPT{Family: name, Vocab: 11, Context: 12, Layers: 2, Heads: 2, Dim: 8, InitStd: 0.5, NoBias: name == "mpt"})
	}
	for _, name := range []string{"llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3_text"} {
		m := models.Llama{Family: name, Vocab: 11, Context: 12, Layers: 7, Heads: 4, KVHeads: 2, HeadDim: 6, Dim: 8, Hidden: 10, InitStd: 0.5, Eps: 1e-5}
		if name != "llama" {
			m.SlidingWindow = 3
		}
		if strings.HasPrefix(name, "gemma") {
			m.FinalSoftcap, m.QueryScalar = 5, 7
		}
		list = append(list, m)
	}
	for _, k := range []layers.RoPEScaling{
		{Kind: layers.RoPELinear, Factor: 4}, {Kind: layers.RoPEYaRN, Factor: 4, Original: 6}, {Kind: layers.RoPELlama3, Factor: 8, Original: 6},
	} {
		list = append(list, models.Llama{
			Vocab: 11, Context: 12, Layers: 1, Heads: 2, Dim: 16, InitStd: 0.5, Bias: true, MLPBias: true, Untied: true, RoPE: layers.RoPE{Theta: 100, Scaling: k},
		})
	}
	labels := []string{"no", "yes"}
	for _, family := range []string{"bert", "roberta"} {
		for _, head := range []string{"none", "mlm", "classifier"} {
			m := models.BERT{Family: family, Head: head, Vocab: 11, Context: 12, Layers: 2, Heads: 2, Dim: 8, InitStd: 0.5}
			if head == "classifier" {
				m.Labels = labels
			}
			list = append(list, m)
		}
	}
	return append(list, models.ModernBERT{Head: "none", Vocab: 11, Context: 12, Layers: 4, Heads: 2, Dim: 8, Local: 4, InitStd: 0.5},
		models.ModernBERT{Vocab: 11, Context: 12, Layers: 4, Heads: 2, Dim: 8, Local: 4, InitStd: 0.5},
		models.ModernBERT{Head: "classifier", Labels: labels, Vocab: 11, Context: 12, Layers: 4, Heads: 2, Dim: 8, InitStd: 0.5, Pooling: "mean"},
		models.T5{Vocab: 11, EncoderLayers: 2, DecoderLayers: 1, Heads: 2, HeadDim: 3, Dim: 8, FeedForward: "gated-gelu", Source: 12, Target: 12, BOS: ids},
		models.T5{Vocab: 11, EncoderLayers: 1, DecoderLayers: 2, Heads: 2, Dim: 8, Untied: true, Source: 12, Target: 12, BOS: ids})
}

// outputs returns the logits of a model on fixed tokens.
func outputs(t *testing.T, m models.Model, params *graph.Params) []float32 {
	t.Helper()
	ids := tokens(5, 11, 1, 12)
	switch m := m.(type) {
	case models.LanguageModel:
		p := build(t, params, graph.Eval, m.Logits(1, 12))
		run(t, p, graph.Feed{"tokens": ids})
		return p.Output("logits").Float32s()
	case models.TextEncoder:
		feed, declare, out := graph.Feed{"tokens": ids, "lengths": lengths(9)}, m.Embeddings(1, 12), "embeddings"
		if b, ok := m.(models.BERT); ok && b.Head != "none" {
			b.OneSegment = true
			declare, out = b.Logits(1, 12), "logits"
		} else if b, ok := m.(models.ModernBERT); ok && b.Head != "none" {
			declare, out = b.Logits(1, 12), "logits"
		}
		p := build(t, params, graph.Eval, declare)
		run(t, p, feed)
		return p.Output(out).Float32s()
	case models.T5:
		p := build(t, params, graph.Eval, m.Loss(1, 12, 12))
		run(t, p, graph.Feed{"source": ids, "source_lengths": lengths(9), "tokens": ids, "lengths": lengths(12), "targets": ids})
		return p.Output("logits").Float32s()
	}
	t.Fatalf("%T is unknown here", m)
	return nil
}

// TestGGUFForeign: without the key of our own, as in the files of other programs, the standard keys give the same model: the same weights,
// bit for bit, and the same results.
func TestGGUFForeign(t *testing.T) {
	for _, m := range ggufModels() {
		params := graph.NewParams(tensor.Float32, 3)
		want := slices.Clone(outputs(t, m, params))
		f := ggufOf(t, m, maps.Collect(params.All()))
		delete(f.keys, "gorgoformer.config")
		if b, ok := m.(models.BERT); ok && b.Family == "roberta" {
			f.keys["tokenizer.ggml.model"] = "gpt2" // the only sign of it
		}
		back, g, err := models.OpenGGUF(f)
		if err != nil {
			t.Errorf("%s: %v", text(t, m), err)
			continue
		}
		fresh := graph.NewParams(tensor.Float32, 4)
		outputs(t, back, fresh)
		if err := g.Load(f, fresh.All()); err != nil {
			t.Errorf("%s: %v", text(t, m), err)
			continue
		}
		for path, x := range params.All() {
			if fresh.Value(path) == nil || !sameBits(x, fresh.Value(path)) {
				t.Errorf("%s: %s has changed", text(t, m), path)
			}
		}
		got := outputs(t, back, fresh)
		for i := range want {
			if d := math.Abs(float64(got[i] - want[i])); d > 2e-5*math.Max(1, math.Abs(float64(want[i]))) { // the keys have the precision of float32
				t.Errorf("%s became %s: result %d is %v, want %v", text(t, m), text(t, back), i, got[i], want[i])
				break
			}
		}
	}
}

// TestGGUFRefused: the error names the key or the tensor, and both values.
func TestGGUFRefused(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 3)
	m := ggufModels()[3]
	outputs(t, m, params)
	for want, change := range map[string]func(f *ggufFile){
		`general.architecture is "whale", want one of bert, bloom`: func(f *ggufFile) { f.keys["general.architecture"] = "whale" },
		`general.architecture is ""`:                               func(f *ggufFile) { delete(f.keys, "general.architecture") },
		"llama.block_count is missing":                             func(f *ggufFile) { delete(f.keys, "llama.block_count") },
		"llama.block_count is 7.5, want a whole number":            func(f *ggufFile) { f.keys["llama.block_count"] = 7.5 },
		"llama.block_count is -1, want a whole number":             func(f *ggufFile) { f.keys["llama.block_count"] = int32(-1) },
		"llama.block_count is x (string), want a number":           func(f *ggufFile) { f.keys["llama.block_count"] = "x" },
		"llama.expert_count is 8, want 0":                          func(f *ggufFile) { f.keys["llama.expert_count"] = uint32(8) },
		`llama.rope.scaling.type is "su", want none, linear`:       func(f *ggufFile) { f.keys["llama.rope.scaling.type"] = "su" },
		"token_embd.weight has shape [], want a table":             func(f *ggufFile) { delete(f.shapes, "token_embd.weight"); delete(f.keys, "gorgoformer.config") },
		"missing in the file: output_norm.weight": func(f *ggufFile) {
			f.names = slices.DeleteFunc(f.names, func(n string) bool { return n == "output_norm.weight" })
		},
		"of another shape: output_norm.weight ([9] in the file": func(f *ggufFile) { f.shapes["output_norm.weight"] = []int{9} },
		"unexpected in the file: blk.99.attn_q.weight":          func(f *ggufFile) { f.add("blk.99.attn_q.weight", []int{1}, []float32{1}) },
		"Heads 4 is not a multiple of KVHeads 3":                func(f *ggufFile) { f.keys["llama.attention.head_count_kv"] = uint32(3) },
	} {
		f := ggufOf(t, m, maps.Collect(params.All()))
		change(f)
		_, g, err := models.OpenGGUF(f)
		if err == nil {
			err = g.Load(f, params.All())
		}
		wantError(t, err, want)
	}
}

// TestGGUFRest: the part that a layout loses has the length and the type of its tensor, in every family.
func TestGGUFRest(t *testing.T) {
	seen := 0
	for _, m := range ggufModels() {
		params := graph.NewParams(tensor.Float32, 3)
		outputs(t, m, params)
		good := ggufOf(t, m, maps.Collect(params.All()))
		for key, v := range good.keys {
			rest, ok := v.([]float32)
			if !ok || !strings.HasPrefix(key, "gorgoformer.rest.") {
				continue
			}
			seen++
			for _, bad := range []any{rest[:len(rest)-1], append(slices.Clone(rest), 0), []float32{}, uint32(7), make([]uint32, len(rest))} {
				f := *good
				f.keys = maps.Clone(good.keys)
				f.keys[key] = bad
				_, g, err := models.OpenGGUF(&f)
				if err == nil {
					err = g.Load(&f, params.All())
				}
				wantError(t, err, key+" is a", "convert the model again")
			}
		}
	}
	if seen == 0 {
		t.Error("no family has a rest")
	}
}

// TestGGUFScale: a scale of attention is a finite number.
func TestGGUFScale(t *testing.T) {
	for _, m := range ggufModels() {
		l, ok := m.(models.Llama)
		if !ok || !strings.HasPrefix(l.Family, "gemma") {
			continue
		}
		params := graph.NewParams(tensor.Float32, 3)
		outputs(t, m, params)
		for _, bad := range []float32{-1, float32(math.NaN()), float32(math.Inf(1))} {
			f := ggufOf(t, m, maps.Collect(params.All()))
			for key := range f.keys {
				if strings.HasSuffix(key, ".attention.scale") {
					f.keys[key] = bad
				}
			}
			f.keys[f.keys["general.architecture"].(string)+".attention.scale"] = bad
			_, _, err := models.OpenGGUF(f)
			wantError(t, err, "attention.scale is", "want a finite number")
		}
	}
}

// TestGGUFNorms: 1 + w in float32 and its rounding give back w, bit for bit, for every size of w.
func TestGGUFNorms(t *testing.T) {
	g, err := models.NewGGUF(models.Llama{Family: "gemma2", Vocab: 3, Context: 3, Layers: 1, Heads: 1, Dim: 2})
	if err != nil {
		t.Fatal(err)
	}
	w := []float32{0, 1, -1, 0.1, -0.1, 1e-30, -1e-9, 3e7, -3e7, math.SmallestNonzeroFloat32, 1.0000001, -0.99999994}
	sum, rest := g.Encode("model.norm.weight", []int{len(w)}, w)
	f := &ggufFile{map[string]any{g.Rest("model.norm.weight"): rest}, nil, map[string][]int{}, map[string][]float32{}}
	f.add(g.Name("model.norm.weight"), []int{len(w)}, sum)
	read, err := g.Read(f, "model.norm.weight")
	if err != nil {
		t.Fatal(err)
	}
	back := read.Float32s()
	for i := range w {
		if math.Float32bits(back[i]) != math.Float32bits(w[i]) || sum[i] != 1+w[i] {
			t.Errorf("%g became %g, from %g", w[i], back[i], sum[i])
		}
	}
	if _, rest := g.Encode("model.norm.weight", []int{2}, []float32{0.5, -0.25}); rest != nil {
		t.Errorf("got a rounding of %v for sums that are exact, want none", rest)
	}
}

// TestGGUFKeys: the keys of tinystories-656k are those of its Q8_0 file.
func TestGGUFKeys(t *testing.T) {
	dir := shared(t, "models/tinystories-656k")
	m, err := models.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	g, err := models.NewGGUF(m)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"llama.block_count": uint32(2), "llama.attention.head_count_kv": uint32(4), "llama.rope.dimension_count": uint32(16), "llama.vocab_size": uint32(2048)} {
		if g.Keys[key] != want {
			t.Errorf("%s is %v, want %v", key, g.Keys[key], want)
		}
	}
}

// TestGGUFALiBi: llama.cpp computes a GPT-2 with ALiBi as an MPT with biases. It comes back as it was.
func TestGGUFALiBi(t *testing.T) {
	m := models.GPT{Vocab: 19, Context: 8, Layers: 1, Heads: 2, Dim: 8, Positions: "alibi"}
	params := graph.NewParams(tensor.Float32, 1)
	build(t, params, graph.Eval, m.Logits(1, 4))
	all := maps.Collect(params.All())
	f := ggufOf(t, m, all)
	back, g, err := models.OpenGGUF(f)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := text(t, back), text(t, m); got != want {
		t.Errorf("got config %s, want %s", got, want)
	}
	if g.Keys["general.architecture"] != "mpt" || g.Keys["mpt.attention.max_alibi_bias"] != float32(8) || len(g.Notes) > 0 {
		t.Errorf("got keys %v and notes %q, want an mpt with ALiBi and no notes", g.Keys, g.Notes)
	}
	reloaded(t, f, g, all)
}
