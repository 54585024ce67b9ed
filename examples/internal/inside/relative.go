package inside

import (
	"cmp"

	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// relative describes positions that are no vectors, for the attention of n tokens. It returns nil if the model has none.
func (m *Model) relative(r *inspect.Reading, n int) (*page.Relative, error) {
	scheme, headDim, name := m.scheme()
	p := &page.Relative{Kind: name}
	switch {
	case scheme.RoPE != (layers.RoPE{}):
		p.Kind = "rope"
		scheme.RoPE.Dim = cmp.Or(scheme.RoPE.Dim, headDim)
		f, _, err := scheme.RoPE.Frequencies(n)
		if err != nil {
			return nil, err
		}
		p.Angles = page.Matrix{Rows: n, Cols: len(f)}
		for position := range n {
			for _, v := range f {
				p.Angles.Values = append(p.Angles.Values, float32(float64(position)*v))
			}
		}
	case len(r.Distances) > 0:
		d := r.Distances[0]
		keys := (d.Cols + 1) / 2 // as many as queries
		p.Bias = page.Matrix{Rows: d.Rows, Cols: keys}
		for head := range d.Rows {
			for back := range keys {
				p.Bias.Values = append(p.Bias.Values, d.Row(head)[keys-1-back])
			}
		}
	case name != "shaw":
		return nil, nil
	}
	return p, nil
}

// scheme returns the positions of the model's attention, the channels of a head and the name of the scheme.
func (m *Model) scheme() (p layers.Positions, headDim int, name string) {
	switch f := m.Model.(type) {
	case models.GPT:
		p, headDim = f.Scheme, f.Dim/max(f.Heads, 1)
		if name = f.Positions; name == "" && (f.Family == "mpt" || f.Family == "bloom") {
			name = "alibi"
		}
		if name == "rope" && p == (layers.Positions{}) {
			p.RoPE = layers.RoPE{Theta: 10000}
		}
	case models.Llama:
		p.RoPE, headDim, name = f.RoPE, cmp.Or(f.HeadDim, f.Dim/max(f.Heads, 1)), "rope"
		if p.RoPE == (layers.RoPE{}) {
			p.RoPE = layers.RoPE{Theta: 10000}
		}
	case models.ModernBERT:
		p.RoPE, headDim, name = layers.RoPE{Theta: cmp.Or(f.Theta, 160000)}, f.Dim/max(f.Heads, 1), "rope"
	case models.T5:
		name = "t5"
	}
	return p, headDim, name
}
