package graph

import (
	"iter"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// maxNodes bounds what a declaration makes, so that a slip such as a count of layers in bytes is an error and not a wait.
const maxNodes = 1 << 17

// Parts iterates over the places 0, 1, …, n-1 of a list of parts that are alike, such as the blocks of a model:
//
//	for _, at := range s.In("h").Parts(layers) {
//		x = block.Forward(at, x)
//	}
//
// It ends early after an error. A list that is too long for the machine's memory, judged by its first part, is an error at once.
func (s *Scope) Parts(n int) iter.Seq2[int, *Scope] {
	return func(yield func(int, *Scope) bool) {
		b := s.b
		nodes, bytes := b.count(), b.newBytes
		for i := 0; i < n && b.err == nil && yield(i, s.At(i)); i++ {
			if i > 0 || b.expected != nil { // a file that lacks the parts ends the list
				continue
			}
			if err := b.checkParts(n, b.count()-nodes, b.newBytes-bytes); err != nil {
				b.fail(s.path, err)
			}
		}
	}
}

// checkParts reports that n parts of these nodes and bytes of weights are too many.
func (b *builder) checkParts(n, nodes, bytes int) error {
	if b.mode == Train {
		bytes *= 2 // gradients
	}
	if have := available(); bytes > 0 && n > have/bytes {
		return errors.Errorf("memory: %d parts whose weights take %s each need %s, %s are available", n, byteText(float64(bytes)), byteText(float64(n)*float64(bytes)), byteText(float64(have)))
	}
	if nodes > 0 && n > maxNodes/nodes {
		return errors.Errorf("%d parts of %d nodes each are more than the %d nodes that a graph can have", n, nodes, maxNodes)
	}
	return nil
}

// count is the number of nodes declared so far.
func (b *builder) count() int { return len(b.g.AllNodes()) }

// checkSize reports that a node has more elements than a tensor can have, or that there are too many nodes.
func (b *builder) checkSize(n *G.Node) error {
	if b.count() > maxNodes {
		return errors.Errorf("more than %d nodes are declared", maxNodes)
	}
	if !isLarge(n.Shape()) || b.leaves[n] != nil {
		return nil
	}
	return b.large(errors.Errorf("result of shape %v: more than %d elements", n.Shape(), maxElements))
}
