package models_test

import (
	"encoding/json"
	"maps"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestReadEncoders reads published files, without the keys that say nothing about the model.
func TestReadEncoders(t *testing.T) {
	bert := models.BERT{
		Family: "bert", Head: "mlm", Vocab: 30522, Context: 512, Layers: 12, Heads: 12, Dim: 768, Hidden: 3072, Types: 2, Activation: "gelu", Eps: 1e-12,
		InitStd: 0.02, Dropout: 0.1, AttnDropout: 0.1, HeadDropout: 0.1, PAD: []int32{0},
	}
	roberta := bert
	roberta.Family, roberta.Vocab, roberta.Types, roberta.Eps = "roberta", 50265, 1, 1e-5
	roberta.PAD, roberta.BOS, roberta.EOS = []int32{1}, []int32{0}, []int32{2}
	classifier := bert
	classifier.Head, classifier.Labels, classifier.HeadDropout = "classifier", []string{"negative", "positive"}, 0.3
	modern := models.ModernBERT{
		Head: "mlm", Pooling: "mean", Vocab: 50368, Context: 8192, Layers: 22, Heads: 12, Dim: 768, Hidden: 1152, GlobalEvery: 3, Local: 128, Theta: 160000,
		LocalTheta: 10000, Activation: "gelu", HeadActivation: "gelu", Eps: 1e-5, InitStd: 0.02, PAD: []int32{50283}, BOS: []int32{50281}, EOS: []int32{50282},
	}
	seven := modern
	seven.Layers = 7
	vit := models.ViT{
		Layout: "vit", Size: 224, Patch: 16, Channels: 3, Layers: 12, Heads: 12, Dim: 768, Hidden: 3072, Activation: "gelu", Eps: 1e-12, InitStd: 0.02,
		Labels: []string{"tench", "goldfish"},
	}
	none := bert
	none.Head = "none"
	for name, c := range map[string]struct {
		file string
		want models.Model
	}{
		"bert-base-uncased": {`{"architectures": ["BertForMaskedLM"], "attention_probs_dropout_prob": 0.1, "gradient_checkpointing": false, "hidden_act": "gelu",
			"hidden_dropout_prob": 0.1, "hidden_size": 768, "initializer_range": 0.02, "intermediate_size": 3072, "layer_norm_eps": 1e-12,
			"max_position_embeddings": 512, "model_type": "bert", "num_attention_heads": 12, "num_hidden_layers": 12, "pad_token_id": 0,
			"position_embedding_type": "absolute", "type_vocab_size": 2, "use_cache": true, "vocab_size": 30522}`, bert},
		"defaults":        {`{"model_type": "bert"}`, bert},
		"by architecture": {`{"architectures": ["BertModel"]}`, none},
		"roberta-base": {`{"architectures": ["RobertaForMaskedLM"], "bos_token_id": 0, "eos_token_id": 2, "layer_norm_eps": 1e-05,
			"max_position_embeddings": 514, "model_type": "roberta", "pad_token_id": 1, "type_vocab_size": 1, "vocab_size": 50265}`, roberta},
		"classifier": {`{"architectures": ["BertForSequenceClassification"], "model_type": "bert", "classifier_dropout": 0.3,
			"problem_type": "single_label_classification", "id2label": {"1": "positive", "0": "negative"}, "label2id": {"negative": 0, "positive": 1}}`, classifier},
		"ModernBERT-base": {`{"architectures": ["ModernBertForMaskedLM"], "attention_bias": false, "attention_dropout": 0.0, "bos_token_id": 50281,
			"classifier_activation": "gelu", "classifier_bias": false, "classifier_dropout": 0.0, "classifier_pooling": "mean", "cls_token_id": 50281,
			"decoder_bias": true, "deterministic_flash_attn": false, "embedding_dropout": 0.0, "eos_token_id": 50282, "global_attn_every_n_layers": 3,
			"global_rope_theta": 160000.0, "hidden_activation": "gelu", "hidden_size": 768, "initializer_cutoff_factor": 2.0, "initializer_range": 0.02,
			"intermediate_size": 1152, "layer_norm_eps": 1e-05, "local_attention": 128, "local_rope_theta": 10000.0, "max_position_embeddings": 8192,
			"mlp_bias": false, "mlp_dropout": 0.0, "model_type": "modernbert", "norm_bias": false, "norm_eps": 1e-05, "num_attention_heads": 12,
			"num_hidden_layers": 22, "pad_token_id": 50283, "position_embedding_type": "absolute", "sep_token_id": 50282,
			"tie_word_embeddings": true, "vocab_size": 50368}`, modern},
		"ModernBERT of transformers 5": {`{"model_type": "modernbert", "num_hidden_layers": 7, "classifier_pooling": "mean", "layer_types": ["full_attention",
			"sliding_attention", "sliding_attention", "full_attention", "sliding_attention", "sliding_attention", "full_attention"], "rope_parameters":
			{"full_attention": {"rope_type": "default", "rope_theta": 160000.0}, "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}}`, seven},
		"ViT": {`{"architectures": ["ViTForImageClassification"], "model_type": "vit", "image_size": 224, "patch_size": 16, "qkv_bias": true,
			"id2label": {"0": "tench", "1": "goldfish"}}`, vit},
	} {
		got, err := models.Parse([]byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v,\nwant %+v", name, got, c.want)
		}
	}
}

func TestBadEncoders(t *testing.T) {
	types := strings.Repeat(`"full_attention", "sliding_attention", `, 10) + `"sliding_attention", "full_attention"`
	for file, want := range map[string][]string{
		`{"model_type": "bert", "position_embedding_type": "relative_key"}`:                   {"position_embedding_type", "relative_key", "absolute"},
		`{"model_type": "bert", "is_decoder": true}`:                                          {"is_decoder", "true"},
		`{"model_type": "bert", "architectures": ["BertForQuestionAnswering"]}`:               {"BertForQuestionAnswering", "BertForMaskedLM"},
		`{"model_type": "bert", "architectures": ["RobertaModel"]}`:                           {"RobertaModel", "BertModel"},
		`{"model_type": "bert", "num_attention_heads": 7}`:                                    {"768", "7 Heads"},
		`{"model_type": "bert", "hidden_act": "mish"}`:                                        {`"mish"`, "gelu"},
		`{"model_type": "bert", "type_vocab_size": 0}`:                                        {"type_vocab_size is 0"},
		`{"model_type": "bert", "vocab_size": "many"}`:                                        {"vocab_size", "string"},
		`{"model_type": "bert", "pooling": "max"}`:                                            {`"max"`, "mean", "cls"},
		`{"model_type": "roberta", "pad_token_id": null}`:                                     {"pad_token_id is null"},
		`{"model_type": "roberta", "pad_token_id": 60000, "max_position_embeddings": 70000}`:  {"PAD [60000]", "Vocab 50265"},
		`{"model_type": "roberta", "max_position_embeddings": 2}`:                             {"Context is 0"},
		`{"architectures": ["BertForSequenceClassification"], "num_labels": 1}`:               {"num_labels is 1"},
		`{"architectures": ["BertForSequenceClassification"], "num_labels": 2000000000}`:      {"num_labels is 2000000000"},
		`{"architectures": ["BertForSequenceClassification"], "problem_type": "regression"}`:  {"problem_type", `"regression"`},
		`{"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a"}}`:        {"1 labels", "at least 2"},
		`{"architectures": ["ViTModel"], "num_labels": 3, "id2label": {"0": "a", "1": "b"}}`:  {"num_labels is 3", "2 labels"},
		`{"model_type": "modernbert", "global_attn_every_n_layers": 0}`:                       {"global_attn_every_n_layers is 0"},
		`{"model_type": "modernbert", "local_attention": -4}`:                                 {"local_attention is -4"},
		`{"model_type": "modernbert", "layer_types": ["full_attention"]}`:                     {"layer_types has 1", "22"},
		`{"model_type": "modernbert", "layer_types": [` + types + `]}`:                        {"layer_types[20]", "sliding_attention"},
		`{"model_type": "modernbert", "rope_parameters": {"rope_type": "yarn", "factor": 2}}`: {"rope_parameters", "yarn", "default"},
		`{"model_type": "modernbert", "global_rope_theta": -1}`:                               {"Theta is -1"},
		`{"model_type": "modernbert", "classifier_pooling": "max"}`:                           {`"max"`, "mean or cls"},
		`{"model_type": "modernbert", "hidden_size": 36}`:                                     {"3 channels", "even"},
		`{"model_type": "vit", "patch_size": 15}`:                                             {"224", "15"},
		`{"model_type": "vit", "pre_norm": false}`:                                            {"pre_norm is false"},
		`{"model_type": "vit", "image_size": 0}`:                                              {"Size is 0"},
		`{"model_type": "vit", "num_attention_heads": 5}`:                                     {"768", "5 Heads"},
		`{"model_type": "vit", "architectures": ["ViTForMaskedImageModeling"]}`:               {"ViTForMaskedImageModeling"},
	} {
		_, err := models.Parse([]byte(file))
		wantError(t, err, append(want, "models: ")...)
	}
	noHead, long, pad := smallBERT.Body(), smallBERT, smallBERT
	pad.Family, pad.PAD = "roberta", []int32{13}
	wide := smallViT
	wide.Patch = 3
	for want, declare := range map[string]func(*graph.Scope){
		"no head":                              noHead.Loss(1, 2),
		"10 tokens exceed the Context of 9":    long.Logits(1, 10),
		"PAD [13]":                             pad.Loss(1, 2),
		"Size 4 is not a multiple of Patch 3":  wide.Loss(1, wide.Size),
		"10 tokens exceed the Context of 9: s": smallModernBERT.Embeddings(1, 10),
	} {
		_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Eval, declare)
		wantError(t, err, want)
	}
}

// loadedWith returns parameters that a model's rules read from a file.
func loadedWith(t *testing.T, m models.Model, declare func(*graph.Scope), file map[string]*tensor.Dense) *graph.Program {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 2)
	p := build(t, params, graph.Eval, declare)
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if err := checkpoints.Write(path, maps.All(file), nil); err != nil {
		t.Fatal(err)
	}
	rules := checkpoints.Rules{Rename: models.Rename(m, slices.Collect(maps.Keys(file))), Ignore: m.Ignore}
	if err := checkpoints.LoadWeights(path, params.All(), rules); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestNamesOfBERT: files with old names, without prefixes, with heads that a model does not have, and with second names of tied weights give
// the same embeddings.
func TestNamesOfBERT(t *testing.T) {
	feed := graph.Feed{"tokens": tokens(1, 13, 2, 4), "lengths": lengths(4, 3)}
	for _, family := range []string{"bert", "roberta"} {
		masked := smallBERT
		masked.Family = family
		params := graph.NewParams(tensor.Float32, 1)
		build(t, params, graph.Eval, masked.Logits(1, 2))
		want := build(t, params, graph.Eval, masked.Body().Embeddings(2, 4))
		run(t, want, feed)
		plain, old, bare := map[string]*tensor.Dense{}, map[string]*tensor.Dense{}, map[string]*tensor.Dense{}
		names := strings.NewReplacer("LayerNorm.weight", "LayerNorm.gamma", "LayerNorm.bias", "LayerNorm.beta")
		for name, v := range params.All() {
			plain[name], old[names.Replace(name)], bare[strings.TrimPrefix(name, family+".")] = v, v, v
		}
		one := graphtest.Dense(tensor.Float32, []float64{1}, 1)
		for _, name := range []string{"pooler.dense.weight", "embeddings.position_ids"} {
			plain[family+"."+name], old[family+"."+name], bare[name] = one, one, one
		}
		for _, name := range []string{"cls.seq_relationship.weight", "classifier.weight"} {
			old[name] = one
		}
		for form, file := range map[string]map[string]*tensor.Dense{"plain": plain, "old": old, "bare": bare} {
			m := masked.Body()
			p := loadedWith(t, m, m.Embeddings(2, 4), file)
			run(t, p, feed)
			if d := graphtest.MaxDifference(p.Output("embeddings"), want.Output("embeddings")); d != 0 {
				t.Errorf("%s, %s names: embeddings differ by %g", family, form, d)
			}
		}
		head, table := masked.Tied()
		plain[head] = params.Value(table) // the only name of the table, and a second bias
		delete(plain, table)
		plain[strings.Replace(head, ".weight", ".bias", 1)] = one
		loadedWith(t, masked, masked.Loss(2, 4), plain)
	}
}

// TestTinyBERT: the embeddings of texts by a file of Hugging Face's BertModel equal PyTorch's in float64.
func TestTinyBERT(t *testing.T) {
	dir := shared(t, "models/tiny_bert")
	m, err := models.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for pooling, want := range map[string][]float64{
		"mean": {-0.015766, 0.941469, -0.242454, 0.369004, 0.056903, 0.791268, 0.126211, 0.142544},
		"cls":  {0.700607, 1.543138, 0.146269, -0.117265, 0.707771, 1.533954, 0.146117, -0.115244},
	} {
		b := m.(models.BERT)
		if b.Head != "none" {
			t.Fatalf("got Head %q, want none", b.Head)
		}
		b.Pooling = pooling
		params := graph.NewParams(tensor.Float32, 1)
		p := build(t, params, graph.Eval, b.Embeddings(2, 5))
		if err := checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{Rename: b.Rename, Ignore: b.Ignore}); err != nil {
			t.Fatal(err)
		}
		ids := tensor.New(tensor.WithShape(2, 5), tensor.WithBacking([]int32{2, 10, 20, 30, 3, 2, 200, 7, 3, 0}))
		run(t, p, graph.Feed{"tokens": ids, "lengths": lengths(5, 4)})
		got := p.Output("embeddings").Float32s()
		for i, w := range want {
			if v := float64(got[i/4*32+i%4]); !(math.Abs(v-w) < 1e-5) {
				t.Errorf("%s: text %d, channel %d: got %g, want %g", pooling, i/4, i%4, v, w)
			}
		}
	}
}

// TestLayoutsOfViT gives the weights of the golden case, which has PyTorch's layout, the names and shapes of Hugging Face's.
func TestLayoutsOfViT(t *testing.T) {
	dir := filepath.Join(goldenFolder(t), "vit-tiny")
	m, err := models.Open(dir)
	if err != nil {
		t.Skipf("no case: %v", err)
	}
	weights, err := checkpoints.Read(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	v, c := m.(models.ViT), readGolden(t, dir)
	v.Layout = "vit"
	names := strings.NewReplacer("encoder.layers.", "encoder.layer.", "self_attn.out_proj", "attention.output.dense", "linear1", "intermediate.dense",
		"linear2", "output.dense", "norm1", "layernorm_before", "norm2", "layernorm_after")
	top := map[string]string{
		"patch_embed.bias": "embeddings.patch_embeddings.projection.bias", "cls_token": "embeddings.cls_token", "pos_embed": "embeddings.position_embeddings",
		"norm.weight": "layernorm.weight", "norm.bias": "layernorm.bias", "head.weight": "classifier.weight", "head.bias": "classifier.bias",
	}
	file := map[string]*tensor.Dense{"pooler.dense.bias": weights["norm.bias"]} // without the prefix, and with a part that a classifier ignores
	for name, w := range weights {
		layer, part, packed := strings.Cut(name, ".self_attn.in_proj_")
		switch {
		case packed:
			n := w.DataSize() / 3
			for i, kind := range []string{"query", "key", "value"} {
				shape := slices.Clone(w.Shape())
				shape[0] /= 3
				file[names.Replace(layer+".")+"attention.attention."+kind+"."+part] = tensor.New(tensor.WithShape(shape...), tensor.WithBacking(slices.Clone(w.Float32s()[i*n:][:n])))
			}
		case name == "patch_embed.weight":
			file["embeddings.patch_embeddings.projection.weight"] = tensor.New(tensor.WithShape(v.Dim, v.Channels, v.Patch, v.Patch), tensor.WithBacking(w.Float32s()))
		case top[name] != "":
			file[top[name]] = w
		default:
			file[names.Replace(name)] = w
		}
	}
	p := loadedWith(t, v, v.Logits(c.tensors["labels"].DataSize(), v.Size), file)
	run(t, p, graph.Feed{"pixels": c.tensors["pixel_values"]})
	if d := graphtest.MaxDifference(p.Output("logits"), c.tensors["logits"]); !(d <= 1e-4) {
		t.Errorf("logits differ by %g", d)
	}
}

// TestEncoderFiles checks keys that Python reads by name.
func TestEncoderFiles(t *testing.T) {
	roberta, vit := smallBERT, smallViT
	roberta.Family, roberta.Head, roberta.Labels = "roberta", "classifier", []string{"no", "yes"}
	for _, c := range []struct {
		m    models.Model
		want map[string]any
	}{
		{smallBERT, map[string]any{
			"model_type": "bert", "architectures": []any{"BertForMaskedLM"}, "max_position_embeddings": 9.0, "type_vocab_size": 5.0, "hidden_act": "gelu",
			"layer_norm_eps": 1e-3, "position_embedding_type": "absolute", "tie_word_embeddings": true, "pad_token_id": nil, "classifier_dropout": 0.0,
		}},
		{roberta, map[string]any{
			"architectures": []any{"RobertaForSequenceClassification"}, "max_position_embeddings": 11.0, "pad_token_id": 1.0,
			"id2label": map[string]any{"0": "no", "1": "yes"}, "label2id": map[string]any{"no": 0.0, "yes": 1.0},
		}},
		{smallBERT.Body(), map[string]any{"architectures": []any{"BertModel"}}},
		{smallModernBERT, map[string]any{
			"model_type": "modernbert", "architectures": []any{"ModernBertForMaskedLM"}, "global_attn_every_n_layers": 2.0, "local_attention": 4.0,
			"global_rope_theta": 1000.0, "local_rope_theta": 50.0, "norm_eps": 1e-5, "decoder_bias": true, "classifier_pooling": "cls",
		}},
		{vit, map[string]any{
			"model_type": "vit", "architectures": []any{"ViTForImageClassification"}, "image_size": 4.0, "patch_size": 2.0, "num_channels": 2.0, "qkv_bias": true,
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
				t.Errorf("%T: %s: got %v, want %v", c.m, name, v, want)
			}
		}
	}
}
