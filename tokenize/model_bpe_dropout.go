package tokenize

import "math/rand/v2"

// coin decides which merges BPE-dropout skips in a step (Provilkov et al. 2020, arXiv 1910.13267). The zero value skips
// none.
type coin struct {
	chance float64
	random *rand.Rand
}

func (c coin) drop() bool { return c.random != nil && c.random.Float64() < c.chance }

// drops reports whether merges are skipped at random.
func (m *BPE) drops() bool { return m.config.Dropout > 0 }

// toss returns the coin of the next piece. The n-th encoded piece uses the n-th random stream of the seed.
func (m *BPE) toss() coin {
	return coin{m.config.Dropout, rand.New(rand.NewPCG(m.config.Seed, m.pieces.Add(1)))}
}

// pushDropped pushes the skipped entries back onto the heap.
func (s *bpeScratch) pushDropped() {
	for _, entry := range s.dropped {
		s.heap.Push(entry)
	}
	s.dropped = s.dropped[:0]
}
