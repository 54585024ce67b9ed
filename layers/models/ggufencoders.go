package models

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// poolingTypes are llama.cpp's numbers of ways to make a vector of a text.
var poolingTypes = map[string]int{"mean": 1, "cls": 2, "pooler": 2}

// headNote is the note of a model with a head that predicts masked tokens.
const headNote = "llama.cpp opens no head that predicts masked tokens: write the model without its head"

// gguf returns the form of a BERT with defaults.
func (m BERT) gguf() GGUF {
	f := bertFamilies[m.Family]
	keys := blockKeys(m.Vocab, m.Context, m.Layers, m.Heads, m.Dim, m.Hidden)
	keys["attention.layer_norm_epsilon"], keys["attention.causal"] = f32(m.Eps), false
	keys["pooling_type"] = u32(poolingTypes[m.Pooling])
	if m.Head == headClassifier {
		keys["classifier.output_labels"], keys["pooling_type"] = slices.Clone(m.Labels), u32(4)
	}
	g := newGGUF("bert", bertStems.under(f.body+".").with(bertHeadStems[m.Family]), keys)
	g.Keys["tokenizer.ggml.token_type_count"] = u32(m.Types)
	if m.Family == "roberta" {
		g.layouts["roberta.embeddings.position_embeddings"] = layout{cut: int(m.PAD[0]) + 1}
	}
	if m.Head == headMLM {
		g.Notes = append(g.Notes, headNote)
	}
	ignored(&g.Notes, "hidden_act", m.Activation, "gelu")
	return g
}

func readGGUFBERT(k *ggufKeys) Model {
	m := BERT{
		Family: "bert", Head: k.head(), Vocab: k.vocab(), Context: k.int("context_length"), Layers: k.int("block_count"), Heads: k.int("attention.head_count"),
		Dim: k.int("embedding_length"), Hidden: k.int("feed_forward_length"), Eps: k.float("attention.layer_norm_epsilon", 1e-12), Pooling: k.pooling(),
		PAD: k.ids("padding"), BOS: k.ids("bos", "cls"), EOS: k.ids("eos", "seperator"),
	}
	if m.Head == headClassifier {
		m.Labels = k.labels()
	}
	if types, ok := k.file.Shape("token_types.weight"); ok && len(types) == 2 {
		m.Types = types[0]
	}
	if k.text("tokenizer.ggml.model") == "gpt2" {
		m.Family, m.PAD = "roberta", first(append(m.PAD, 1))
	}
	if positions, ok := k.file.Shape("position_embd.weight"); ok && len(positions) == 2 {
		m.Context = positions[0]
	}
	m.Untied = k.tensor("mlm.decoder.weight")
	return m
}

// gguf returns the form of a ModernBERT with defaults.
func (m ModernBERT) gguf() GGUF {
	keys := blockKeys(m.Vocab, m.Context, m.Layers, m.Heads, m.Dim, m.Hidden)
	maps.Copy(keys, map[string]any{
		"attention.layer_norm_epsilon": f32(m.Eps), "attention.causal": false, "pooling_type": u32(poolingTypes[m.Pooling]),
		"attention.sliding_window": u32(m.Local), "attention.sliding_window_pattern": u32(m.GlobalEvery),
		"rope.freq_base": f32(m.Theta), "rope.freq_base_swa": f32(m.LocalTheta), "rope.dimension_count": u32(m.Dim / max(m.Heads, 1)),
	})
	if m.Head == headClassifier {
		keys["classifier.output_labels"], keys["pooling_type"] = slices.Clone(m.Labels), u32(4)
	}
	g := newGGUF("modern-bert", modernBERTStems, keys)
	if m.Head == headMLM {
		g.Notes = append(g.Notes, headNote)
	}
	ignored(&g.Notes, "hidden_activation", m.Activation, "gelu")
	ignored(&g.Notes, "biases", m.AttnBias || m.MLPBias || m.NormBias, false)
	return g
}

func readGGUFModernBERT(k *ggufKeys) Model {
	m := ModernBERT{
		Head: k.head(), Vocab: k.vocab(), Context: k.int("context_length"), Layers: k.int("block_count"), Heads: k.int("attention.head_count"),
		Dim: k.int("embedding_length"), Hidden: k.int("feed_forward_length"), Eps: k.float("attention.layer_norm_epsilon", 1e-5), Pooling: k.pooling(),
		Local: k.int("attention.sliding_window", 128), GlobalEvery: k.int("attention.sliding_window_pattern", 3),
		Theta: k.float("rope.freq_base", 160000), LocalTheta: k.float("rope.freq_base_swa", 10000),
		AttnBias: k.tensor("blk.0.attn_qkv.bias"), MLPBias: k.tensor("blk.0.ffn_up.bias"), NormBias: k.tensor("output_norm.bias"), HeadBias: k.tensor("cls.bias"),
		Untied: k.tensor("mlm.decoder.weight"), PAD: k.ids("padding"), BOS: k.ids("bos", "cls"), EOS: k.ids("eos", "seperator"),
	}
	if m.Head == headClassifier {
		m.Labels = k.labels()
	}
	m.NoDecoderBias = m.Head == headMLM && !k.tensor("mlm.decoder.bias")
	return m
}

// head returns the head of an encoder.
func (k *ggufKeys) head() string {
	switch {
	case k.tensor("cls.output.weight"):
		return headClassifier
	case slices.ContainsFunc(k.file.Names(), func(name string) bool { return strings.HasPrefix(name, "mlm.") }):
		return headMLM
	}
	return headNone
}

// pooling returns the way to make a vector of a text.
func (k *ggufKeys) pooling() string {
	if k.int("pooling_type", 1) == poolingTypes["cls"] {
		return "cls"
	}
	return "mean"
}

// labels returns the labels of a classifier.
func (k *ggufKeys) labels() (labels []string) {
	_, v, _ := k.value("classifier.output_labels")
	if labels, _ = v.([]string); labels != nil {
		return labels
	}
	shape, _ := k.file.Shape("cls.output.weight")
	for i := range min(rows(shape), maxLabels) {
		labels = append(labels, "LABEL_"+strconv.Itoa(i))
	}
	return labels
}
