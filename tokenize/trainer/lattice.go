package trainer

import (
	"math"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// trainPiece is a piece of a Unigram model during estimation.
type trainPiece struct {
	seed
	score float64 // logarithm of its probability
	stays bool    // it is never removed: a character, or a piece of the tokenizer to extend
}

// lattices finds the ways to cut sentences into pieces. A trie, whose first nodes are the symbols, finds the pieces.
type lattices struct {
	*sentences
	pieces []trainPiece  // in order of their symbols
	odds   []float64     // of each piece: exp of its score
	trie   *table.Merges // (node, symbol) → node
	at     []int32       // of each node: the piece that ends there, or -1
}

// edge is a piece in a sentence, from one symbol up to another.
type edge struct{ from, to, piece int32 }

// newLattices makes the trie of pieces. Every symbol must be a piece.
func newLattices(s *sentences, pieces []trainPiece) *lattices {
	l := &lattices{sentences: s, pieces: pieces, odds: make([]float64, len(pieces))}
	nodes := len(s.alphabet)
	for i, p := range pieces {
		nodes += int(p.length) - 1
		if i > 0 {
			nodes -= max(0, shared(s.text(pieces[i-1].seed), s.text(p.seed))-1)
		}
		l.odds[i] = math.Exp(p.score)
	}
	l.trie = table.NewMerges(nodes)
	l.at = make([]int32, len(s.alphabet), nodes)
	for i := range l.at {
		l.at[i] = -1
	}
	for i, p := range pieces {
		text := s.text(p.seed)
		node := text[0]
		for _, symbol := range text[1:] {
			node = l.child(node, symbol)
		}
		l.at[node] = int32(i)
	}
	return l
}

// child returns the node below node at symbol. It adds the node if it is missing.
func (l *lattices) child(node, symbol int32) int32 {
	below := l.step(node, symbol)
	if below < 0 {
		below = int32(len(l.at))
		l.trie.Put(table.PairOf(node, symbol), table.NewMerge(0, below))
		l.at = append(l.at, -1)
	}
	return below
}

// step returns the node below node at symbol, or -1.
func (l *lattices) step(node, symbol int32) int32 {
	below := l.trie.Find(node, symbol)
	if below == table.NoMerge {
		return -1
	}
	return below.ID()
}

// shared returns the length of the common prefix of a and b.
func shared(a, b []int32) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// edges appends the pieces in text to dst, in order of their starts.
func (l *lattices) edges(dst []edge, text []int32) []edge {
	for from := range text {
		node := text[from]
		for to := from + 1; ; to++ {
			if piece := l.at[node]; piece >= 0 {
				dst = append(dst, edge{int32(from), int32(to), piece})
			}
			if to == len(text) {
				break
			}
			if node = l.step(node, text[to]); node < 0 {
				break
			}
		}
	}
	return dst
}

// cutter holds the buffers of one goroutine that cuts sentences.
type cutter struct {
	*lattices
	list   []edge
	alpha  []float64 // by place: the odds of all ways to it, times 2^(shift·scale)
	scale  []int32
	beta   []float64 // by place: the probability that a way leads through it
	best   []float64 // by place: the score of the best way to it
	last   []int32   // by place: the last edge of the best way
	way    []edge    // the best way, from its end
	counts []int64   // by piece
}

func (l *lattices) cutter() *cutter {
	return &cutter{lattices: l, counts: make([]int64, len(l.pieces))}
}

// expect adds the expected count of each piece in text, which occurs weight times. The forward pass gives the probability of each
// edge among the edges to one place; the backward pass multiplies it by the probability of the place.
func (c *cutter) expect(text []int32, weight float64) {
	c.list = c.edges(c.list[:0], text)
	c.forward(len(text))
	c.beta = zeros(c.beta, len(text)+1)
	c.beta[len(text)] = 1
	for i := len(c.list) - 1; i >= 0; i-- {
		e := c.list[i]
		p := c.alpha[e.from] * c.odds[e.piece] / c.alpha[e.to] * c.beta[e.to]
		if up := c.scale[e.to] - c.scale[e.from]; up != 0 {
			p = math.Ldexp(p, int(up)*shift)
		}
		c.beta[e.from] += p
		c.counts[e.piece] += int64(p*weight + 0.5)
	}
}

// Odds of a place below 1/raise are multiplied by raise, together with the odds of the places ahead. With pieces of at most
// longestPiece symbols, none rarer than once in 10¹⁵, the places ahead stay below 2¹⁰²³.
const (
	shift        = 256
	raise        = 1 << shift
	longestPiece = 16
)

// forward fills alpha and scale for a text of n symbols.
func (c *cutter) forward(n int) {
	c.alpha = zeros(c.alpha, n+1)
	c.scale = zeros(c.scale, n+1)
	c.alpha[0] = 1
	at, reached := int32(0), int32(0)
	for _, e := range c.list {
		if e.from != at {
			at = e.from
			c.scale[at] = c.scale[at-1]
			if c.alpha[at] < 1.0/raise {
				c.lift(at, reached)
			}
		}
		reached = max(reached, e.to)
		c.alpha[e.to] += c.alpha[at] * c.odds[e.piece]
	}
	c.scale[n] = c.scale[n-1]
}

// lift raises the odds of the places from at to reached.
func (c *cutter) lift(at, reached int32) {
	for i := at; i <= reached; i++ {
		c.alpha[i] *= raise
	}
	c.scale[at]++
}

// cut returns the best way to cut text without a piece, as edges from the end to the start; -1 excludes no piece.
func (c *cutter) cut(text []int32, without int32) (way []edge, score float64) {
	c.list = c.edges(c.list[:0], text)
	c.best, c.last = zeros(c.best, len(text)+1), zeros(c.last, len(text)+1)
	for i := 1; i <= len(text); i++ {
		c.best[i] = math.Inf(-1)
	}
	for i, e := range c.list {
		if e.piece == without {
			continue
		}
		if score := c.best[e.from] + c.pieces[e.piece].score; score > c.best[e.to] {
			c.best[e.to], c.last[e.to] = score, int32(i)
		}
	}
	c.way = c.way[:0]
	for at := int32(len(text)); at > 0; {
		e := c.list[c.last[at]]
		c.way = append(c.way, e)
		at = e.from
	}
	return c.way, c.best[len(text)]
}

// zeros returns n zeros, in the memory of s if it is large enough.
func zeros[T int32 | float64](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}
