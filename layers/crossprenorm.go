package layers

import (
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
)

// CrossPreNorm is a PreNorm block of a decoder that attends to a memory between its attention and its MLP, x + cross(norm(x), memory):
// (B, T, C) → (B, T, C). Names must be names of such a block, such as T5DecoderBlock.
//
// Parameters: those of its parts, in scopes with the names of Names. Shown: stream, the result.
type CrossPreNorm struct {
	PreNorm
	Cross CrossAttention
}

// Forward declares the layer.
func (l CrossPreNorm) Forward(s *graph.Scope, x *G.Node, seq Sequence, m Memory) *G.Node {
	n := l.Names
	if n.Cross == "" || n.CrossNorm == "" {
		return s.Failf("pre-norm block: Names.Cross is %q and Names.CrossNorm %q: want names of both, as in T5DecoderBlock", n.Cross, n.CrossNorm)
	}
	x = l.attend(s, x, seq)
	y := l.Cross.Forward(s.In(n.Cross), l.Norm.Forward(s.In(n.CrossNorm), x), m)
	return shown(s, l.transform(s, s.Add(x, l.result(s, y, "", n.Cross))))
}

// Remember declares, in mode Decode, only the keys and values of m: see CrossAttention.Remember.
func (l CrossPreNorm) Remember(s *graph.Scope, m Memory) { l.Cross.Remember(s.In(l.Names.Cross), m) }
