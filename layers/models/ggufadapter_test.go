package models_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// adapterFile returns a GGUF file with an adapter.
func adapterFile(t *testing.T, l layers.LoRA, m models.Model, weights map[string]*tensor.Dense) *ggufFile {
	t.Helper()
	form, err := models.NewGGUFAdapter(l, m, weights)
	if err != nil {
		t.Fatal(err)
	}
	f := &ggufFile{keys: form.Keys, shapes: map[string][]int{}, values: map[string][]float32{}}
	for _, x := range form.Tensors {
		f.add(x.Name, x.Shape, x.Values)
	}
	return f
}

// adaptedWeights declares m with an adapter and returns all weights. B is not zero.
func adaptedWeights(t *testing.T, l layers.LoRA, m models.Model) map[string]*tensor.Dense {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	build(t, params.Carry(l), graph.Eval, models.Declaration(m))
	all := maps.Collect(params.All())
	for path, w := range all {
		if strings.Contains(path, "lora_B") {
			for i := range w.Float32s() {
				w.Float32s()[i] = float32(i%11-5) / 8
			}
		}
	}
	return all
}

// TestGGUFAdapter: for every family in GGUF, the file's product added to the weight in the base's file is the merged weight in such a file,
// within rounding. The adapter is read as it was written.
func TestGGUFAdapter(t *testing.T) {
	families := 0
	for name, m := range adaptableModels() {
		g, err := models.NewGGUF(m)
		if err != nil {
			continue
		}
		families++
		for _, l := range []layers.LoRA{
			{Rank: 2, Alpha: 8, Targets: []string{"all"}},
			{Rank: 2, Alpha: 3, RS: true, Targets: []string{"attn"}},
		} {
			all := adaptedWeights(t, l, m)
			f := adapterFile(t, l, m, all)
			adapted, err := l.Layers(models.Declaration(m))
			if err != nil {
				t.Fatal(err)
			}
			before := map[string][]float32{}
			for _, layer := range adapted {
				w := all[layer.Weight]
				x, _ := g.Encode(layer.Weight, w.Shape(), w.Float32s())
				before[layer.Weight] = slices.Clone(x)
			}
			if err := layers.Merge(maps.All(all), adapted); err != nil {
				t.Fatal(err)
			}
			for _, layer := range adapted {
				w := all[layer.Weight]
				merged, _ := g.Encode(layer.Weight, w.Shape(), w.Float32s())
				if d := productError(f, g.Name(layer.Weight), layer, before[layer.Weight], merged); !(d <= 1e-5) {
					t.Errorf("%s: the product of %s differs by %g from the merged weight", name, layer.Weight, d)
				}
			}
			read, weights, err := models.OpenGGUFAdapter(f, m)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			again, err := read.Layers(models.Declaration(m))
			if err != nil || len(again) != len(adapted) {
				t.Fatalf("%s: read %+v with %d layers, want %d (%v)", name, read, len(again), len(adapted), err)
			}
			for i, layer := range adapted {
				if layer.Path != again[i].Path || math.Abs(layer.Scale-again[i].Scale) > 1e-6 || !sameBits(weights[layer.A], all[layer.A]) || !sameBits(weights[layer.B], all[layer.B]) {
					t.Errorf("%s: %s has changed: %+v, was %+v", name, layer.Path, again[i], layer)
				}
			}
		}
	}
	if families < 8 {
		t.Errorf("%d families are in GGUF, want at least 8", families)
	}
}

// productError returns the largest difference between a merged weight and the weight plus the file's product.
func productError(f *ggufFile, name string, layer layers.Adapted, weight, merged []float32) (most float64) {
	a, b := f.values[name+".lora_a"], f.values[name+".lora_b"]
	scale := float64(f.keys["adapter.lora.alpha"].(float32)) / float64(layer.Rank)
	for o := range layer.Out {
		for i := range layer.In {
			sum := 0.0
			for r := range layer.Rank {
				sum += float64(b[o*layer.Rank+r]) * float64(a[r*layer.In+i])
			}
			at := o*layer.In + i
			most = max(most, math.Abs(float64(weight[at])+scale*sum-float64(merged[at])))
		}
	}
	return most
}

// TestGGUFAdapterRanks: layers of other ranks and scales survive.
func TestGGUFAdapterRanks(t *testing.T) {
	l := layers.LoRA{Rank: 2, Alpha: 8, Targets: []string{"c_attn", "c_fc"}, Ranks: map[string]int{"c_fc": 3}, Alphas: map[string]float64{`h\.0\.attn\.c_attn`: 5}}
	m := smallGPT
	all := adaptedWeights(t, l, m)
	read, _, err := models.OpenGGUFAdapter(adapterFile(t, l, m, all), m)
	if err != nil {
		t.Fatal(err)
	}
	adapted, err := read.Layers(models.Declaration(m))
	if err != nil {
		t.Fatal(err)
	}
	for _, layer := range adapted {
		want := 2
		if strings.HasSuffix(layer.Path, "c_fc") {
			want = 3
		}
		if layer.Rank != want {
			t.Errorf("%s has rank %d, want %d", layer.Path, layer.Rank, want)
		}
	}
}

// TestGGUFAdapterErrors: each damage is an error that names it.
func TestGGUFAdapterErrors(t *testing.T) {
	l := layers.LoRA{Rank: 2, Alpha: 8, Targets: []string{"c_attn"}}
	all := adaptedWeights(t, l, smallGPT)
	const a, b = "blk.0.attn_qkv.weight.lora_a", "blk.0.attn_qkv.weight.lora_b"
	for want, damage := range map[string]func(f *ggufFile){
		`general.type is "model", want "adapter"`:             func(f *ggufFile) { f.keys["general.type"] = "model" },
		`adapter.type is "", want "lora"`:                     func(f *ggufFile) { delete(f.keys, "adapter.type") },
		`general.architecture is "llama", want "gpt2"`:        func(f *ggufFile) { f.keys["general.architecture"] = "llama" },
		"adapter.lora.alpha is NaN":                           func(f *ggufFile) { f.keys["adapter.lora.alpha"] = float32(math.NaN()) },
		"adapter.lora.alpha is x":                             func(f *ggufFile) { f.keys["adapter.lora.alpha"] = "x" },
		"the adapter has no tensors":                          func(f *ggufFile) { f.names = nil },
		`"odd": want names that end in .lora_a`:               func(f *ggufFile) { f.add("odd", []int{1}, []float32{1}) },
		`"blk.9.attn_qkv.weight", which is no linear layer`:   func(f *ggufFile) { f.add("blk.9.attn_qkv.weight.lora_a", []int{1}, []float32{1}) },
		a + `" has no ` + b:                                   func(f *ggufFile) { delete(f.shapes, b) },
		`" has no blk.3.ffn_up.weight.lora_a: the adapter is`: func(f *ggufFile) { f.add("blk.3.ffn_up.weight.lora_b", []int{1}, []float32{1}) },
		`have shapes [3 `:                                     func(f *ggufFile) { f.shapes[a] = []int{3, f.shapes[a][1]} },
	} {
		f := adapterFile(t, l, smallGPT, all)
		damage(f)
		_, _, err := models.OpenGGUFAdapter(f, smallGPT)
		wantError(t, err, want)
	}
	delete(all, "h.0.attn.c_attn.lora_A.weight")
	_, err := models.NewGGUFAdapter(l, smallGPT, all)
	wantError(t, err, "adapter of h.0.attn.c_attn: A or B is missing")
}
