package models_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// publishedGPT2 is the published config.json of Hugging Face's openai-community/gpt2.
const publishedGPT2 = `{
	"activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1, "bos_token_id": 50256,
	"embd_pdrop": 0.1, "eos_token_id": 50256, "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gpt2",
	"n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024, "resid_pdrop": 0.1,
	"summary_activation": null, "summary_first_dropout": 0.1, "summary_proj_to_labels": true, "summary_type": "cls_index",
	"summary_use_proj": true, "task_specific_params": {"text-generation": {"do_sample": true, "max_length": 50}}, "vocab_size": 50257
}`

var gpt2 = models.GPT{
	Vocab: 50257, Context: 1024, Layers: 12, Heads: 12, Dim: 768, Activation: "gelu_new", Eps: 1e-5, InitStd: 0.02,
	EmbedDropout: 0.1, Dropout: 0.1, AttnDropout: 0.1, BOS: []int32{50256}, EOS: []int32{50256},
}

func TestReadPublishedGPT2(t *testing.T) {
	for name, file := range map[string]string{
		"published": publishedGPT2,
		"defaults":  `{"model_type": "gpt2", "bos_token_id": 50256, "eos_token_id": 50256}`,
		"newer":     strings.Replace(publishedGPT2, `"n_ctx": 1024`, `"n_inner": null, "scale_attn_weights": true, "use_cache": true, "tie_word_embeddings": true`, 1),
	} {
		var got models.GPT
		if err := json.Unmarshal([]byte(file), &got); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(got, gpt2) {
			t.Errorf("%s: got %+v, want %+v", name, got, gpt2)
		}
	}
}

func TestGPTRoundTrip(t *testing.T) {
	for _, m := range []models.GPT{
		gpt2,
		{Vocab: 65, Context: 64, Layers: 4, Heads: 4, Dim: 128, Activation: "relu", Eps: 1e-6, InitStd: 0.1},
		{Vocab: 7, Context: 8, Layers: 1, Heads: 3, Dim: 9, Hidden: 5, Activation: "silu", Eps: 1e-3, Untied: true, InitStd: 0.5,
			EmbedDropout: 0.1, Dropout: 0.2, AttnDropout: 0.3, BOS: []int32{0}, EOS: []int32{3, 0}},
	} {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var got models.GPT
		if err := json.Unmarshal(data, &got); err != nil {
			t.Errorf("%s: %v", data, err)
		} else if !reflect.DeepEqual(got, m) {
			t.Errorf("got %+v, want %+v", got, m)
		}
	}
}

// TestGPTFile checks fields that Python reads by name.
func TestGPTFile(t *testing.T) {
	for _, c := range []struct {
		m    models.GPT
		want map[string]any
	}{
		{models.GPT{Vocab: 65, Context: 64, Layers: 4, Heads: 4, Dim: 128}, map[string]any{
			"model_type": "gpt2", "vocab_size": 65.0, "n_positions": 64.0, "n_layer": 4.0, "n_head": 4.0, "n_embd": 128.0, "n_inner": nil,
			"activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "initializer_range": 0.02, "embd_pdrop": 0.0, "resid_pdrop": 0.0,
			"attn_pdrop": 0.0, "tie_word_embeddings": true, "bos_token_id": nil, "eos_token_id": nil,
		}},
		{models.GPT{Vocab: 65, Context: 64, Layers: 4, Heads: 4, Dim: 128, Hidden: 99, Untied: true, BOS: []int32{0}, EOS: []int32{3}}, map[string]any{
			"n_inner": 99.0, "tie_word_embeddings": false, "bos_token_id": 0.0, "eos_token_id": 3.0,
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
			if v, ok := got[name]; !ok || v != want {
				t.Errorf("%s: got %v, want %v", name, v, want)
			}
		}
	}
}

func TestSeq2SeqRoundTrip(t *testing.T) {
	want := models.Seq2Seq{
		EncoderLayers: 6, DecoderLayers: 5, Heads: 8, Dim: 512, Hidden: 2048, SourceVocab: 100, TargetVocab: 200, NormFirst: true,
		Activation: "gelu", LabelSmoothing: 0.1, Eps: 1e-6, Dropout: 0.2, Source: 30, Target: 40, PAD: []int32{3}, BOS: []int32{0}, EOS: []int32{2, 1},
	}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got models.Seq2Seq
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, field := range []string{`"model_type":"transformer"`, `"d_model":512`, `"d_ff":2048`, `"positions":"sinusoidal"`} {
		if !strings.Contains(string(data), field) {
			t.Errorf("got %s, want %s in it", data, field)
		}
	}
}

func TestBadFiles(t *testing.T) {
	seq2seq := `{"encoder_layers": 1, "decoder_layers": 1, "heads": 2, "d_model": 4, "src_vocab_size": 5, "tgt_vocab_size": 5, "model_type": "transformer", `
	for _, c := range []struct {
		file string
		into any
		want []string
	}{
		{`{"model_type": "llama"}`, new(models.GPT), []string{"model_type", `"llama"`, `"gpt2"`}},
		{`{"model_type": "gpt2", "activation_function": "mish"}`, new(models.GPT), []string{`"mish"`, "gelu_new"}},
		{`{"model_type": "gpt2", "n_head": 7}`, new(models.GPT), []string{"768", "7 Heads"}},
		{`{"model_type": "gpt2", "n_layer": 0}`, new(models.GPT), []string{"Layers is 0", "at least 1"}},
		{`{"model_type": "gpt2", "vocab_size": -3}`, new(models.GPT), []string{"Vocab is -3"}},
		{`{"model_type": "gpt2", "n_inner": -3}`, new(models.GPT), []string{"Hidden is -3"}},
		{`{"model_type": "gpt2", "n_embd": "wide"}`, new(models.GPT), []string{"n_embd", "string"}},
		{`{"model_type": "gpt2", "attn_pdrop": 1}`, new(models.GPT), []string{"AttnDropout is 1"}},
		{`{"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": true}`, new(models.GPT), []string{"scale_attn_by_inverse_layer_idx", "true"}},
		{`{"model_type": "gpt2", "scale_attn_weights": false}`, new(models.GPT), []string{"scale_attn_weights", "false"}},
		{seq2seq + `"model_type": "bert"}`, new(models.Seq2Seq), []string{"model_type", "bert", "transformer"}},
		{seq2seq + `"positions": "learned"}`, new(models.Seq2Seq), []string{"positions", "learned", "sinusoidal"}},
		{seq2seq + `"activation": "mish"}`, new(models.Seq2Seq), []string{`"mish"`}},
		{seq2seq + `"heads": 3}`, new(models.Seq2Seq), []string{"4", "3 Heads"}},
		{seq2seq + `"heads": "two"}`, new(models.Seq2Seq), []string{"heads", "string"}},
		{`{}`, new(models.Seq2Seq), []string{"model_type is missing", `"transformer"`}},
		{`{"n_embd": 4}`, new(models.GPT), []string{"model_type is missing", `"gpt2"`}},
		{`{"model_type": "transformer"}`, new(models.Seq2Seq), []string{"EncoderLayers is 0"}},
		{`{"model_type": "gpt2", "n_layer": 1.5}`, new(models.GPT), []string{"n_layer", "1.5", "whole number"}},
		{`{"model_type": "gpt2", "n_layer": 1e300}`, new(models.GPT), []string{"n_layer", "1e300", "whole number"}},
		{`{"model_type": "gpt2", "eos_token_id": -1}`, new(models.GPT), []string{"eos_token_id", "token id: -1"}},
		{`{"model_type": "gpt2", "eos_token_id": [1, "b"]}`, new(models.GPT), []string{"eos_token_id", "token id", "string"}},
		{`{"model_type": "gpt2", "eos_token_id": [6, null]}`, new(models.GPT), []string{"eos_token_id", "token id: null", "whole number"}},
		{seq2seq + `"eos_token_id": [null]}`, new(models.Seq2Seq), []string{"eos_token_id", "token id: null"}},
		{`{"model_type": "gpt2", "bos_token_id": {"id": 1}}`, new(models.GPT), []string{"bos_token_id", "object"}},
		{seq2seq + `"pad_token_id": 0.5}`, new(models.Seq2Seq), []string{"pad_token_id", "0.5"}},
	} {
		wantError(t, json.Unmarshal([]byte(c.file), c.into), append(c.want, "models: ")...)
	}
}

func TestCheckNamesFieldAndValue(t *testing.T) {
	for want, change := range map[string]func(*models.GPT){
		"Vocab is 0":                 func(m *models.GPT) { m.Vocab = 0 },
		"Context is -1":              func(m *models.GPT) { m.Context = -1 },
		"Layers is 0":                func(m *models.GPT) { m.Layers = 0 },
		"Heads is 0":                 func(m *models.GPT) { m.Heads = 0 },
		"Dim is 0":                   func(m *models.GPT) { m.Dim = 0 },
		"Dim 7 does not divide":      func(m *models.GPT) { m.Dim = 7 },
		"Hidden is -4":               func(m *models.GPT) { m.Hidden = -4 },
		"EmbedDropout is 1":          func(m *models.GPT) { m.EmbedDropout = 1 },
		"Dropout is -0.5":            func(m *models.GPT) { m.Dropout = -0.5 },
		"AttnDropout is NaN":         func(m *models.GPT) { m.AttnDropout = math.NaN() },
		"Eps is -1":                  func(m *models.GPT) { m.Eps = -1 },
		"InitStd is +Inf":            func(m *models.GPT) { m.InitStd = math.Inf(1) },
		`unknown activation "gelu2"`: func(m *models.GPT) { m.Activation = "gelu2" },
	} {
		m := smallGPT
		change(&m)
		wantError(t, m.Check(), want)
		for _, declare := range []func(*graph.Scope){m.Loss(1, 2), m.Logits(1, 2), m.Decode(1, 2)} {
			_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Decode, declare)
			wantError(t, err, want)
		}
	}
	for want, change := range map[string]func(*models.Seq2Seq){
		"EncoderLayers is 0":    func(m *models.Seq2Seq) { m.EncoderLayers = 0 },
		"DecoderLayers is -1":   func(m *models.Seq2Seq) { m.DecoderLayers = -1 },
		"Heads is 0":            func(m *models.Seq2Seq) { m.Heads = 0 },
		"Dim 7 does not divide": func(m *models.Seq2Seq) { m.Dim = 7 },
		"SourceVocab is 0":      func(m *models.Seq2Seq) { m.SourceVocab = 0 },
		"TargetVocab is 0":      func(m *models.Seq2Seq) { m.TargetVocab = 0 },
		"Hidden is -1":          func(m *models.Seq2Seq) { m.Hidden = -1 },
		"Source is -1":          func(m *models.Seq2Seq) { m.Source = -1 },
		"Dropout is 2":          func(m *models.Seq2Seq) { m.Dropout = 2 },
		"LabelSmoothing is 1":   func(m *models.Seq2Seq) { m.LabelSmoothing = 1 },
		"Eps is -1":             func(m *models.Seq2Seq) { m.Eps = -1 },
	} {
		m := smallSeq2Seq
		change(&m)
		wantError(t, m.Check(), want)
		for _, declare := range []func(*graph.Scope){m.Loss(1, 2, 3), m.Remember(1), m.Decode(1, 2)} {
			_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Decode, declare)
			wantError(t, err, want)
		}
	}
}

func TestGPTNames(t *testing.T) {
	tied, untied := models.GPT{}, models.GPT{Untied: true}
	for _, prefix := range []string{"", "transformer.", "_orig_mod.", "_orig_mod.transformer.", "module.transformer.", "module._orig_mod.", "_orig_mod.module.transformer.",
		"transformer._orig_mod.", "_fsdp_wrapped_module.transformer._fsdp_wrapped_module."} {
		for name, ignored := range map[string]bool{
			"wte.weight": false, "h.0.attn.c_attn.bias": false, "h.10.attn.bias": true, "h.0.attn.masked_bias": true, "h.0.mlp.c_fc.bias": false,
			"ln_f.bias": false, "xh.0.attn.bias": false, "h.x.attn.bias": false,
		} {
			if got := tied.Rename(prefix + name); got != name {
				t.Errorf("%s: got %s, want %s", prefix+name, got, name)
			}
			if tied.Ignore(name) != ignored || untied.Ignore(name) != ignored {
				t.Errorf("%s: ignored %t and %t, want %t", name, tied.Ignore(name), untied.Ignore(name), ignored)
			}
		}
		for _, wrapper := range []string{"_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.", "_fsdp_wrapped_module._checkpoint_wrapped_module."} {
			for _, name := range []string{"h.0." + wrapper + "ln_1.weight", "h." + wrapper + "0.ln_1.weight", wrapper + "h.0.ln_1." + wrapper + "weight"} {
				if got := tied.Rename(prefix + name); got != "h.0.ln_1.weight" {
					t.Errorf("%s: got %s, want h.0.ln_1.weight", prefix+name, got)
				}
			}
		}
		if got := tied.Rename(prefix + "lm_head.weight"); got != "lm_head.weight" {
			t.Errorf("%slm_head.weight: got %s", prefix, got)
		}
	}
	if !tied.Ignore("lm_head.weight") || untied.Ignore("lm_head.weight") {
		t.Error("lm_head.weight: want it ignored by a tied model alone")
	}
}
