package kernel

// ahead is memory that the micro-kernels prefetch into the L2 cache while they multiply, a cache line for every four
// steps along the depth. Packing then does not wait for memory.
type ahead struct {
	from       []float32
	step, next int // elements to the next line, and to the first line of the next group
	groups     int // groups of rows that prefetch
}

// aheadVectors is the number of columns of B, or of rows of A, that the groups of a block prefetch: a cache line of them.
const aheadVectors = 16

// aheadOf returns the operands to prefetch while a block is multiplied by the panel of column j: the next panel of B while
// the panels are packed, and a part of the next block of A.
func aheadOf(p *product[float32], t block, j, cols int) (list [2]ahead) {
	if next := j + cols; t.i == 0 && next < p.n && next >= t.direct {
		list[0] = newAhead(p.b.at(t.k, next), !p.b.Trans, t.depth)
	}
	first := t.i + t.m
	if i := first + j/cols*aheadVectors; i < min(first+blockRows, p.m) {
		list[1] = newAhead(p.a.at(i, t.k), p.a.Trans, t.depth)
	}
	return list
}

// newAhead prefetches the first vectors of m. If they are adjacent in memory (along), every step of the depth is one line.
// Otherwise each group prefetches one vector, four elements at a time.
func newAhead(m Matrix[float32], along bool, depth int) ahead {
	if along {
		return ahead{m.Data, m.Stride, depth / 4 * m.Stride, 4}
	}
	return ahead{m.Data, 4, m.Stride, aheadVectors}
}
