package data

import (
	"cmp"
	"slices"

	"github.com/pkg/errors"
)

// Shapes chooses the shapes of batches that compute the fewest positions for these pairs. A pair belongs to the cheapest shape that
// holds it, and every shape has at least one batch of pairs if the data have that many. Shapes starts with the shape of the longest
// source and target. It adds the best shape until there are s.Most, then replaces single shapes as long as this saves positions. The
// result is sorted by S+T. It is an error if a pair has no source, or if there are no pairs.
func (p Pairs) Shapes(s Shaping) (sizes []PairSize, err error) {
	defer func() { err = errors.WithMessage(err, "data: shapes of pairs") }()
	if err := s.check(); err != nil {
		return nil, err
	}
	if len(p) == 0 {
		return nil, errors.New("the set is empty")
	}
	if n, first := p.sourceless(); n > 0 {
		return nil, errors.Errorf("%d of %d pairs have no source, the first is pair %d: Pairs.Fit drops them", n, len(p), first)
	}
	g := newGrid(p, s)
	g.search(s.most())
	for _, r := range g.chosen {
		size := PairSize{S: g.s[r.s], T: g.t[r.t]}
		size.B = s.rows(size.positions())
		sizes = append(sizes, size)
	}
	slices.SortFunc(sizes, func(x, y PairSize) int {
		return cmp.Or(cmp.Compare(x.positions(), y.positions()), cmp.Compare(x.S, y.S))
	})
	return sizes, nil
}

// sourceless returns the number of pairs without a source, and the first of them.
func (p Pairs) sourceless() (n, first int) {
	for i, pair := range slices.Backward(p) {
		if len(pair.Source) == 0 {
			n, first = n+1, i
		}
	}
	return n, first
}

// axisLevels is the largest number of lengths of one axis that the search distinguishes.
const axisLevels = 128

// grid counts pairs by length. It chooses rectangles of lengths that hold all pairs.
type grid struct {
	s, t   []int  // lengths of each axis, sorted; lengths in between are rounded up
	cells  []cell // cells with pairs, sorted by s
	least  func(positions int) int
	chosen []rectangle

	owner  []int // index in chosen of the cheapest rectangle that holds each cell, or len(chosen)
	cost   []int // positions of each chosen rectangle, and at last of the largest, which uncovered cells count as
	counts []int // number of pairs of each owner

	within, byTarget []int // scratch of best
}

// cell is the number of pairs of a source length and a target length, given by index.
type cell struct{ s, t, n int }

// rectangle holds the cells of at most these indexes.
type rectangle struct{ s, t int }

func newGrid(p Pairs, s Shaping) *grid {
	g := &grid{least: s.rows}
	var at [2][]int // index of each length
	g.s, at[0] = levels(len(p), func(i int) int { return len(p[i].Source) })
	g.t, at[1] = levels(len(p), func(i int) int { return len(p[i].Target) + 1 })
	n := make([]int, len(g.s)*len(g.t))
	for _, pair := range p {
		n[at[0][len(pair.Source)]*len(g.t)+at[1][len(pair.Target)+1]]++
	}
	for i, n := range n {
		if n > 0 {
			g.cells = append(g.cells, cell{i / len(g.t), i % len(g.t), n})
		}
	}
	g.owner = make([]int, len(g.cells))
	g.chosen = []rectangle{{len(g.s) - 1, len(g.t) - 1}}
	return g
}

// levels returns at most axisLevels of n lengths, the best to round up to, and the index of the level of each length.
func levels(n int, length func(i int) int) (levels, index []int) {
	index = histogram(n, length)
	lengths, counts := distinct(index)
	for _, end := range partition(lengths, counts, axisLevels, func(int) int { return 0 }) {
		levels = append(levels, lengths[end])
	}
	k := 0
	for i := range index {
		if i > levels[k] {
			k++
		}
		index[i] = k
	}
	return levels, index
}

// search adds the best rectangle until there are most, then replaces single rectangles by better ones.
func (g *grid) search(most int) {
	for len(g.chosen) < most {
		g.assign(-1)
		r, ok := g.best()
		if !ok {
			break
		}
		g.chosen = append(g.chosen, r)
	}
	total := g.assign(-1)
	for improved := len(g.chosen) > 1; improved; {
		improved = false
		for k, was := range g.chosen {
			g.assign(k)
			r, ok := g.best()
			if !ok || r == was {
				continue
			}
			g.chosen[k] = r
			if now := g.assign(-1); now < total {
				total, improved = now, true
			} else {
				g.chosen[k] = was
			}
		}
	}
}

// assign assigns the cells to the chosen rectangles without one, and returns the sum of the costs. -1 leaves out none.
func (g *grid) assign(without int) (total int) {
	none := len(g.chosen)
	g.cost, g.counts = g.cost[:0], append(g.counts[:0], make([]int, none+1)...)
	for _, r := range g.chosen {
		g.cost = append(g.cost, g.positions(r))
	}
	g.cost = append(g.cost, g.positions(rectangle{len(g.s) - 1, len(g.t) - 1}))
	for i, c := range g.cells {
		best := none
		for k, r := range g.chosen {
			if k != without && c.s <= r.s && c.t <= r.t && (best == none || g.cost[k] < g.cost[best]) {
				best = k
			}
		}
		g.owner[i] = best
		g.counts[best] += c.n
		total += c.n * g.cost[best]
	}
	return total
}

func (g *grid) positions(r rectangle) int { return g.s[r.s] + g.t[r.t] }

// best returns the rectangle that saves most when it is added. It holds all cells without an owner. ok is false if none saves anything
// and every cell has an owner, or if each leaves a rectangle without a batch of pairs.
func (g *grid) best() (best rectangle, ok bool) {
	none := len(g.chosen)
	g.byTarget = append(g.byTarget[:0], make([]int, len(g.t)*(none+1))...) // pairs up to a source length, by target length and owner
	gain, i := 0, 0
	if g.counts[none] > 0 {
		gain = -1
	}
	for s := range g.s {
		for ; i < len(g.cells) && g.cells[i].s == s; i++ {
			g.byTarget[g.cells[i].t*(none+1)+g.owner[i]] += g.cells[i].n
		}
		g.within = append(g.within[:0], make([]int, none+1)...)
		for t := range g.t {
			for k := range g.within {
				g.within[k] += g.byTarget[t*(none+1)+k]
			}
			r := rectangle{s, t}
			if saved, valid := g.saved(g.positions(r)); valid && saved > gain {
				best, gain, ok = r, saved, true
			}
		}
	}
	return best, ok
}

// saved returns the number of positions that a new rectangle of this cost saves if it holds the pairs in g.within. valid reports whether
// it holds all cells without an owner, and whether each rectangle has a batch of pairs.
func (g *grid) saved(cost int) (saved int, valid bool) {
	none, pairs := len(g.chosen), 0
	for k, n := range g.within {
		switch {
		case k == none:
			if n < g.counts[none] {
				return 0, false
			}
		case cost >= g.cost[k] || n == 0:
			continue
		case g.counts[k]-n < g.least(g.cost[k]):
			return 0, false
		}
		pairs += n
		saved += n * (g.cost[k] - cost)
	}
	return saved, pairs >= g.least(cost)
}
