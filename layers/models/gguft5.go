package models

import (
	"maps"
	"strings"
)

// gguf returns the form of a T5 with defaults.
func (m T5) gguf() GGUF {
	keys := blockKeys(m.Vocab, max(m.Source, m.Target), m.EncoderLayers, m.Heads, m.Dim, m.Hidden)
	maps.Copy(keys, map[string]any{
		"attention.key_length": u32(m.HeadDim), "attention.value_length": u32(m.HeadDim), "attention.layer_norm_epsilon": f32(m.Eps),
		"attention.layer_norm_rms_epsilon": f32(m.Eps), "attention.relative_buckets_count": u32(m.Buckets), "decoder_block_count": u32(m.DecoderLayers),
		"attention.relative_max_distance": u32(m.MaxDistance), "tied_scale": !m.Untied && !m.Unscaled, "feed_forward_activation": m.FeedForward,
	})
	if len(m.BOS) > 0 {
		keys["decoder_start_token_id"] = uint32(m.BOS[0])
	}
	g := newGGUF("t5", t5Stems(m.gated()), keys)
	ignored(&g.Notes, "relative_attention_max_distance", m.MaxDistance, 128)
	if !m.Untied && !m.Unscaled {
		g.Notes = append(g.Notes, "the input of the tied head is divided by √d_model, llama.cpp does not divide it: the order of the tokens is the same")
	}
	if act := m.FeedForward; m.gated() {
		ignored(&g.Notes, "feed_forward_proj", act, "gated-gelu")
	} else {
		ignored(&g.Notes, "feed_forward_proj", act, "relu")
	}
	return g
}

// gated reports whether the MLPs are gated.
func (m T5) gated() bool { return strings.HasPrefix(m.FeedForward, "gated-") }

func readGGUFT5(k *ggufKeys) Model {
	m := T5{
		Vocab: k.vocab(), EncoderLayers: k.int("block_count"), Heads: k.int("attention.head_count"), HeadDim: k.int("attention.key_length"),
		Dim: k.int("embedding_length"), Hidden: k.int("feed_forward_length"), Buckets: k.int("attention.relative_buckets_count"),
		MaxDistance: k.int("attention.relative_max_distance", 128), Eps: k.float("attention.layer_norm_rms_epsilon", k.float("attention.layer_norm_epsilon", 1e-6)),
		Source: k.int("context_length"), Untied: k.tensor("output.weight"), FeedForward: k.text("feed_forward_activation"),
		PAD: k.ids("padding"), EOS: k.ends(),
	}
	m.Target, m.DecoderLayers = m.Source, k.int("decoder_block_count", m.EncoderLayers)
	if m.FeedForward == "" {
		m.FeedForward = "relu"
		if k.tensor("enc.blk.0.ffn_gate.weight") {
			m.FeedForward = "gated-gelu"
		}
	}
	if _, v, ok := k.value("tied_scale"); ok && v == false {
		m.Unscaled = !m.Untied
	}
	m.BOS = []int32{int32(k.int("decoder_start_token_id", 0))}
	return m
}
