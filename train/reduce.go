package train

import "github.com/gorgoformer/gorgoformer/graph/kernel"

// reduce adds the parts of the ranks pairwise along the tree. The sum arrives at the owner of the bucket, who sends it to all, unless the
// gradients are sharded.
func (s *treeSum[T]) reduce(x *exchange, b *bucket) error {
	if s.stage == nil {
		s.stage = make([]T, s.size)
	}
	lo, hi := s.span(b)
	s.used, s.length = 0, hi-lo
	all, err := s.collect(x, s.ofBucket(b, lo, hi), 0, x.group.Size(), b.owner)
	if err != nil {
		return err
	}
	sum := s.stage[lo:hi]
	if x.rank == b.owner {
		sum = total(all)
	}
	if !x.shard {
		if err := x.group.Broadcast(b.owner, bytesOf(sum)); err != nil {
			return err
		}
	} else if x.rank != b.owner {
		return nil
	}
	for w := b.first; w < b.end; w++ {
		copy(s.grads[w], sum[s.at[w]-lo:])
	}
	return nil
}

// ofBucket returns the parts of this rank: the held sums and a copy of the gradients.
func (s *treeSum[T]) ofBucket(b *bucket, lo, hi int) []part[T] {
	parts := make([]part[T], 0, len(s.held)+1)
	for _, p := range s.held {
		if p.sum != nil {
			p.sum = p.sum[lo:hi]
		}
		parts = append(parts, p)
	}
	last := part[T]{node: s.now}
	if !s.empty() {
		last.sum = s.stage[lo:hi]
		for w := b.first; w < b.end; w++ {
			copy(s.stage[s.at[w]:], s.grads[w])
		}
	}
	return append(parts, last)
}

// collect returns the parts of the ranks lo … hi-1 at rank to, which is one of them, or at rank lo otherwise. Other ranks get nil.
func (s *treeSum[T]) collect(x *exchange, own []part[T], lo, hi, to int) ([]part[T], error) {
	if hi-lo == 1 {
		return own, nil
	}
	mid := (lo + hi + 1) / 2
	left, right := lo, mid // the ranks that collect the halves
	switch {
	case to >= mid && to < hi:
		right = to
	case to >= lo && to < mid:
		left = to
	default:
		to = lo
	}
	var err error
	if x.rank < mid {
		own, err = s.collect(x, own, lo, mid, left)
	} else {
		own, err = s.collect(x, own, mid, hi, right)
	}
	from, first, end := right, mid, hi
	if to == right {
		from, first, end = left, lo, mid
	}
	switch {
	case err != nil:
		return nil, err
	case x.rank == from:
		return nil, x.send(to, sumsOf(own))
	case x.rank != to:
		return nil, nil
	}
	theirs, err := s.receive(x, from, first, end)
	if err != nil {
		return nil, err
	}
	if from == left {
		return pushAll(theirs, own), nil
	}
	return pushAll(own, theirs), nil
}

// pushAll appends the parts of b to those of a.
func pushAll[T kernel.Float](a, b []part[T]) []part[T] {
	for _, p := range b {
		a = push(a, p)
	}
	return a
}

// sumsOf returns the memory of the sums of some parts.
func sumsOf[T kernel.Float](parts []part[T]) (sums [][]byte) {
	for _, p := range parts {
		if p.sum != nil {
			sums = append(sums, bytesOf(p.sum))
		}
	}
	return sums
}

// receive receives the parts of the ranks first … end-1 from one of them. Absent parts are not sent.
func (s *treeSum[T]) receive(x *exchange, from, first, end int) (parts []part[T], err error) {
	lo, _ := divide(len(x.counted), first, x.group.Size())
	_, hi := divide(len(x.counted), end-1, x.group.Size())
	for _, n := range cover(lo, hi) {
		p := part[T]{node: n}
		if x.counts(n) {
			p.sum = s.slot()
			if err := x.group.Receive(from, bytesOf(p.sum)); err != nil {
				return nil, err
			}
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// slot returns memory for a received sum, until the next bucket.
func (s *treeSum[T]) slot() []T {
	n := s.length
	if s.used == len(s.slots) {
		s.slots = append(s.slots, nil)
	}
	if len(s.slots[s.used]) < n {
		s.slots[s.used] = make([]T, n)
	}
	s.used++
	return s.slots[s.used-1][:n]
}

// span returns the place of a bucket in a buffer.
func (s *treeSum[T]) span(b *bucket) (lo, hi int) {
	last := b.end - 1
	return s.at[b.first], s.at[last] + len(s.grads[last])
}

func (s *treeSum[T]) publish(x *exchange, b *bucket) error {
	lo, hi := s.span(b)
	if s.stage == nil {
		s.stage = make([]T, s.size)
	}
	values := s.stage[lo:hi]
	if x.rank == b.owner {
		for w := b.first; w < b.end; w++ {
			copy(s.stage[s.at[w]:], s.values[w])
		}
	}
	if err := x.group.Broadcast(b.owner, bytesOf(values)); err != nil || x.rank == b.owner {
		return err
	}
	for w := b.first; w < b.end; w++ {
		copy(s.values[w], s.stage[s.at[w]:])
	}
	return nil
}
