package train

import "github.com/gorgoformer/gorgoformer/graph/kernel"

// A step adds the gradients of its micro-batches in a binary tree. It adds neighbours first: 0 and 1, 2 and 3, and so on. Then it adds
// neighbouring sums until they have no partner of the same size. It adds the remaining sums from right to left. The tree depends on the
// number of micro-batches alone, so the bits of the sum do not depend on the ranks that compute the parts.

// node is a complete subtree: the sum over size micro-batches from start, where size is a power of two that divides start.
type node struct{ start, size int }

// joins reports whether a and b are the two halves of a node.
func (a node) joins(b node) bool {
	return a.size == b.size && a.start+a.size == b.start && a.start%(2*a.size) == 0
}

// part is a node with its sum.
type part[T kernel.Float] struct {
	node
	sum []T // nil if no target counts
}

// add returns a+b. It overwrites the sum of b.
func add[T kernel.Float](a, b part[T]) part[T] {
	n := node{a.start, a.size + b.size}
	switch {
	case b.sum == nil:
		return part[T]{n, a.sum}
	case a.sum != nil:
		kernel.AddScaled(b.sum, 1, a.sum)
	}
	return part[T]{n, b.sum}
}

// push appends the next part to a list and joins the nodes that it completes.
func push[T kernel.Float](list []part[T], p part[T]) []part[T] {
	for len(list) > 0 && list[len(list)-1].joins(p.node) {
		p = add(list[len(list)-1], p)
		list = list[:len(list)-1]
	}
	return append(list, p)
}

// total returns the sum of the parts, from the right.
func total[T kernel.Float](list []part[T]) []T {
	all := list[len(list)-1]
	for i := len(list) - 2; i >= 0; i-- {
		all = add(list[i], all)
	}
	return all.sum
}

// lossSum adds up losses, each times its number of targets, and these numbers, in the same tree.
type lossSum struct{ list []lossPart }

type lossPart struct {
	node
	loss, counted float64
}

func (p lossPart) plus(q lossPart) lossPart {
	return lossPart{node{p.start, p.size + q.size}, p.loss + q.loss, p.counted + q.counted}
}

// add appends micro-batch i.
func (s *lossSum) add(i int, loss, counted float64) {
	p := lossPart{node{i, 1}, loss, counted}
	n := len(s.list)
	for ; n > 0 && s.list[n-1].joins(p.node); n-- {
		p = s.list[n-1].plus(p)
	}
	s.list = append(s.list[:n], p)
}

func (s *lossSum) total() (loss, counted float64) {
	all := s.list[len(s.list)-1]
	for i := len(s.list) - 2; i >= 0; i-- {
		all = s.list[i].plus(all)
	}
	return all.loss, all.counted
}

// cover returns the nodes of the micro-batches lo … hi-1.
func cover(lo, hi int) []node {
	var list []part[float32]
	for i := lo; i < hi; i++ {
		list = push(list, part[float32]{node: node{i, 1}})
	}
	nodes := make([]node, len(list))
	for i, p := range list {
		nodes[i] = p.node
	}
	return nodes
}

// PartialSums returns the largest number of partial sums, each as large as all gradients, that a rank keeps during a step.
func PartialSums(microBatches, ranks int) int {
	most := 0
	for rank := range ranks {
		lo, hi := divide(max(microBatches, 1), rank, ranks)
		var list []part[float32]
		for i := lo; i < hi-1; i++ {
			list = push(list, part[float32]{node: node{i, 1}})
			most = max(most, len(list))
		}
	}
	if ranks > 1 {
		most++ // the copy that is sent
	}
	return most
}
