package trainer

import (
	"cmp"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/guard"
)

// estimation fits the probabilities of pieces to sentences by expectation maximization. It removes the pieces that the
// likelihood needs least, until few enough are left (Kudo 2018, arXiv 1804.10959, section 3.2).
type estimation struct {
	*sentences
	pieces  []trainPiece // in order of their symbols
	size    int          // number of pieces wanted
	fixed   int          // number of pieces that stay and have no id yet
	rounds  int          // of expectation and maximization before each removal of pieces
	shrink  float64      // fraction of pieces that each removal leaves
	workers int
	unit    float64 // factor of the counts of pieces: integer sums do not depend on the order
	report  func(done, total int)
	err     error // the first error of a worker; run returns it
}

const (
	spareShare = 1.1 // the removals leave this many times the pieces wanted; the rest is chosen by score
	rarest     = 0.5 // least expected count of a piece
	blockSize  = 256 // number of sentences or pieces that a worker takes at once
)

// run estimates. It may leave more pieces than wanted, or fewer.
func (m *estimation) run() error {
	total := 0.0
	for i, from := range m.starts {
		total += float64(m.end[from]-from) * float64(m.counts[i])
	}
	// No piece is expected more often than there are symbols: sums stay below 2⁶².
	m.unit = math.Ldexp(1, 62-bits.Len64(uint64(total)))
	m.begin()
	done := 0
	for {
		for range m.rounds {
			m.maximize(m.count(m.lattices(), len(m.starts), func(c *cutter, i int) {
				c.expect(m.sentence(i), float64(m.counts[i])*m.unit)
			}))
			if m.err != nil {
				return m.err
			}
			done++
			m.report(done, done+m.roundsLeft())
		}
		if len(m.pieces) <= m.spare() {
			break
		}
		if m.prune(); m.err != nil {
			return m.err
		}
	}
	m.report(done, done)
	return nil
}

// spare returns the least number of pieces of the last round.
func (m *estimation) spare() int { return int(float64(m.size) * spareShare) }

// roundsLeft estimates the number of rounds left. It is positive.
func (m *estimation) roundsLeft() int {
	prunings := math.Log(float64(m.spare())/float64(len(m.pieces))) / math.Log(m.shrink)
	return 1 + m.rounds*int(max(0, math.Ceil(prunings)))
}

// begin sets the first scores of pieces, from their counts and lengths.
func (m *estimation) begin() {
	odds := func(p trainPiece) float64 { return float64(max(1, p.count)) * float64(p.length) }
	sum := 0.0
	for _, p := range m.pieces {
		sum += odds(p)
	}
	for i, p := range m.pieces {
		m.pieces[i].score = math.Log(odds(p) / sum)
	}
}

func (m *estimation) lattices() *lattices { return newLattices(m.sentences, m.pieces) }

// count calls work for 0 to n-1 from several goroutines. It returns the sums of their counts by piece, and sets m.err if a worker
// fails.
func (m *estimation) count(l *lattices, n int, work func(c *cutter, i int)) []int64 {
	workers := m.workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = max(1, min(workers, n/blockSize))
	cutters := make([]*cutter, workers)
	var next atomic.Int64
	errs := make([]error, workers)
	var all sync.WaitGroup
	for w := range cutters {
		c := l.cutter()
		cutters[w] = c
		all.Go(func() {
			errs[w] = guard.Do(func() error {
				for {
					from := int(next.Add(blockSize)) - blockSize
					if from >= n {
						return nil
					}
					for i := from; i < min(from+blockSize, n); i++ {
						work(c, i)
					}
				}
			})
		})
	}
	all.Wait()
	m.err = cmp.Or(append([]error{m.err}, errs...)...)
	for _, c := range cutters[1:] {
		for i, n := range c.counts {
			cutters[0].counts[i] += n
		}
	}
	return cutters[0].counts
}

// maximize sets new scores from the expected counts and removes pieces that are hardly expected. The digamma function instead of
// the logarithm is the mean under a Dirichlet process, which favours few pieces (Liang and Klein 2007, Structured Bayesian
// Nonparametric Models with Variational Inference).
func (m *estimation) maximize(counts []int64) {
	kept, sum := m.pieces[:0], 0.0
	for i, p := range m.pieces {
		expected := float64(counts[i]) / m.unit
		if expected < rarest && !p.stays {
			continue
		}
		p.score = max(expected, rarest)
		sum += p.score
		kept = append(kept, p)
	}
	for i := range kept {
		kept[i].score = digamma(kept[i].score) - digamma(sum)
	}
	m.pieces = kept
}

// prune removes the pieces that no best cut uses, then the pieces whose removal costs the least likelihood. Without a piece, all
// its occurrences are cut in the second best way.
func (m *estimation) prune() {
	l := m.lattices()
	used := m.count(l, len(m.starts), func(c *cutter, i int) {
		way, _ := c.cut(m.sentence(i), -1)
		for _, e := range way {
			c.counts[e.piece] += m.counts[i]
		}
	})
	sum := 0.0
	for _, n := range used {
		sum += float64(n)
	}
	losses := make([]float64, len(m.pieces))
	m.count(l, len(m.pieces), func(c *cutter, i int) { losses[i] = c.loss(i, used, sum) })
	m.keepBest(losses)
}

// loss returns how much the likelihood falls without piece i: −∞ if it is not used, ∞ if it stays.
func (c *cutter) loss(i int, used []int64, sum float64) float64 {
	p := &c.pieces[i]
	n := float64(used[i])
	if p.stays {
		return math.Inf(1)
	}
	if n == 0 {
		return math.Inf(-1)
	}
	way, _ := c.cut(c.text(p.seed), int32(i))
	after := math.Log(sum + n*float64(len(way)-1))
	loss := math.Log(n) - math.Log(sum)
	for _, e := range way {
		loss -= math.Log(float64(used[e.piece])+n) - after
	}
	return n * loss
}

// keepBest keeps the pieces with the greatest losses.
func (m *estimation) keepBest(losses []float64) {
	order := make([]int, len(losses))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(losses[b], losses[a]), cmp.Compare(a, b)) })
	most := max(m.spare(), int(float64(len(order))*m.shrink))
	order = order[:min(most, len(order))]
	for len(order) > 0 && math.IsInf(losses[order[len(order)-1]], -1) {
		order = order[:len(order)-1]
	}
	slices.Sort(order)
	for to, from := range order {
		m.pieces[to] = m.pieces[from]
	}
	m.pieces = m.pieces[:len(order)]
}

// digamma is the derivative of the logarithm of the gamma function, for x > 0: the recurrence, then the asymptotic
// series (Abramowitz and Stegun 1964, 6.3.5 and 6.3.18).
func digamma(x float64) float64 {
	y := 0.0
	for ; x < 10; x++ {
		y -= 1 / x
	}
	z := 1 / (x * x)
	return y + math.Log(x) - 1/(2*x) - z*(1./12-z*(1./120-z*(1./252-z*(1./240-z/132))))
}
