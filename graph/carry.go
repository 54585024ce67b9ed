package graph

import "slices"

// Carry returns a view of p: the same weights, and a value that layers find with Carried in every Program built over the view. So a
// Program may differ from others over the same weights with no change to its declaration. For example, the linear layers of a Program
// over params.Carry(layers.LoRA{…}) also have an adapter. p itself carries nothing new.
func (p *Params) Carry(v any) *Params {
	return &Params{store: p.store, carried: append(slices.Clip(p.carried), v)}
}

// Carried returns the newest value of type T that the Params of a declaration carry. If there is none, ok is false.
func Carried[T any](s *Scope) (v T, ok bool) {
	for _, c := range slices.Backward(s.b.params.carried) {
		if v, ok = c.(T); ok {
			return v, true
		}
	}
	return v, false
}
