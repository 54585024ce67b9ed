package graph

import (
	"iter"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// maxNodes bounds the nodes of a declaration, so that a mistake such as a number of layers in bytes is an error and no wait.
const maxNodes = 1 << 17

// Parts iterates over the scopes 0, 1, …, n-1 of a list of equal parts, such as the blocks of a model:
//
//	for _, at := range s.In("h").Parts(layers) {
//		x = block.Forward(at, x)
//	}
//
// It ends early after an error. If n parts like the first need more memory than the machine has, it fails after the first.
func (s *Scope) Parts(n int) iter.Seq2[int, *Scope] {
	return func(yield func(int, *Scope) bool) {
		b := s.b
		nodes, bytes := b.count(), b.newBytes
		for i := 0; i < n && b.err == nil && yield(i, s.At(i)); i++ {
			if i > 0 || b.expected != nil { // the shapes of a file end a list that is too long
				continue
			}
			if err := b.checkParts(n, b.count()-nodes, b.newBytes-bytes); err != nil {
				b.fail(s.path, err)
			}
		}
	}
}

// checkParts returns an error if n parts of this many nodes and bytes of weights are too many.
func (b *builder) checkParts(n, nodes, bytes int) error {
	if b.mode == Train {
		bytes *= 2 // gradients
	}
	if bytes > 0 && n > spareBytes/bytes && n > available()/bytes {
		return errors.Errorf("memory: %d parts whose weights take %s each need %s, %s are available", n, byteText(float64(bytes)), byteText(float64(n)*float64(bytes)), byteText(float64(available())))
	}
	if nodes > 0 && n > maxNodes/nodes {
		return errors.Errorf("%d parts of %d nodes each are more than the %d nodes that a graph can have", n, nodes, maxNodes)
	}
	return nil
}

// count returns the number of nodes declared so far.
func (b *builder) count() int { return len(b.g.AllNodes()) }

// checkSize returns an error if a node has more elements than a tensor can have, or if the graph has too many nodes.
func (b *builder) checkSize(n *G.Node) error {
	if b.count() > maxNodes {
		return errors.Errorf("more than %d nodes are declared", maxNodes)
	}
	if !isLarge(n.Shape()) || b.leaves[n] != nil {
		return nil
	}
	return b.large(errors.Errorf("result of shape %v: more than %d elements", n.Shape(), maxElements))
}
