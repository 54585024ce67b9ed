package tokenize

import "math/rand/v2"

// coin decides which merges BPE-dropout leaves out for now (Provilkov et al. 2020, arXiv 1910.13267). The zero value
// leaves out none.
type coin struct {
	chance float64
	random *rand.Rand
}

func (c coin) drop() bool { return c.random != nil && c.random.Float64() < c.chance }

// drops tells whether merges are left out at random.
func (m *BPE) drops() bool { return m.config.Dropout > 0 }

// toss returns the coin of the next piece: the n-th piece that is encoded has the n-th stream of the seed.
func (m *BPE) toss() coin {
	return coin{m.config.Dropout, rand.New(rand.NewPCG(m.config.Seed, m.pieces.Add(1)))}
}
