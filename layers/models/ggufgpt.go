package models

import "cmp"

// gguf returns the form of a GPT with defaults.
func (m GPT) gguf() (GGUF, error) {
	keys := blockKeys(m.Vocab, m.Context, m.Layers, m.Heads, m.Dim, m.Hidden)
	keys["attention.layer_norm_epsilon"] = f32(m.Eps)
	arch, positions := m.Family, "learned"
	if m.Family == "gpt2" && m.Positions == "alibi" {
		arch, positions = "mpt", "alibi" // which is a GPT-2 with ALiBi in llama.cpp: its biases are optional
	}
	if arch == "mpt" {
		keys["attention.max_alibi_bias"] = f32(m.Scheme.ALiBi.Max)
	}
	g := newGGUF(arch, gptStems[m.Family], keys)
	switch m.Family {
	case "gpt2":
		for _, stem := range []string{"h.#.attn.c_attn", "h.#.attn.c_proj", "h.#.mlp.c_fc", "h.#.mlp.c_proj"} {
			g.layouts[stem] = layout{transposed: true}
		}
		ignored(&g.Notes, "scale_embeddings", m.Scale, false)
	case "bloom":
		g.layouts["transformer.h.#.self_attention.query_key_value"] = layout{heads: m.Heads}
	}
	if m.Family != "gpt2" {
		positions = "alibi"
	}
	act := gptFamilies[m.Family].activation
	ignored(&g.Notes, "activation_function", m.Activation, act)
	ignored(&g.Notes, "positions", m.Positions, positions)
	return g, nil
}

func readGGUFGPT2(k *ggufKeys) Model {
	m := k.gpt()
	m.Eps = k.float("attention.layer_norm_epsilon", 1e-5)
	return m
}

func readGGUFALiBi(k *ggufKeys) Model {
	m := k.gpt()
	m.Family, m.Positions, m.Eps = k.arch, "alibi", k.float("attention.layer_norm_epsilon", 1e-5)
	m.Scheme.ALiBi.Max = k.float("attention.max_alibi_bias", 8)
	if m.NoBias = !k.tensor("output_norm.bias"); k.arch == "bloom" {
		m.NoBias = false
	}
	k.only("attention.clamp_kqv", 0)
	return m
}

// gpt reads the keys that all families of GPT have.
func (k *ggufKeys) gpt() GPT {
	m := GPT{
		Vocab: k.vocab(), Context: k.int("context_length"), Layers: k.int("block_count"), Heads: k.int("attention.head_count"), Dim: k.int("embedding_length"),
		Untied: k.tensor("output.weight"), BOS: k.ids("bos"), EOS: k.ends(),
	}
	if hidden := k.int("feed_forward_length", 4*m.Dim); hidden != 4*m.Dim {
		m.Hidden = hidden
	}
	if positions, ok := k.file.Shape("position_embd.weight"); ok && len(positions) == 2 {
		m.Context = cmp.Or(positions[0], m.Context)
	}
	return m
}
