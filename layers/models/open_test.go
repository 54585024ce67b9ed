package models_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Published values of config.json, without the keys that say nothing about the model.
const (
	publishedLlama31 = `{"architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 128000,
		"eos_token_id": [128001, 128008, 128009], "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336,
		"max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama", "num_attention_heads": 32, "num_hidden_layers": 32,
		"num_key_value_heads": 8, "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0,
		"high_freq_factor": 4.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}, "rope_theta": 500000.0,
		"tie_word_embeddings": false, "torch_dtype": "bfloat16", "use_cache": true, "vocab_size": 128256}`
	publishedQwen3 = `{"architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 151643,
		"eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024, "initializer_range": 0.02, "intermediate_size": 3072,
		"max_position_embeddings": 40960, "max_window_layers": 28, "model_type": "qwen3", "num_attention_heads": 16, "num_hidden_layers": 28,
		"num_key_value_heads": 8, "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null,
		"tie_word_embeddings": true, "use_sliding_window": false, "vocab_size": 151936}`
	publishedGemma2 = `{"architectures": ["Gemma2ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0, "attn_logit_softcapping": 50.0,
		"bos_token_id": 2, "eos_token_id": 1, "final_logit_softcapping": 30.0, "head_dim": 256, "hidden_act": "gelu_pytorch_tanh",
		"hidden_activation": "gelu_pytorch_tanh", "hidden_size": 2304, "intermediate_size": 9216, "max_position_embeddings": 8192,
		"model_type": "gemma2", "num_attention_heads": 8, "num_hidden_layers": 26, "num_key_value_heads": 4, "query_pre_attn_scalar": 256,
		"rms_norm_eps": 1e-06, "rope_theta": 10000.0, "sliding_window": 4096, "vocab_size": 256000}`
)

// TestReadLlamas reads files in the spellings of different versions of transformers.
func TestReadLlamas(t *testing.T) {
	llama3 := layers.RoPE{Theta: 500000, Scaling: layers.RoPEScaling{Kind: layers.RoPELlama3, Factor: 8, LowFactor: 1, HighFactor: 4, Original: 8192}}
	llama31 := models.Llama{
		Family: "llama", Vocab: 128256, Context: 131072, Layers: 32, Heads: 32, KVHeads: 8, Dim: 4096, Hidden: 14336, RoPE: llama3, Activation: "silu",
		Eps: 1e-5, Untied: true, InitStd: 0.02, BOS: []int32{128000}, EOS: []int32{128001, 128008, 128009},
	}
	gemma3 := models.Llama{
		Family: "gemma3_text", Vocab: 262144, Context: 32768, Layers: 7, Heads: 4, KVHeads: 1, HeadDim: 256, Dim: 1152, Hidden: 6912,
		RoPE: layers.RoPE{Theta: 1e6}, LocalTheta: 10000, SlidingWindow: 512, Eps: 1e-6, QueryScalar: 256, InitStd: 0.02,
	}
	gemma3Text := `"vocab_size": 262144, "max_position_embeddings": 32768, "num_hidden_layers": 7, "num_attention_heads": 4, "num_key_value_heads": 1,
		"head_dim": 256, "hidden_size": 1152, "intermediate_size": 6912, "sliding_window": 512, "query_pre_attn_scalar": 256`
	types := strings.Repeat(`"sliding_attention", `, 5) + `"full_attention", "sliding_attention"`
	for name, c := range map[string]struct {
		file string
		want models.Llama
	}{
		"Llama 3.1": {publishedLlama31, llama31},
		"rope_parameters": {strings.NewReplacer(`"rope_theta": 500000.0,`, "", `"rope_scaling": {`, `"rope_parameters": {"rope_theta": 500000.0, `).
			Replace(publishedLlama31), llama31},
		"type": {strings.Replace(publishedLlama31, `"rope_type"`, `"type"`, 1), llama31},
		"Qwen 3": {publishedQwen3, models.Llama{
			Family: "qwen3", Vocab: 151936, Context: 40960, Layers: 28, Heads: 16, KVHeads: 8, HeadDim: 128, Dim: 1024, Hidden: 3072,
			RoPE: layers.RoPE{Theta: 1e6}, Activation: "silu", Eps: 1e-6, InitStd: 0.02, BOS: []int32{151643}, EOS: []int32{151645},
		}},
		"Gemma 2": {publishedGemma2, models.Llama{
			Family: "gemma2", Vocab: 256000, Context: 8192, Layers: 26, Heads: 8, KVHeads: 4, HeadDim: 256, Dim: 2304, Hidden: 9216,
			RoPE: layers.RoPE{Theta: 10000}, SlidingWindow: 4096, Activation: "gelu_pytorch_tanh", Eps: 1e-6, QueryScalar: 256, AttnSoftcap: 50,
			FinalSoftcap: 30, InitStd: 0.02, BOS: []int32{2}, EOS: []int32{1},
		}},
		"Gemma 3": {`{"model_type": "gemma3_text", "sliding_window_pattern": 6, ` + gemma3Text + `}`, gemma3},
		"Gemma 3 by layer types": {`{"model_type": "gemma3_text", "layer_types": [` + types + `], "rope_parameters": {"full_attention": {"rope_type": "default",
			"rope_theta": 1e6}, "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}, ` + gemma3Text + `}`, gemma3},
		"Gemma 3 with pictures": {`{"model_type": "gemma3", "vision_config": {}, "text_config": {"model_type": "gemma3_text", ` + gemma3Text + `}}`, gemma3},
		"by architecture":       {strings.Replace(publishedLlama31, `"model_type": "llama", `, "", 1), llama31},
	} {
		got, err := models.Parse([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v,\nwant %+v", name, got, c.want)
		}
	}
	var windows [3]bool
	for file, want := range map[string][3]bool{
		`{"model_type": "qwen2", "num_hidden_layers": 3, "use_sliding_window": true, "max_window_layers": 1}`: {false, true, true},
		`{"model_type": "qwen2", "num_hidden_layers": 3, "sliding_window": 7}`:                                {},
		`{"model_type": "mistral", "num_hidden_layers": 3}`:                                                   {true, true, true},
		`{"model_type": "mistral", "num_hidden_layers": 3, "sliding_window": null}`:                           {},
		`{"model_type": "llama", "num_hidden_layers": 3, "sliding_window": 7}`:                                {},
		`{"model_type": "gemma2", "num_hidden_layers": 3}`:                                                    {true, false, true},
		`{"model_type": "qwen3", "num_hidden_layers": 3, "sliding_window": 5, "use_sliding_window": true, "layer_types": ["sliding_attention","full_attention","full_attention"]}`: {true},
	} {
		m, err := models.Parse([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for i := range windows {
			windows[i] = m.(models.Llama).Slides(i)
		}
		if windows != want {
			t.Errorf("%s: got sliding layers %v, want %v", file, windows, want)
		}
	}
}

// TestConfigurationsRoundTrip writes and reads each model: nothing is lost, and the model that was read computes the same logits.
func TestConfigurationsRoundTrip(t *testing.T) {
	for name, m := range languageModels() {
		data, err := json.Marshal(m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		read, err := models.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := json.Marshal(read)
		if err != nil || string(again) != string(data) {
			t.Errorf("%s: %v\n got %s,\nwant %s", name, err, again, data)
		}
		params := graph.NewParams(tensor.Float32, 1)
		ids := graph.Feed{"tokens": tokens(1, vocabOf(m), 2, 7)}
		want := build(t, params, graph.Eval, m.Logits(2, 7))
		got := build(t, params, graph.Eval, read.(models.LanguageModel).Logits(2, 7))
		run(t, want, ids)
		run(t, got, ids)
		if d := graphtest.MaxDifference(got.Output("logits"), want.Output("logits")); d != 0 {
			t.Errorf("%s: the logits of the model that was read differ by %g", name, d)
		}
		if l := read.(models.LanguageModel); l.Window() != m.Window() {
			t.Errorf("%s: got a window of %d, want %d", name, l.Window(), m.Window())
		}
	}
}

// TestLlamaFile checks keys that Python reads by name.
func TestLlamaFile(t *testing.T) {
	gemma := models.Llama{Family: "gemma2", Vocab: 7, Context: 8, Layers: 2, Heads: 2, Dim: 8, HeadDim: 6, SlidingWindow: 4, AttnSoftcap: 50}
	yarn := models.Llama{Vocab: 7, Context: 64, Layers: 1, Heads: 2, Dim: 16}
	yarn.RoPE = layers.RoPE{Dim: 4, Theta: 5e5, Scaling: layers.RoPEScaling{Kind: layers.RoPEYaRN, Factor: 4, Original: 16}}
	for _, c := range []struct {
		m    models.Llama
		want map[string]any
	}{
		{yarn, map[string]any{
			"model_type": "llama", "architectures": []any{"LlamaForCausalLM"}, "vocab_size": 7.0, "max_position_embeddings": 64.0, "num_key_value_heads": 2.0,
			"head_dim": 8.0, "intermediate_size": 42.0, "rms_norm_eps": 1e-6, "rope_theta": 5e5, "partial_rotary_factor": 0.5,
			"rope_scaling": map[string]any{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16.0},
			"hidden_act":   "silu", "tie_word_embeddings": true, "attention_bias": false, "bos_token_id": nil,
		}},
		{gemma, map[string]any{
			"model_type": "gemma2", "architectures": []any{"Gemma2ForCausalLM"}, "head_dim": 6.0, "hidden_activation": "gelu_pytorch_tanh",
			"query_pre_attn_scalar": 6.0, "attn_logit_softcapping": 50.0, "final_logit_softcapping": nil, "sliding_window": 4.0,
			"layer_types": []any{"sliding_attention", "full_attention"}, "rope_scaling": nil,
		}},
	} {
		data, err := json.Marshal(c.m)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		for name, want := range c.want {
			if v, ok := got[name]; !ok || !reflect.DeepEqual(v, want) {
				t.Errorf("%s %s: got %v, want %v", c.m.Family, name, v, want)
			}
		}
		for _, never := range []string{"rope_parameters", "context_length"} {
			if _, ok := got[never]; ok {
				t.Errorf("%s: got the key %s", c.m.Family, never)
			}
		}
	}
}

func TestBadFamilies(t *testing.T) {
	for file, want := range map[string][]string{
		`{"model_type": "mamba"}`: {`"mamba"`, "bloom", "gpt2", "llama", "transformer"},
		`{}`:                      {"model_type is missing", "gpt2"},
		`[]`:                      {"configuration"},
		`{"model_type": 3}`:       {"model_type", "number"},
		`{"model_type": "llama", "hidden_act": "mish"}`:                               {`"mish"`, "silu"},
		`{"model_type": "llama", "num_attention_heads": 7}`:                           {"4096", "7 Heads"},
		`{"model_type": "llama", "num_key_value_heads": 5}`:                           {"Heads 32", "KVHeads 5"},
		`{"model_type": "llama", "num_hidden_layers": 0}`:                             {"Layers is 0"},
		`{"model_type": "llama", "vocab_size": "many"}`:                               {"vocab_size", "string"},
		`{"model_type": "llama", "head_dim": 5}`:                                      {"5 channels", "even"},
		`{"model_type": "llama", "head_dim": 2147483646}`:                             {"2147483646 channels", "at most 32767"},
		`{"model_type": "mistral", "num_hidden_layers": 2147483647}`:                  {"Layers is 2147483647", "at most 32767"},
		`{"model_type": "llama", "head_dim": -2}`:                                     {"HeadDim is -2"},
		`{"model_type": "llama", "rope_theta": -1}`:                                   {"theta -1"},
		`{"model_type": "llama", "rope_scaling": {"type": "mrope"}}`:                  {`"mrope"`, "linear", "yarn"},
		`{"model_type": "llama", "rope_scaling": {"type": "linear"}}`:                 {"linear", "factor 0"},
		`{"model_type": "llama", "rope_scaling": {"type": "longrope", "factor": 2}}`:  {"longrope", "0 short factors", "want 64"},
		`{"model_type": "llama", "partial_rotary_factor": 1.5}`:                       {"partial_rotary_factor is 1.5"},
		`{"model_type": "llama", "rope_parameters": 3}`:                               {"rope_parameters", "number"},
		`{"model_type": "mistral", "attention_bias": true}`:                           {"mistral", "Bias", "llama"},
		`{"model_type": "qwen2", "mlp_bias": true}`:                                   {"qwen2", "MLPBias"},
		`{"model_type": "mistral", "sliding_window": -3}`:                             {"SlidingWindow is -3"},
		`{"model_type": "gemma2", "layer_types": ["full_attention"]}`:                 {"1 layers", "Layers is 26"},
		`{"model_type": "gemma2", "layer_types": ["linear_attention"]}`:               {"layer_types[0]", `"linear_attention"`},
		`{"model_type": "gemma2", "attn_logit_softcapping": -1}`:                      {"AttnSoftcap is -1"},
		`{"model_type": "mpt", "attn_config": {"alibi": false}}`:                      {"mpt", "attn_config", "alibi"},
		`{"model_type": "mpt", "attn_config": {"clip_qkv": 6}}`:                       {"mpt", "clip_qkv"},
		`{"model_type": "bloom", "apply_residual_connection_post_layernorm": true}`:   {"bloom", "apply_residual_connection_post_layernorm"},
		`{"model_type": "bloom", "n_head": 3}`:                                        {"64", "3 Heads"},
		`{"model_type": "gpt2", "positions": "clock"}`:                                {`"clock"`, "alibi", "learned"},
		`{"model_type": "gpt2", "positions": "rope", "n_embd": 9, "n_head": 3}`:       {"3 channels", "even"},
		`{"model_type": "gpt2", "positions": "rope", "rope_scaling": {"type": "no"}}`: {`"no"`},
	} {
		_, err := models.Parse([]byte(file))
		wantError(t, err, append(want, "models: ")...)
	}
	bad := func(change func(*models.Llama)) error {
		m := smallLlama
		change(&m)
		for _, declare := range []func(*graph.Scope){m.Loss(1, 2), m.Logits(1, 2), m.Decode(1, 2)} {
			_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Decode, declare)
			wantError(t, err, m.Check().Error())
		}
		_, err := json.Marshal(m)
		wantError(t, err, m.Check().Error())
		return m.Check()
	}
	wantError(t, bad(func(m *models.Llama) { m.Family = "falcon" }), `"falcon"`, "llama")
	wantError(t, bad(func(m *models.Llama) { m.SlidingWindow = 3 }), "family llama", "SlidingWindow", "mistral")
	wantError(t, bad(func(m *models.Llama) { m.QueryScalar = 3 }), "family llama", "QueryScalar")
	wantError(t, bad(func(m *models.Llama) { m.Family, m.LocalTheta = "gemma2", 3 }), "family gemma2", "LocalTheta")
	wantError(t, bad(func(m *models.Llama) { m.Family, m.SlidingWindow, m.Sliding = "mistral", 3, []bool{true, false} }), "mistral", "qwen2")
	wantError(t, bad(func(m *models.Llama) { m.RoPE.Dim = 6 }), "rotates 6 channels", "has 4")
	g := smallGPT
	g.Positions, g.Scheme.ALiBi.Max = "rope", 8
	wantError(t, g.Check(), "rope", "another kind")
	g = smallGPT
	g.Family, g.Positions = "bloom", "learned"
	wantError(t, g.Check(), "bloom", "learned", "alibi")
}

// TestOpen reads folders with and without generation_config.json.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := models.Open(dir)
	wantError(t, err, "config.json", "no such file")
	write("config.json", "\ufeff"+publishedQwen3)
	m, err := models.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.(models.Llama).EOS; !reflect.DeepEqual(got, []int32{151645}) {
		t.Errorf("got EOS %v of config.json", got)
	}
	write("generation_config.json", `{"eos_token_id": [151645, 151643]}`)
	if m, err = models.Open(dir); err != nil {
		t.Fatal(err)
	}
	if l := m.(models.Llama); !reflect.DeepEqual(l.EOS, []int32{151645, 151643}) || !reflect.DeepEqual(l.BOS, []int32{151643}) {
		t.Errorf("got EOS %v and BOS %v, want EOS of generation_config.json and BOS of config.json", l.EOS, l.BOS)
	}
	write("generation_config.json", `{"eos_token_id": "stop"}`)
	_, err = models.Open(dir)
	wantError(t, err, "generation_config.json", "eos_token_id")
	write("config.json", `{"model_type": "mamba"}`)
	_, err = models.Open(dir)
	wantError(t, err, "config.json", `"mamba"`, "llama")
}

func TestLlamaNames(t *testing.T) {
	tied, untied, gemma := models.Llama{}, models.Llama{Untied: true}, models.Llama{Family: "gemma3_text"}
	for name, want := range map[string]string{
		"model.layers.0.mlp.up_proj.weight":                "model.layers.0.mlp.up_proj.weight",
		"layers.0.mlp.up_proj.weight":                      "model.layers.0.mlp.up_proj.weight",
		"embed_tokens.weight":                              "model.embed_tokens.weight",
		"norm.weight":                                      "model.norm.weight",
		"_orig_mod.model.norm.weight":                      "model.norm.weight",
		"module.lm_head.weight":                            "lm_head.weight",
		"language_model.model.norm.weight":                 "model.norm.weight",
		"language_model.lm_head.weight":                    "lm_head.weight",
		"model.language_model.layers.1.mlp.up_proj.weight": "model.layers.1.mlp.up_proj.weight",
	} {
		if got := tied.Rename(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	for path, ignored := range map[string][3]bool{
		"lm_head.weight": {true, false, true}, "model.layers.3.self_attn.rotary_emb.inv_freq": {true, true, true}, "model.norm.weight": {},
		"vision_tower.x.weight": {false, false, true}, "multi_modal_projector.x": {false, false, true},
	} {
		if got := [3]bool{tied.Ignore(path), untied.Ignore(path), gemma.Ignore(path)}; got != ignored {
			t.Errorf("%s: ignored %v, want %v", path, got, ignored)
		}
	}
	for _, c := range []struct {
		m     models.Model
		names []string
		want  string // of lm_head.weight
	}{
		{tied, []string{"lm_head.weight", "model.norm.weight"}, "model.embed_tokens.weight"},
		{tied, []string{"lm_head.weight", "embed_tokens.weight"}, "lm_head.weight"},
		{untied, []string{"lm_head.weight"}, "lm_head.weight"},
		{models.GPT{}, []string{"lm_head.weight"}, "wte.weight"},
		{models.GPT{Family: "bloom"}, []string{"lm_head.weight", "h.0.x"}, "transformer.word_embeddings.weight"},
		{models.Seq2Seq{}, []string{"lm_head.weight"}, "lm_head.weight"},
	} {
		if got := models.Rename(c.m, c.names)("lm_head.weight"); got != c.want {
			t.Errorf("%T with %v: got %s, want %s", c.m, c.names, got, c.want)
		}
	}
	for name, want := range map[string]string{
		"h.0.x": "transformer.h.0.x", "transformer.h.0.x": "transformer.h.0.x", "module.word_embeddings.weight": "transformer.word_embeddings.weight",
	} {
		if got := (models.GPT{Family: "bloom"}).Rename(name); got != want {
			t.Errorf("bloom: %s: got %s, want %s", name, got, want)
		}
	}
}
