package models

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers"
)

// llamaFamily holds the differences of a family of Llama.
type llamaFamily struct {
	architecture string
	qkNorm       bool // norms of queries and keys
	qkvBias      bool // biases of queries, keys and values, always
	bias         bool // may have Bias
	slides       bool // may have a SlidingWindow
	block        layers.BlockNames
}

var llamaFamilies = map[string]llamaFamily{
	"llama":       {architecture: "LlamaForCausalLM", bias: true, block: layers.LlamaBlock},
	"mistral":     {architecture: "MistralForCausalLM", slides: true, block: layers.LlamaBlock},
	"qwen2":       {architecture: "Qwen2ForCausalLM", qkvBias: true, slides: true, block: layers.LlamaBlock},
	"qwen3":       {architecture: "Qwen3ForCausalLM", qkNorm: true, bias: true, slides: true, block: layers.LlamaBlock},
	"gemma2":      {architecture: "Gemma2ForCausalLM", bias: true, slides: true, block: layers.Gemma2Block},
	"gemma3_text": {architecture: "Gemma3ForCausalLM", qkNorm: true, bias: true, slides: true, block: layers.Gemma2Block},
}

// checkFamily reports a field that the family does not have.
func (m Llama) checkFamily() error {
	family := cmp.Or(m.Family, "llama")
	f := llamaFamilies[family]
	refuse := func(field string, value any, use string) error {
		return errors.Errorf("models: Llama: family %s has no %s, got %v: use family %s", family, field, value, use)
	}
	switch {
	case m.Bias && !f.bias:
		return refuse("Bias", m.Bias, "llama")
	case m.MLPBias && family != "llama":
		return refuse("MLPBias", m.MLPBias, "llama")
	case m.SlidingWindow != 0 && !f.slides:
		return refuse("SlidingWindow", m.SlidingWindow, "mistral")
	case m.LocalTheta != 0 && family != "gemma3_text":
		return refuse("LocalTheta", m.LocalTheta, "gemma3_text")
	case m.QueryScalar != 0 && !m.gemma():
		return refuse("QueryScalar", m.QueryScalar, "gemma2")
	case m.AttnSoftcap != 0 && !m.gemma():
		return refuse("AttnSoftcap", m.AttnSoftcap, "gemma2")
	case m.FinalSoftcap != 0 && !m.gemma():
		return refuse("FinalSoftcap", m.FinalSoftcap, "gemma2")
	case m.Sliding != nil && len(m.Sliding) != m.Layers:
		return errors.Errorf("models: Llama: Sliding has %d layers, Layers is %d: make them agree", len(m.Sliding), m.Layers)
	case family == "mistral" && m.SlidingWindow != 0 && m.Sliding != nil && m.full():
		return errors.New("models: Llama: family mistral slides in all layers, but Sliding has layers that do not: use family qwen2")
	}
	return nil
}

// full reports whether a layer does not slide.
func (m Llama) full() bool {
	for i := range m.Layers {
		if !m.Slides(i) {
			return true
		}
	}
	return false
}

var inverse = regexp.MustCompile(`\brotary_emb\.inv_freq$`)

// Rename returns the parameter's path for a tensor's name in a file. It adds the prefix "model." to the names of files without a head,
// removes the prefixes of files that hold other models too, and removes the parts that [Unwrap] removes. With [Llama.Ignore] it loads
// published weights, as [GPT.Rename] does.
func (m Llama) Rename(name string) string {
	name = Unwrap(name)
	for _, prefix := range []string{"language_model.model.", "model.language_model.model.", "model.language_model.", "language_model."} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
			break
		}
	}
	switch {
	case strings.HasPrefix(name, "embed_tokens."), strings.HasPrefix(name, "layers."), strings.HasPrefix(name, "norm."):
		return "model." + name
	case strings.HasPrefix(name, "model.lm_head."):
		return strings.TrimPrefix(name, "model.")
	}
	return name
}

// Ignore reports whether a renamed tensor of a file is not a parameter of m: frequencies of RoPE, which old files hold, the vision parts
// of Gemma 3, or the head's second name if the head is tied.
func (m Llama) Ignore(path string) bool {
	for _, part := range []string{"vision_tower.", "model.vision_tower.", "multi_modal_projector.", "model.multi_modal_projector."} {
		if m.Family == "gemma3_text" && strings.HasPrefix(path, part) {
			return true
		}
	}
	return inverse.MatchString(path) || path == headPath && !m.Untied
}

// Tied returns the paths of the head and of the table of embeddings that replaces it. The head is "" if it has its own weights.
func (m Llama) Tied() (head, table string) {
	if m.Untied {
		return "", ""
	}
	return headPath, "model.embed_tokens.weight"
}
