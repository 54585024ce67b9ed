package models

import (
	"cmp"
	"math"
	"slices"

	"github.com/gorgoformer/gorgoformer/layers"
)

// ropeDivisors is the tensor by whose values llama.cpp divides the frequencies of RoPE.
const ropeDivisors = "rope_freqs.weight"

// llamaArchs maps families to architectures. Mistral is Llama with a window.
var llamaArchs = map[string]string{"llama": "llama", "mistral": "llama", "qwen2": "qwen2", "qwen3": "qwen3", "gemma2": "gemma2", "gemma3_text": "gemma3"}

// gguf returns the form of a Llama with defaults.
func (m Llama) gguf() (GGUF, error) {
	keys := blockKeys(m.Vocab, m.Context, m.Layers, m.Heads, m.Dim, m.Hidden)
	keys["attention.head_count_kv"], keys["attention.layer_norm_rms_epsilon"] = u32(m.KVHeads), f32(m.Eps)
	keys["attention.key_length"], keys["attention.value_length"] = u32(m.HeadDim), u32(m.HeadDim)
	keys["rope.freq_base"], keys["rope.dimension_count"] = f32(m.RoPE.Theta), u32(cmp.Or(m.RoPE.Dim, m.HeadDim))
	m.slidingKeys(keys)
	names := llamaStems
	if m.gemma() {
		names = gemmaStems
		keys["attention.scale"] = f32(1 / math.Sqrt(m.QueryScalar))
		for key, cap := range map[string]float64{"attn_logit_softcapping": m.AttnSoftcap, "final_logit_softcapping": m.FinalSoftcap} {
			if cap != 0 {
				keys[key] = f32(cap)
			}
		}
	}
	arch := llamaArchs[m.Family]
	g := newGGUF(arch, names, keys)
	if arch == "llama" {
		g.layouts["model.layers.#.self_attn.q_proj"] = layout{pairs: m.Heads}
		g.layouts["model.layers.#.self_attn.k_proj"] = layout{pairs: m.KVHeads}
	}
	if m.gemma() {
		for _, stem := range []string{"model.norm", "model.layers.#.input_layernorm", "model.layers.#.post_attention_layernorm", "model.layers.#.pre_feedforward_layernorm",
			"model.layers.#.post_feedforward_layernorm", "model.layers.#.self_attn.q_norm", "model.layers.#.self_attn.k_norm"} {
			g.layouts[stem] = layout{plusOne: true}
		}
	}
	m.ggufNotes(&g)
	return g, m.ropeKeys(&g)
}

// slidingKeys sets the keys of a window: the number of layers in which the pattern repeats, or a list of all layers.
func (m Llama) slidingKeys(keys map[string]any) {
	if m.SlidingWindow == 0 {
		return
	}
	keys["attention.sliding_window"] = u32(m.SlidingWindow)
	if m.LocalTheta != 0 {
		keys["rope.freq_base_swa"] = f32(m.LocalTheta)
	}
	if m.Family != "mistral" && (m.Sliding != nil || !m.gemma()) {
		pattern := make([]bool, m.Layers)
		for i := range pattern {
			pattern[i] = m.Slides(i)
		}
		keys["attention.sliding_window_pattern"] = pattern
	}
}

// ggufNotes adds the settings that llama.cpp does not read.
func (m Llama) ggufNotes(g *GGUF) {
	act := "silu"
	if m.gemma() {
		act = "gelu_pytorch_tanh"
		ignored(&g.Notes, "query_pre_attn_scalar", m.QueryScalar, float64(m.HeadDim))
		ignored(&g.Notes, "own layers that slide", m.Sliding != nil, false)
	} else {
		ignored(&g.Notes, "sliding_window", m.SlidingWindow, 0)
	}
	if m.Family == "gemma2" {
		ignored(&g.Notes, "attn_logit_softcapping", m.AttnSoftcap == 0, false)
	}
	if m.Family == "gemma3_text" {
		ignored(&g.Notes, "attn_logit_softcapping", m.AttnSoftcap, 0)
		ignored(&g.Notes, "rope_local_base_freq", m.LocalTheta, 10000)
	}
	ignored(&g.Notes, "activation", m.Activation, act)
}

// ropeKeys sets the keys and the tensor of a scaling of RoPE.
func (m Llama) ropeKeys(g *GGUF) error {
	r := m.RoPE
	r.Dim = cmp.Or(r.Dim, m.HeadDim)
	if g.arch == "llama" {
		ignored(&g.Notes, "channels of a head that rotate", r.Dim, m.HeadDim)
	}
	k, prefix := r.Scaling, g.arch+".rope.scaling."
	switch k.Kind {
	case layers.RoPELinear, layers.RoPEYaRN:
		g.Keys[prefix+"type"], g.Keys[prefix+"factor"] = k.Kind.String(), f32(k.Factor)
		if k.Kind == layers.RoPEYaRN {
			g.Keys[prefix+"original_context_length"] = u32(k.Original)
			ignored(&g.Notes, "own limits or factors of YaRN", k.BetaFast != 0 || k.BetaSlow != 0 || k.NoTruncate || k.MScale != 0 || k.AttentionFactor != 0, false)
		}
	case layers.RoPELlama3:
		scaled, _, err := r.Frequencies(m.Context)
		if err != nil {
			return err
		}
		r.Scaling = layers.RoPEScaling{}
		plain, _, err := r.Frequencies(m.Context)
		if err != nil {
			return err
		}
		divisors := make([]float32, len(plain))
		for i := range plain {
			divisors[i] = float32(plain[i] / scaled[i])
		}
		g.Fixed[ropeDivisors] = divisors
	case layers.RoPEPlain:
	default:
		g.Notes = append(g.Notes, "the scaling of RoPE is "+k.Kind.String()+", which llama.cpp does not read from this file")
	}
	return nil
}

func readGGUFLlama(k *ggufKeys) Model {
	m := Llama{
		Family: k.arch, Vocab: k.vocab(), Context: k.int("context_length"), Layers: k.int("block_count"), Heads: k.int("attention.head_count"),
		Dim: k.int("embedding_length"), Hidden: k.int("feed_forward_length"), Eps: k.float("attention.layer_norm_rms_epsilon", 1e-6),
		Untied: k.tensor("output.weight"), BOS: k.ids("bos"), EOS: k.ends(),
	}
	if k.arch == "gemma3" {
		m.Family = "gemma3_text"
	}
	m.KVHeads = k.int("attention.head_count_kv", m.Heads)
	if m.Heads > 0 {
		m.HeadDim = k.int("attention.key_length", m.Dim/m.Heads)
	}
	k.only("expert_count", 0)
	k.only("attention.value_length", m.HeadDim)
	m.Bias = k.tensor("blk.0.attn_output.bias") || k.arch != "qwen2" && k.tensor("blk.0.attn_q.bias")
	m.MLPBias = k.tensor("blk.0.ffn_up.bias")
	k.sliding(&m)
	k.rope(&m)
	if m.gemma() {
		m.AttnSoftcap, m.FinalSoftcap = k.float("attn_logit_softcapping", 0), k.float("final_logit_softcapping", 0)
		switch scale := k.float("attention.scale", 0); {
		case !(scale >= 0 && scale <= math.MaxFloat32):
			k.failf("%s.attention.scale is %v, want a finite number of at least 0", k.arch, scale)
		case scale > 0:
			m.QueryScalar = math.Round(1/(scale*scale)*1e4) / 1e4 // the key has the precision of float32
		}
	}
	return m
}

// sliding reads the window.
func (k *ggufKeys) sliding(m *Llama) {
	m.SlidingWindow = k.int("attention.sliding_window", 0)
	if m.SlidingWindow == 0 {
		return
	}
	if m.Family == "llama" {
		m.Family = "mistral"
	}
	full, v, ok := k.value("attention.sliding_window_pattern")
	switch v := v.(type) {
	case []bool:
		if len(v) != m.Layers {
			k.failf("%s has %d layers, %s.block_count is %d", full, len(v), k.arch, m.Layers)
			return
		}
		m.Sliding = slices.Clone(v)
		m.simplify()
	default:
		if period := k.int("attention.sliding_window_pattern", 0); ok && period > 0 && m.Layers <= math.MaxInt16 {
			for i := range m.Layers {
				m.Sliding = append(m.Sliding, (i+1)%period != 0)
			}
			m.simplify()
		}
	}
}

// rope reads the frequencies of RoPE.
func (k *ggufKeys) rope(m *Llama) {
	theta := 10000.0
	if k.arch == "gemma3" {
		theta, m.LocalTheta = 1e6, k.float("rope.freq_base_swa", 10000)
	}
	m.RoPE.Theta = k.float("rope.freq_base", theta)
	if d := k.int("rope.dimension_count", m.HeadDim); d != m.HeadDim {
		m.RoPE.Dim = d
	}
	s := &m.RoPE.Scaling
	switch kind := k.text("rope.scaling.type"); kind {
	case "", "none":
		if factor := k.float("rope.scale_linear", 1); factor != 1 {
			s.Kind, s.Factor = layers.RoPELinear, factor
		}
	case "linear":
		if factor := k.float("rope.scaling.factor"); factor != 1 {
			s.Kind, s.Factor = layers.RoPELinear, factor
		}
	case "yarn":
		s.Kind, s.Factor, s.Original = layers.RoPEYaRN, k.float("rope.scaling.factor"), k.int("rope.scaling.original_context_length", m.Context)
		s.BetaFast, s.BetaSlow = k.float("rope.scaling.yarn_beta_fast", 0), k.float("rope.scaling.yarn_beta_slow", 0)
	default:
		k.failf("%s.rope.scaling.type is %q, want none, linear or yarn", k.arch, kind)
	}
	if k.tensor(ropeDivisors) {
		values, err := k.file.Values(ropeDivisors)
		if err != nil {
			k.failf("%v", err)
			return
		}
		divisors := make([]float64, len(values))
		for i, v := range values {
			divisors[i] = float64(v)
		}
		list := layers.NewFactors(divisors...)
		*s = layers.RoPEScaling{Kind: layers.RoPELongRoPE, Factor: 1, Original: m.Context, AttentionFactor: 1, Short: list, Long: list}
	}
}
