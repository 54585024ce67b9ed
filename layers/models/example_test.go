package models_test

import (
	"encoding/json"
	"fmt"
	"log"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// A model is its configuration. Building a graph makes its weights, and a second graph uses the same weights.
func ExampleGPT() {
	m := models.GPT{Vocab: 65, Context: 64, Layers: 4, Heads: 4, Dim: 128}
	params := graph.NewParams(tensor.Float32, 1)
	step, err := graph.Build(params, graph.Train, m.Loss(12, 64))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := graph.Build(params, graph.Eval, m.Logits(1, 64)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(params.Size(), "weights, of which", len(step.Weights()), "tensors are trained")
	fmt.Println(params.Value("h.3.attn.c_attn.weight").Shape())
	// Output:
	// 809856 weights, of which 52 tensors are trained
	// (128, 384)
}

// Configurations are Hugging Face's config.json. The error of an invalid configuration names the field.
func ExampleGPT_UnmarshalJSON() {
	var m models.GPT
	if err := json.Unmarshal([]byte(`{"model_type": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 64}`), &m); err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Layers, m.Heads, m.Dim, m.Vocab, m.Context)
	fmt.Println(json.Unmarshal([]byte(`{"model_type": "gpt2", "n_head": 7}`), &m))
	// Output:
	// 2 2 64 50257 1024
	// models: GPT: Dim 768 does not divide into 7 Heads
}

// The encoder-decoder learns from padded pairs. This pair has two source tokens and one target token, which BOS and EOS enclose.
func ExampleSeq2Seq() {
	m := models.Seq2Seq{EncoderLayers: 1, DecoderLayers: 1, Heads: 2, Dim: 8, SourceVocab: 10, TargetVocab: 10, BOS: []int32{1}, EOS: []int32{2}}
	p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, m.Loss(1, 4, 3))
	if err != nil {
		log.Fatal(err)
	}
	ids := func(v ...int32) *tensor.Dense { return tensor.New(tensor.WithShape(1, len(v)), tensor.WithBacking(v)) }
	err = p.Run(graph.Feed{
		"source": ids(5, 6, 0, 0), "source_lengths": lengths(2),
		"tokens": ids(1, 7, 0), "lengths": lengths(2), "targets": ids(7, 2, ops.IgnoreTarget),
	})
	fmt.Println(err, p.Output("logits").Shape())
	// Output: <nil> (1, 3, 10)
}

// Open reads config.json in a folder, and Parse reads its text. Both give the model of the right family.
func ExampleParse() {
	m, err := models.Parse([]byte(`{
		"model_type": "qwen2", "vocab_size": 151936, "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
		"num_attention_heads": 14, "num_key_value_heads": 2, "rope_theta": 1000000.0, "tie_word_embeddings": true
	}`))
	if err != nil {
		log.Fatal(err)
	}
	qwen := m.(models.Llama)
	fmt.Println(qwen.Family, "of", qwen.Layers, "layers, a window of", qwen.Window(), "tokens, tied head:", !qwen.Untied)
	_, err = models.Parse([]byte(`{"model_type": "mamba"}`))
	fmt.Println(errors.As(err, new(models.UnknownFamily)))
	// Output:
	// qwen2 of 24 layers, a window of 32768 tokens, tied head: true
	// true
}
