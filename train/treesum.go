package train

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// gradientSum adds up the gradients of a step, whatever the type of the parameters.
type gradientSum interface {
	// begin prepares for the micro-batches lo … hi-1 of a step. If alone is set, no other rank has a part of the sum.
	begin(lo, hi int, alone bool)
	// leaf enters micro-batch i of the step. If no target counts in it, it has no gradient: it is absent.
	leaf(i int, absent bool)
	// fold adds the earlier sums to the gradient of weight w, after the current micro-batch has computed it.
	fold(w int)
	// keep keeps the sum in the gradients, so that another micro-batch can run.
	keep()
	// reduce adds the parts of all ranks of a bucket and leaves the sum in the gradients.
	reduce(x *exchange, b *bucket) error
	// publish copies the weights of a bucket from their owner to all ranks.
	publish(x *exchange, b *bucket) error
}

// treeSum implements gradientSum. The sum of the current node is built up in the gradients of the Program, earlier ones are held in
// buffers.
type treeSum[T kernel.Float] struct {
	grads, values [][]T
	at            []int // offset of each weight in a buffer
	size          int   // length of a buffer
	lo, hi        int
	alone         bool

	held   []part[T] // completed nodes, left of the current one
	now    node      // the node whose sum the gradients hold
	absent bool      // the current micro-batch has no gradient
	adds   [][]T     // sums that fold adds, in order

	free   [][]T // buffers
	stage  []T   // copy of the gradients that is sent
	slots  [][]T // received sums of a bucket
	used   int   // number of slots in use
	length int   // number of elements of the bucket
}

func newGradientSum(model []G.ValueGrad) gradientSum {
	if g, _ := model[0].Grad(); g.Dtype() == tensor.Float64 {
		return newTreeSum[float64](model)
	}
	return newTreeSum[float32](model)
}

func newTreeSum[T kernel.Float](model []G.ValueGrad) *treeSum[T] {
	s := new(treeSum[T])
	for _, p := range model {
		g, _ := p.Grad()
		s.grads = append(s.grads, floats[T](g))
		s.values = append(s.values, floats[T](p.Value()))
		s.at = append(s.at, s.size)
		s.size += size(g)
	}
	return s
}

func (s *treeSum[T]) begin(lo, hi int, alone bool) {
	s.lo, s.hi, s.alone = lo, hi, alone
	for _, p := range s.held { // of a step that failed
		s.release(p.sum)
	}
	s.releaseAdded()
	s.held = s.held[:0]
}

func (s *treeSum[T]) leaf(i int, absent bool) {
	s.now, s.absent = node{i, 1}, absent
	for n := len(s.held); n > 0 && s.held[n-1].joins(s.now); n-- {
		s.take()
	}
	for s.alone && i == s.hi-1 && len(s.held) > 0 {
		s.take()
	}
}

// take moves the last held node into the current one.
func (s *treeSum[T]) take() {
	last := s.held[len(s.held)-1]
	s.held = s.held[:len(s.held)-1]
	s.now = node{last.start, last.size + s.now.size}
	if last.sum != nil {
		s.adds = append(s.adds, last.sum)
	}
}

func (s *treeSum[T]) fold(w int) {
	g := s.grads[w]
	for i, b := range s.adds {
		b := b[s.at[w]:][:len(g)]
		if i == 0 && s.absent {
			copy(g, b)
		} else {
			kernel.AddScaled(g, 1, b)
		}
	}
}

// empty reports whether the current node has no gradient.
func (s *treeSum[T]) empty() bool { return s.absent && len(s.adds) == 0 }

func (s *treeSum[T]) keep() {
	p := part[T]{node: s.now}
	empty := s.empty()
	s.releaseAdded()
	if !empty {
		p.sum = s.buffer()
		for w, g := range s.grads {
			copy(p.sum[s.at[w]:], g)
		}
	}
	s.held = append(s.held, p)
}

func (s *treeSum[T]) buffer() []T {
	if n := len(s.free); n > 0 {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b
	}
	return make([]T, s.size)
}

func (s *treeSum[T]) releaseAdded() {
	for _, b := range s.adds {
		s.release(b)
	}
	s.adds = s.adds[:0]
}

func (s *treeSum[T]) release(b []T) {
	if b != nil {
		s.free = append(s.free, b)
	}
}
