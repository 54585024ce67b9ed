package models_test

import (
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestPublishedSizes: models of published configurations have their published numbers of weights.
func TestPublishedSizes(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       int
	}{
		{"Llama 3.1 8B", publishedLlama31, 8030261248},
		{"Mistral 7B", `{"model_type": "mistral", "tie_word_embeddings": false}`, 7241732096},
		{"Qwen2 0.5B", `{"model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24, "num_attention_heads": 14,
			"num_key_value_heads": 2, "vocab_size": 151936, "rope_theta": 1e6, "tie_word_embeddings": true}`, 494032768},
		{"Qwen3 0.6B", publishedQwen3, 596049920},
		{"Gemma 2 2B", publishedGemma2, 2614341888},
		{"Gemma 3 1B", `{"model_type": "gemma3_text", "vocab_size": 262144, "num_hidden_layers": 26, "num_attention_heads": 4, "num_key_value_heads": 1,
			"head_dim": 256, "hidden_size": 1152, "intermediate_size": 6912}`, 999885952},
		{"BLOOM 560M", `{"model_type": "bloom", "vocab_size": 250880, "hidden_size": 1024, "n_layer": 24, "n_head": 16}`, 559214592},
		{"MPT 7B", `{"model_type": "mpt", "d_model": 4096, "n_heads": 32, "n_layers": 32, "vocab_size": 50432}`, 6649286656},
	} {
		m, err := models.Parse([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		n := 0
		switch m := m.(type) {
		case models.GPT:
			n = extrapolated(t, m.Layers, func(layers int) models.LanguageModel { m.Layers = layers; return m })
		case models.Llama:
			n = extrapolated(t, m.Layers, func(layers int) models.LanguageModel { m.Layers = layers; return m })
		}
		if n != c.want {
			t.Errorf("%s: got %d weights, want %d", c.name, n, c.want)
		}
	}
}

// extrapolated returns the number of weights of a model from its numbers with one and with two layers, so that little memory suffices.
func extrapolated(t *testing.T, layers int, model func(layers int) models.LanguageModel) int {
	t.Helper()
	var n [2]int
	for i := range n {
		r, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), graph.Eval, model(i+1).Logits(1, 1))
		if err != nil {
			t.Fatal(err)
		}
		n[i] = r.Parameters
	}
	return n[0] + (layers-1)*(n[1]-n[0])
}
