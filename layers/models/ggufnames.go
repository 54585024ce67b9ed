package models

import (
	"maps"
	"slices"
	"strings"
)

// stems maps stems of paths to stems of names in GGUF files. A stem is a path without its last part, weight or bias, in which # stands for
// the number of the layer.
type stems map[string]string

// llamaStems are the names of Llama and its descendants. Those without norms behind attention and MLP have the first norms of block.
var (
	llamaStems = stems{
		"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
		"model.layers.#.input_layernorm": "blk.#.attn_norm", "model.layers.#.post_attention_layernorm": "blk.#.ffn_norm",
		"model.layers.#.self_attn.q_proj": "blk.#.attn_q", "model.layers.#.self_attn.k_proj": "blk.#.attn_k", "model.layers.#.self_attn.v_proj": "blk.#.attn_v",
		"model.layers.#.self_attn.o_proj": "blk.#.attn_output", "model.layers.#.self_attn.q_norm": "blk.#.attn_q_norm", "model.layers.#.self_attn.k_norm": "blk.#.attn_k_norm",
		"model.layers.#.mlp.gate_proj": "blk.#.ffn_gate", "model.layers.#.mlp.up_proj": "blk.#.ffn_up", "model.layers.#.mlp.down_proj": "blk.#.ffn_down",
	}
	gemmaStems = llamaStems.with(stems{
		"model.layers.#.post_attention_layernorm": "blk.#.post_attention_norm", "model.layers.#.pre_feedforward_layernorm": "blk.#.ffn_norm",
		"model.layers.#.post_feedforward_layernorm": "blk.#.post_ffw_norm",
	})
	gptStems = map[string]stems{
		"gpt2": {
			"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm", "lm_head": "output",
			"h.#.ln_1": "blk.#.attn_norm", "h.#.attn.c_attn": "blk.#.attn_qkv", "h.#.attn.c_proj": "blk.#.attn_output",
			"h.#.ln_2": "blk.#.ffn_norm", "h.#.mlp.c_fc": "blk.#.ffn_up", "h.#.mlp.c_proj": "blk.#.ffn_down",
		},
		"mpt": {
			"transformer.wte": "token_embd", "transformer.norm_f": "output_norm", "lm_head": "output",
			"transformer.blocks.#.norm_1": "blk.#.attn_norm", "transformer.blocks.#.attn.Wqkv": "blk.#.attn_qkv", "transformer.blocks.#.attn.out_proj": "blk.#.attn_output",
			"transformer.blocks.#.norm_2": "blk.#.ffn_norm", "transformer.blocks.#.ffn.up_proj": "blk.#.ffn_up", "transformer.blocks.#.ffn.down_proj": "blk.#.ffn_down",
		},
		"bloom": {
			"transformer.word_embeddings": "token_embd", "transformer.word_embeddings_layernorm": "token_embd_norm", "transformer.ln_f": "output_norm", "lm_head": "output",
			"transformer.h.#.input_layernorm": "blk.#.attn_norm", "transformer.h.#.self_attention.query_key_value": "blk.#.attn_qkv",
			"transformer.h.#.self_attention.dense": "blk.#.attn_output", "transformer.h.#.post_attention_layernorm": "blk.#.ffn_norm",
			"transformer.h.#.mlp.dense_h_to_4h": "blk.#.ffn_up", "transformer.h.#.mlp.dense_4h_to_h": "blk.#.ffn_down",
		},
	}
)

// The names of encoders. Heads that predict masked tokens have no names in GGUF: theirs are our own.
var (
	bertStems = stems{
		"embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd", "embeddings.token_type_embeddings": "token_types",
		"embeddings.LayerNorm":                       "token_embd_norm",
		"encoder.layer.#.attention.self.query":       "blk.#.attn_q",
		"encoder.layer.#.attention.self.key":         "blk.#.attn_k",
		"encoder.layer.#.attention.self.value":       "blk.#.attn_v",
		"encoder.layer.#.attention.output.dense":     "blk.#.attn_output",
		"encoder.layer.#.attention.output.LayerNorm": "blk.#.attn_output_norm",
		"encoder.layer.#.intermediate.dense":         "blk.#.ffn_up",
		"encoder.layer.#.output.dense":               "blk.#.ffn_down",
		"encoder.layer.#.output.LayerNorm":           "blk.#.layer_output_norm",
	}
	bertHeadStems = map[string]stems{
		"bert": {
			"bert.pooler.dense": "cls", "classifier": "cls.output", "cls.predictions.transform.dense": "mlm.dense", "cls.predictions.transform.LayerNorm": "mlm.norm",
			"cls.predictions": "mlm", "cls.predictions.decoder": "mlm.decoder",
		},
		"roberta": {
			"classifier.dense": "cls", "classifier.out_proj": "cls.output", "lm_head.dense": "mlm.dense", "lm_head.layer_norm": "mlm.norm", "lm_head": "mlm",
			"lm_head.decoder": "mlm.decoder",
		},
	}
	modernBERTStems = stems{
		"model.embeddings.tok_embeddings": "token_embd", "model.embeddings.norm": "token_embd_norm", "model.final_norm": "output_norm",
		"model.layers.#.attn_norm": "blk.#.attn_norm", "model.layers.#.attn.Wqkv": "blk.#.attn_qkv", "model.layers.#.attn.Wo": "blk.#.attn_output",
		"model.layers.#.mlp_norm": "blk.#.ffn_norm", "model.layers.#.mlp.Wi": "blk.#.ffn_up", "model.layers.#.mlp.Wo": "blk.#.ffn_down",
		"head.dense": "cls", "head.norm": "cls.norm", "classifier": "cls.output", "decoder": "mlm.decoder",
	}
)

// t5Stems returns the names of both stacks of T5. The MLP is the last part of a layer: number 1 of the encoder, 2 of the decoder.
func t5Stems(gated bool) stems {
	s := stems{"shared": "token_embd", "lm_head": "output", "encoder.final_layer_norm": "enc.output_norm", "decoder.final_layer_norm": "dec.output_norm"}
	for stack, short := range map[string]string{"encoder": "enc", "decoder": "dec"} {
		from, to := stack+".block.#.layer.", short+".blk.#."
		for _, p := range []string{"q", "k", "v", "o"} {
			s[from+"0.SelfAttention."+p] = to + "attn_" + p
		}
		s[from+"0.SelfAttention.relative_attention_bias"], s[from+"0.layer_norm"] = to+"attn_rel_b", to+"attn_norm"
		last := from + "1."
		if stack == "decoder" {
			for _, p := range []string{"q", "k", "v", "o"} {
				s[from+"1.EncDecAttention."+p] = to + "cross_attn_" + p
			}
			s[from+"1.layer_norm"], last = to+"cross_attn_norm", from+"2."
		}
		s[last+"layer_norm"] = to + "ffn_norm"
		s[last+"DenseReluDense.wo"] = to + "ffn_down"
		if gated {
			s[last+"DenseReluDense.wi_0"], s[last+"DenseReluDense.wi_1"] = to+"ffn_gate", to+"ffn_up"
		} else {
			s[last+"DenseReluDense.wi"] = to + "ffn_up"
		}
	}
	return s
}

// with returns s with changes.
func (s stems) with(changes stems) stems {
	s = maps.Clone(s)
	maps.Copy(s, changes)
	return s
}

// under returns s with a prefix before the paths.
func (s stems) under(prefix string) stems {
	t := stems{}
	for path, name := range s {
		t[prefix+path] = name
	}
	return t
}

// stemOf splits a name into its stem, the number of its layer, "" if it has none, and its last part.
func stemOf(name string) (stem, layer, last string) {
	parts := strings.Split(name, ".")
	last = parts[len(parts)-1]
	parts = parts[:len(parts)-1]
	if i := slices.IndexFunc(parts, func(p string) bool { return p != "" && strings.Trim(p, "0123456789") == "" }); i >= 0 {
		layer, parts[i] = parts[i], "#"
	}
	return strings.Join(parts, "."), layer, last
}

// Name returns the name in a GGUF file of the parameter at a path.
func (g GGUF) Name(path string) string {
	stem, layer, last := stemOf(path)
	name, ok := g.names[stem]
	if !ok {
		return path
	}
	return strings.Replace(name, "#", layer, 1) + "." + last
}

// Path returns the path of the parameter in a tensor of a GGUF file.
func (g GGUF) Path(name string) string {
	stem, layer, last := stemOf(name)
	for path, s := range g.names {
		if s == stem {
			return strings.Replace(path, "#", layer, 1) + "." + last
		}
	}
	return name
}
