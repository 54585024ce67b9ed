package models

import (
	"cmp"
	"encoding/json"
	"math"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers"
)

// ropeJSON is rope_scaling, or rope_parameters of transformers 5, which has the base and the rotated part too.
type ropeJSON struct {
	Kind            string         `json:"rope_type,omitempty"`
	OldKind         string         `json:"type,omitempty"`
	Theta           float64        `json:"rope_theta,omitempty"`
	Partial         float64        `json:"partial_rotary_factor,omitempty"`
	Factor          float64        `json:"factor,omitempty"`
	Original        whole          `json:"original_max_position_embeddings,omitempty"`
	BetaFast        float64        `json:"beta_fast,omitempty"`
	BetaSlow        float64        `json:"beta_slow,omitempty"`
	Truncate        *bool          `json:"truncate,omitempty"`
	MScale          float64        `json:"mscale,omitempty"`
	MScaleAllDim    float64        `json:"mscale_all_dim,omitempty"`
	LowFactor       float64        `json:"low_freq_factor,omitempty"`
	HighFactor      float64        `json:"high_freq_factor,omitempty"`
	AttentionFactor float64        `json:"attention_factor,omitempty"`
	Short           layers.Factors `json:"short_factor,omitempty"`
	Long            layers.Factors `json:"long_factor,omitempty"`
}

// ropeFields are the keys of a config.json that describe RoPE, in the spellings of all versions of transformers.
type ropeFields struct {
	Theta      float64         `json:"rope_theta,omitempty"`
	LocalTheta float64         `json:"rope_local_base_freq,omitempty"`
	Partial    float64         `json:"partial_rotary_factor,omitempty"`
	Original   whole           `json:"original_max_position_embeddings,omitempty"`
	Scaling    *ropeJSON       `json:"rope_scaling"`
	Parameters json.RawMessage `json:"rope_parameters,omitempty"`

	// Window is our own key. With rope_type dynamic, transformers takes the length of the training texts from
	// max_position_embeddings, so that it cannot hold the length of the window too.
	Capacity whole `json:"context_length,omitempty"`
}

var ropeKinds = map[string]layers.RoPEKind{
	"default": layers.RoPEPlain, "linear": layers.RoPELinear, "ntk": layers.RoPENTK, "dynamic": layers.RoPEDynamic, "yarn": layers.RoPEYaRN,
	"llama3": layers.RoPELlama3, "longrope": layers.RoPELongRoPE, "su": layers.RoPELongRoPE,
}

// upgrade moves rope_parameters to the older keys.
func (f *ropeFields) upgrade() error {
	if len(f.Parameters) == 0 || string(f.Parameters) == "null" {
		return nil
	}
	var byType map[string]json.RawMessage
	if err := json.Unmarshal(f.Parameters, &byType); err != nil {
		return errors.Wrap(err, "rope_parameters")
	}
	full, local := f.Parameters, byType["sliding_attention"]
	if byType["full_attention"] != nil {
		full = byType["full_attention"]
	}
	var p ropeJSON
	if local != nil {
		if err := json.Unmarshal(local, &p); err != nil {
			return errors.Wrap(err, "rope_parameters: sliding_attention")
		}
		if kind := cmp.Or(p.Kind, p.OldKind, "default"); kind != "default" {
			return errors.Errorf("rope_parameters: sliding_attention has rope_type %q, want default", kind)
		}
		f.LocalTheta = cmp.Or(p.Theta, f.LocalTheta)
	}
	p = ropeJSON{}
	if err := json.Unmarshal(full, &p); err != nil {
		return errors.Wrap(err, "rope_parameters")
	}
	f.Theta, f.Partial = cmp.Or(p.Theta, f.Theta), cmp.Or(p.Partial, f.Partial)
	f.Scaling, f.Parameters = &p, nil
	return nil
}

// read returns the RoPE of heads of d channels in a model for context tokens.
func (f ropeFields) read(d, context int) (r layers.RoPE, err error) {
	r.Theta = f.Theta
	if f.Partial != 0 && f.Partial != 1 {
		if !(f.Partial > 0 && f.Partial < 1) {
			return r, errors.Errorf("partial_rotary_factor is %g, want 0 < p ≤ 1", f.Partial)
		}
		r.Dim = int(float64(d) * f.Partial)
	}
	p := f.Scaling
	if p == nil {
		return r, nil
	}
	name := cmp.Or(p.Kind, p.OldKind, "default")
	kind, ok := ropeKinds[name]
	if !ok {
		return r, errors.Errorf("unknown rope_type %q, want one of %s", name, names(ropeKinds))
	}
	if kind == layers.RoPEPlain {
		return r, nil
	}
	r.Scaling = layers.RoPEScaling{
		Kind: kind, Factor: p.Factor, BetaFast: p.BetaFast, BetaSlow: p.BetaSlow, NoTruncate: p.Truncate != nil && !*p.Truncate,
		MScale: p.MScale, MScaleAllDim: p.MScaleAllDim, LowFactor: p.LowFactor, HighFactor: p.HighFactor, AttentionFactor: p.AttentionFactor,
		Short: p.Short, Long: p.Long,
	}
	if kind != layers.RoPELinear && kind != layers.RoPENTK {
		r.Scaling.Original = int(cmp.Or(p.Original, f.Original, whole(context)))
	}
	if kind == layers.RoPEDynamic {
		r.Scaling.Original = context // transformers ignores the other keys
	}
	if (kind == layers.RoPELongRoPE || kind == layers.RoPEYaRN) && p.Factor == 0 {
		r.Scaling.Factor = float64(context) / float64(max(r.Scaling.Original, 1))
	}
	return r, nil
}

// ropeFieldsOf returns the older keys of a RoPE, which all versions of transformers read, and max_position_embeddings for a window of
// context tokens.
func ropeFieldsOf(r layers.RoPE, d, context int) (f ropeFields, positions whole) {
	positions = whole(context)
	f.Theta = r.Theta
	if r.Dim != 0 && r.Dim != d {
		f.Partial = partial(r.Dim, d)
	}
	k := r.Scaling
	if k.Kind == layers.RoPEPlain {
		return f, positions
	}
	f.Scaling = &ropeJSON{
		Kind: k.Kind.String(), Factor: k.Factor, BetaFast: k.BetaFast, BetaSlow: k.BetaSlow, MScale: k.MScale, MScaleAllDim: k.MScaleAllDim,
		LowFactor: k.LowFactor, HighFactor: k.HighFactor, AttentionFactor: k.AttentionFactor, Short: k.Short, Long: k.Long,
	}
	switch k.Kind {
	case layers.RoPELlama3: // transformers has no defaults
		f.Scaling.LowFactor, f.Scaling.HighFactor = cmp.Or(k.LowFactor, 1), cmp.Or(k.HighFactor, 4)
		f.Scaling.Original = whole(k.Original)
	case layers.RoPELongRoPE:
		f.Original = whole(k.Original)
	case layers.RoPEDynamic:
		if positions = whole(k.Original); k.Original != context {
			f.Capacity = whole(context)
		}
	case layers.RoPEYaRN:
		f.Scaling.Original = whole(k.Original)
	}
	if k.NoTruncate {
		f.Scaling.Truncate = new(bool)
	}
	return f, positions
}

// partial returns the fraction of d channels from which int(d·fraction) is dim again.
func partial(dim, d int) float64 {
	p := float64(dim) / float64(d)
	for int(float64(d)*p) < dim {
		p = math.Nextafter(p, 1)
	}
	return p
}
