package models_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// publishedGPT2 has the fields of the config.json that Hugging Face's openai-community/gpt2 is published with.
const publishedGPT2 = `{
	"activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"], "attn_pdrop": 0.1, "bos_token_id": 50256,
	"embd_pdrop": 0.1, "eos_token_id": 50256, "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gpt2",
	"n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024, "resid_pdrop": 0.1,
	"summary_activation": null, "summary_first_dropout": 0.1, "summary_proj_to_labels": true, "summary_type": "cls_index",
	"summary_use_proj": true, "task_specific_params": {"text-generation": {"do_sample": true, "max_length": 50}}, "vocab_size": 50257
}`

var gpt2 = models.GPT{
	Vocab: 50257, Context: 1024, Layers: 12, Heads: 12, Dim: 768, Activation: "gelu_new", Eps: 1e-5, InitStd: 0.02,
	EmbedDropout: 0.1, Dropout: 0.1, AttnDropout: 0.1, BOS: 50256, EOS: 50256,
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
		} else if got != gpt2 {
			t.Errorf("%s: got %+v, want %+v", name, got, gpt2)
		}
	}
}

func TestGPTRoundTrip(t *testing.T) {
	for _, m := range []models.GPT{
		gpt2,
		{Vocab: 65, Context: 64, Layers: 4, Heads: 4, Dim: 128, Activation: "relu", Eps: 1e-6, InitStd: 0.1},
		{Vocab: 7, Context: 8, Layers: 1, Heads: 3, Dim: 9, Hidden: 5, Activation: "silu", Eps: 1e-3, Untied: true, InitStd: 0.5,
			EmbedDropout: 0.1, Dropout: 0.2, AttnDropout: 0.3, BOS: 0, EOS: 3},
	} {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var got models.GPT
		if err := json.Unmarshal(data, &got); err != nil {
			t.Errorf("%s: %v", data, err)
		} else if got != m {
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
		{models.GPT{Vocab: 65, Context: 64, Layers: 4, Heads: 4, Dim: 128, Hidden: 99, Untied: true, EOS: 3}, map[string]any{
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
		Activation: "gelu", LabelSmoothing: 0.1, Eps: 1e-6, Dropout: 0.2, Source: 30, Target: 40, PAD: 3, BOS: 1, EOS: 2,
	}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got models.Seq2Seq
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, field := range []string{`"model_type":"transformer"`, `"d_model":512`, `"d_ff":2048`, `"positions":"sinusoidal"`} {
		if !strings.Contains(string(data), field) {
			t.Errorf("got %s, want %s in it", data, field)
		}
	}
}

func TestBadFiles(t *testing.T) {
	seq2seq := `{"encoder_layers": 1, "decoder_layers": 1, "heads": 2, "d_model": 4, "src_vocab_size": 5, "tgt_vocab_size": 5, `
	for _, c := range []struct {
		file string
		into any
		want []string
	}{
		{`{"model_type": "llama"}`, new(models.GPT), []string{"model_type", `"llama"`, `"gpt2"`}},
		{`{"activation_function": "mish"}`, new(models.GPT), []string{`"mish"`, "gelu_new"}},
		{`{"n_head": 7}`, new(models.GPT), []string{"768", "7 Heads"}},
		{`{"n_layer": 0}`, new(models.GPT), []string{"Layers is 0", "at least 1"}},
		{`{"vocab_size": -3}`, new(models.GPT), []string{"Vocab is -3"}},
		{`{"n_inner": -3}`, new(models.GPT), []string{"Hidden is -3"}},
		{`{"n_embd": "wide"}`, new(models.GPT), []string{"n_embd", "string"}},
		{`{"attn_pdrop": 1}`, new(models.GPT), []string{"AttnDropout is 1"}},
		{`{"scale_attn_by_inverse_layer_idx": true}`, new(models.GPT), []string{"scale_attn_by_inverse_layer_idx", "true"}},
		{`{"scale_attn_weights": false}`, new(models.GPT), []string{"scale_attn_weights", "false"}},
		{seq2seq + `"model_type": "bert"}`, new(models.Seq2Seq), []string{"model_type", "bert", "transformer"}},
		{seq2seq + `"positions": "learned"}`, new(models.Seq2Seq), []string{"positions", "learned", "sinusoidal"}},
		{seq2seq + `"activation": "mish"}`, new(models.Seq2Seq), []string{`"mish"`}},
		{seq2seq + `"heads": 3}`, new(models.Seq2Seq), []string{"4", "3 Heads"}},
		{seq2seq + `"heads": "two"}`, new(models.Seq2Seq), []string{"heads", "string"}},
		{`{}`, new(models.Seq2Seq), []string{"EncoderLayers is 0"}},
	} {
		wantError(t, json.Unmarshal([]byte(c.file), c.into), append(c.want, "models: ")...)
	}
}

func TestCheckNamesFieldAndValue(t *testing.T) {
	for want, change := range map[string]func(*models.GPT){
		"Vocab is 0":                     func(m *models.GPT) { m.Vocab = 0 },
		"Context is -1":                  func(m *models.GPT) { m.Context = -1 },
		"Layers is 0":                    func(m *models.GPT) { m.Layers = 0 },
		"Heads is 0":                     func(m *models.GPT) { m.Heads = 0 },
		"Dim is 0":                       func(m *models.GPT) { m.Dim = 0 },
		"Dim 7 does not divide":          func(m *models.GPT) { m.Dim = 7 },
		"Hidden is -4":                   func(m *models.GPT) { m.Hidden = -4 },
		"EmbedDropout is 1":              func(m *models.GPT) { m.EmbedDropout = 1 },
		"Dropout is -0.5":                func(m *models.GPT) { m.Dropout = -0.5 },
		"AttnDropout is NaN":             func(m *models.GPT) { m.AttnDropout = math.NaN() },
		"Eps is -1":                      func(m *models.GPT) { m.Eps = -1 },
		"InitStd is +Inf":                func(m *models.GPT) { m.InitStd = math.Inf(1) },
		`there is no activation "gelu2"`: func(m *models.GPT) { m.Activation = "gelu2" },
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

// TestDecodingNeedsSizes: what training does not need, decoding asks for by name.
func TestDecodingNeedsSizes(t *testing.T) {
	m := smallSeq2Seq
	m.Target = 0
	if err := m.Check(); err != nil {
		t.Errorf("for training: %v", err)
	}
	for _, declare := range []func(*graph.Scope){m.Remember(1), m.Decode(1, 1)} {
		_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Decode, declare)
		wantError(t, err, "Target is 0", "decoding")
	}
	_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Eval, smallGPT.Logits(1, 10))
	wantError(t, err, "wpe", "10 tokens", "9 positions")
}
