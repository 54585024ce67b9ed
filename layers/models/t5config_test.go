package models_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// publishedT5 is the published config.json of google-t5/t5-small, without its task_specific_params.
const publishedT5 = `{
	"architectures": ["T5ForConditionalGeneration"], "d_ff": 2048, "d_kv": 64, "d_model": 512, "decoder_start_token_id": 0, "dropout_rate": 0.1,
	"eos_token_id": 1, "initializer_factor": 1.0, "is_encoder_decoder": true, "layer_norm_epsilon": 1e-06, "model_type": "t5", "n_positions": 512,
	"num_heads": 8, "num_layers": 6, "output_past": true, "pad_token_id": 0, "relative_attention_num_buckets": 32, "vocab_size": 32128
}`

var t5Small = models.T5{
	Vocab: 32128, EncoderLayers: 6, DecoderLayers: 6, Heads: 8, HeadDim: 64, Dim: 512, Hidden: 2048, FeedForward: "relu", Buckets: 32, MaxDistance: 128,
	Eps: 1e-6, Dropout: 0.1, InitFactor: 1, Source: 512, Target: 512, PAD: []int32{0}, BOS: []int32{0}, EOS: []int32{1},
}

func TestReadPublishedT5(t *testing.T) {
	flan := t5Small
	flan.FeedForward, flan.Untied = "gated-gelu", true
	unscaled := t5Small
	unscaled.Unscaled = true
	more := func(keys string) string { return strings.Replace(publishedT5, `"output_past": true`, keys, 1) }
	for _, c := range []struct {
		name, file string
		want       models.T5
	}{
		{"published", publishedT5, t5Small},
		{"defaults", `{"model_type": "t5"}`, t5Small},
		{"null", more(`"num_decoder_layers": null, "scale_decoder_outputs": null`), t5Small},
		{"architecture", strings.Replace(publishedT5, `"model_type": "t5",`, "", 1), t5Small},
		{"flan", more(`"feed_forward_proj": "gated-gelu", "tie_word_embeddings": false`), flan},
		{"version 5", more(`"tie_word_embeddings": true, "scale_decoder_outputs": false`), unscaled},
		{"version 5, scaled", more(`"scale_decoder_outputs": true`), t5Small},
	} {
		got, err := models.Parse([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestPublishedT5Sizes: models of published configurations have their published numbers of weights.
func TestPublishedT5Sizes(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       int
	}{
		{"T5 small", publishedT5, 60506624},
		{"T5 base", `{"model_type": "t5", "d_model": 768, "d_ff": 3072, "num_layers": 12, "num_heads": 12}`, 222903552},
		{"FLAN-T5 small", `{"model_type": "t5", "d_ff": 1024, "num_layers": 8, "num_decoder_layers": 8, "num_heads": 6, "feed_forward_proj": "gated-gelu",
			"tie_word_embeddings": false}`, 76961152},
	} {
		m, err := models.Parse([]byte(c.file))
		if err != nil {
			t.Fatal(err)
		}
		r, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), graph.Eval, m.(models.T5).Loss(1, 1, 1))
		if err != nil {
			t.Fatal(err)
		}
		if r.Parameters != c.want {
			t.Errorf("%s: got %d weights, want %d", c.name, r.Parameters, c.want)
		}
	}
}

func TestT5RoundTrip(t *testing.T) {
	for name, m := range t5Models() {
		m.DecoderLayers, m.HeadDim, m.Eps, m.Dropout, m.LabelSmoothing, m.EOS = 3, 2, 1e-4, 0.3, 0.1, []int32{1, 5}
		m.PAD, m.BOS = nil, []int32{4}
		if m.FeedForward == "" {
			m.FeedForward = "relu"
		}
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := models.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(got, m) {
			t.Errorf("%s: got %+v, want %+v", name, got, m)
		}
	}
	data, err := json.Marshal(smallT5)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"model_type":"t5"`, `"d_kv":2`, `"num_decoder_layers":1`, `"feed_forward_proj":"relu"`, `"decoder_start_token_id":0`,
		`"tie_word_embeddings":true`, `"scale_decoder_outputs":true`, `"is_encoder_decoder":true`} {
		if !strings.Contains(string(data), part) {
			t.Errorf("got %s, want %s in it", data, part)
		}
	}
}

func TestSASRecRoundTrip(t *testing.T) {
	for _, m := range []models.SASRec{
		{Items: 9, Context: 6, Layers: 2, Heads: 2, Dim: 4, NormFirst: true, Eps: 1e-3, Dropout: 0.2, InitStd: 0.5},
		{Items: 9, Context: 6, Layers: 1, Heads: 1, Dim: 3, Eps: 1e-8, InitStd: 0.02},
	} {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := models.Parse(data); err != nil || got != m {
			t.Errorf("%s: got %+v and error %v, want %+v", data, got, err, m)
		}
	}
}

// TestBadT5AndSASRec: an error names the field and its value.
func TestBadT5AndSASRec(t *testing.T) {
	sasrec := `{"model_type": "sasrec", "num_blocks": 2, "num_heads": 2, "hidden_units": 4, "item_num": 9, "maxlen": 5, `
	for _, c := range []struct {
		file string
		want []string
	}{
		{`{"model_type": "t5", "num_layers": 0}`, []string{"T5", "EncoderLayers is 0"}},
		{`{"model_type": "t5", "num_decoder_layers": -1}`, []string{"num_decoder_layers is -1", "at least 1"}},
		{`{"model_type": "t5", "num_heads": "many"}`, []string{"num_heads", "string"}},
		{`{"model_type": "t5", "d_kv": 0, "num_heads": 7}`, []string{"Dim 512", "7 Heads"}},
		{`{"model_type": "t5", "feed_forward_proj": "gated-mish"}`, []string{"FeedForward", `"mish"`, "gelu_new"}},
		{`{"model_type": "t5", "feed_forward_proj": "relu6"}`, []string{"FeedForward", `"relu6"`}},
		{`{"model_type": "t5", "relative_attention_num_buckets": 3}`, []string{"Buckets is 3", "at least 4"}},
		{`{"model_type": "t5", "relative_attention_max_distance": 16}`, []string{"MaxDistance 16", "above 16"}},
		{`{"model_type": "t5", "tie_word_embeddings": false, "scale_decoder_outputs": true}`, []string{"scale_decoder_outputs", "tie_word_embeddings"}},
		{`{"model_type": "t5", "is_encoder_decoder": false}`, []string{"is_encoder_decoder", "false"}},
		{`{"model_type": "t5", "dropout_rate": 1}`, []string{"Dropout is 1"}},
		{`{"model_type": "t5", "layer_norm_epsilon": -1}`, []string{"Eps is -1"}},
		{`{"model_type": "t5", "eos_token_id": -1}`, []string{"eos_token_id", "-1"}},
		{`{"model_type": "t5", "max_source_length": -2}`, []string{"Source is -2"}},
		{`{"model_type": "sasrec"}`, []string{"SASRec", "Items is 0"}},
		{sasrec + `"num_heads": 3}`, []string{"Dim 4", "3 Heads"}},
		{sasrec + `"layout": "tensorflow"}`, []string{"layout", `"tensorflow"`, `"pmixer-norm-first"`}},
		{sasrec + `"norm_first": true}`, []string{"norm_first is true", `"pmixer"`}},
		{sasrec + `"pad_token_id": 3}`, []string{"pad_token_id is 3", "want 0"}},
		{sasrec + `"maxlen": 1.5}`, []string{"maxlen", "1.5"}},
		{sasrec + `"dropout_rate": -1}`, []string{"Dropout is -1"}},
	} {
		_, err := models.Parse([]byte(c.file))
		wantError(t, err, append(c.want, "models: ")...)
	}
	m := smallT5
	m.Untied, m.Unscaled = true, true
	wantError(t, m.Check(), "Unscaled", "tied")
	m = smallT5
	m.Target = 0
	_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Decode, m.Decode(1, 1))
	wantError(t, err, "T5: Target is 0", "decoding needs both")
	_, err = graph.Build(graph.NewParams(tensor.Float32, 1), graph.Eval, smallSASRec.Scores(1, 7))
	wantError(t, err, "7 items", "6 positions")
	p := build(t, graph.NewParams(tensor.Float32, 1), graph.Eval, smallSASRec.Scores(1, 3))
	wantError(t, p.Run(graph.Feed{"items": padded([]int32{3, 10}, 3)}), "10", "item_emb")
	wantError(t, p.Run(graph.Feed{"items": padded([]int32{-1, 2}, 3)}), "-1", "item_emb")
}

// TestT5Files: files of a T5 with second names of tensors load, and generation_config.json replaces EOS only.
func TestT5Files(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	build(t, params, graph.Eval, smallT5.Loss(2, 5, 7))
	weights := map[string]*tensor.Dense{}
	for name, v := range params.All() {
		weights["module."+name] = v
	}
	for _, copied := range []string{"encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"} {
		weights[copied] = params.Value("shared.weight")
	}
	weights["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"] = params.Value("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight")
	dir := filepath.Join(t.TempDir(), "model")
	all := func(yield func(string, *tensor.Dense) bool) {
		for name, v := range weights {
			if !yield(name, v) {
				return
			}
		}
	}
	if err := checkpoints.SaveModel(dir, checkpoints.Model{Config: smallT5, Weights: all}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(`{"bos_token_id": 3, "eos_token_id": [1, 2], "decoder_start_token_id": 0}`), 0o600); err != nil {
		t.Fatal(err)
	}
	opened, err := models.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	m := opened.(models.T5)
	if !reflect.DeepEqual(m.BOS, []int32{0}) || !reflect.DeepEqual(m.EOS, []int32{1, 2}) {
		t.Errorf("texts begin with %v and end with %v, want [0] and [1 2]", m.BOS, m.EOS)
	}
	got := loaded(t, dir, m, m.Loss(2, 5, 7))
	for name, v := range params.All() {
		if !reflect.DeepEqual(got.Value(name).Data(), v.Data()) {
			t.Errorf("%s is not the saved weight", name)
		}
	}
	untied := smallT5
	untied.Untied = true
	if untied.Ignore("lm_head.weight") || !smallT5.Ignore("lm_head.weight") {
		t.Error("lm_head.weight: want it ignored by a tied model alone")
	}
}
