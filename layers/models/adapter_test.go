package models_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// adaptableModels lists a model of every family whose layers an adapter can change.
func adaptableModels() map[string]models.Model {
	all := map[string]models.Model{"Seq2Seq": smallSeq2Seq, "ViT": smallViT}
	for name, m := range languageModels() {
		all[name] = m
	}
	for name, m := range textEncoders() {
		all[name] = m
	}
	return all
}

// TestAdapterNames: for every family, names and adapter_config.json are read as they were written, and select the same layers.
func TestAdapterNames(t *testing.T) {
	for name, m := range adaptableModels() {
		for _, targets := range []string{"all", "attn"} {
			l := layers.LoRA{Name: "x", Rank: 1, Alpha: 3, RS: true, Dropout: 0.25, Targets: []string{targets}}
			a, err := models.NewAdapter(l, m, "base")
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			text, err := json.Marshal(a)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			read := models.Adapter{LoRA: layers.LoRA{Name: "x"}}
			if err := json.Unmarshal(text, &read); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if read.Ranks, read.Alphas = nil, nil; !reflect.DeepEqual(read, a) {
				t.Errorf("%s: read %+v, wrote %+v", name, read, a)
			}
			want, err := l.Layers(models.Declaration(m))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got, err := read.Layers(models.Declaration(m)); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: the names %v select %v, want %v (%v)", name, a.Targets, got, want, err)
			}
			for _, w := range want {
				for _, path := range []string{w.A, w.B} {
					if got := a.Path(m, a.Published(m, path)); got != path {
						t.Errorf("%s: %s is published as %s and read as %s", name, path, a.Published(m, path), got)
					}
				}
			}
		}
	}
	a := models.Adapter{}
	if got := a.Published(smallGPT, "h.0.attn.c_attn.lora_A.weight"); got != "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight" {
		t.Errorf("got %s, want PEFT's name", got)
	}
}

// TestAdapterMerged: for every family, the logits of merged weights are those of the adapter, and cached decoding gives them too.
func TestAdapterMerged(t *testing.T) {
	l := layers.LoRA{Rank: 2, Alpha: 2, Targets: []string{"all"}}
	for name, m := range languageModels() {
		t.Run(name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float64, 1)
			ids := tokens(1, vocabOf(m), 2, m.Window())
			whole := build(t, params.Carry(l), graph.Eval, m.Logits(2, m.Window()))
			for path, b := range params.All() {
				if l.Owns(path) {
					for i := range b.Float64s() {
						b.Float64s()[i] = float64(i%7-3) / 10
					}
				}
			}
			run(t, whole, graph.Feed{"tokens": ids})
			unmerged := whole.Output("logits").Clone().(*tensor.Dense)
			decodesLike(t, build(t, params.Carry(l), graph.Decode, m.Decode(2, 1)), unmerged, ids, 1)
			adapted, err := l.Layers(models.Declaration(m))
			if err != nil {
				t.Fatal(err)
			}
			if err := layers.Merge(params.All(), adapted); err != nil {
				t.Fatal(err)
			}
			merged := build(t, params, graph.Eval, m.Logits(2, m.Window()))
			run(t, merged, graph.Feed{"tokens": ids})
			if d := graphtest.MaxDifference(merged.Output("logits"), unmerged); !(d <= 1e-11) {
				t.Errorf("merged logits differ by %g", d)
			}
		})
	}
}

// TestAdapterJSON reads adapter_config.json as PEFT writes it, and refuses the adapters of other kinds by the name of the key.
func TestAdapterJSON(t *testing.T) {
	good := map[string]any{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": []string{"c_attn"}, "bias": "none", "revision": nil, "lora_bias": false}
	for _, c := range []struct {
		key   string
		value any
		want  []string
	}{
		{"peft_type", "IA3", []string{"peft_type is IA3, want LORA"}},
		{"use_dora", true, []string{"use_dora is true"}},
		{"bias", "all", []string{"bias is all, want none"}},
		{"lora_bias", true, []string{"lora_bias is true"}},
		{"modules_to_save", []string{""}, []string{`Saved has ""`}},
		{"layers_to_transform", []int{1}, []string{"layers_to_transform is [1]"}},
		{"exclude_modules", "q", []string{"exclude_modules is q"}},
		{"trainable_token_indices", []int{3}, []string{"trainable_token_indices is [3]"}},
		{"init_lora_weights", "pissa_niter_4", []string{"init_lora_weights is pissa_niter_4"}},
		{"lora_alpha", 0, []string{"Alpha is 0, want"}},
		{"r", 0, []string{"Rank is 0, want at least 1"}},
		{"target_modules", []string{}, []string{"Targets is empty"}},
		{"target_modules", "(", []string{"error parsing regexp"}},
		{"target_modules", 3, []string{"target_modules"}},
	} {
		all := maps.Clone(good)
		all[c.key] = c.value
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		var a models.Adapter
		wantError(t, json.Unmarshal(text, &a), c.want...)
	}
	for text, want := range map[string]string{`"all-linear"`: "all", `".*attn.*"`: "^(?:.*attn.*)$", `["c_attn"]`: "c_attn"} {
		var a models.Adapter
		err := json.Unmarshal([]byte(`{"peft_type": "LORA", "target_modules": `+text+`, "init_lora_weights": "gaussian"}`), &a)
		if err != nil || a.Targets[0] != want || a.Rank != 8 || a.Alpha != 8 {
			t.Errorf("%s: got %+v (%v), want target %s and PEFT's defaults", text, a, err, want)
		}
	}
}
