package generate

import (
	"cmp"
	"slices"

	"github.com/gorgoformer/gorgoformer/graph"
)

// planner chooses the passes that read all tokens at a low cost. A pass covers the leading rows, so rows that have many tokens left move
// to the front. The unit of cost is a position of a large pass.
type planner struct {
	passes []*pass
	credit float64 // cost that copying rows would have saved so far

	order   []int // rows that have tokens left, those with the most first
	left    []int // numbers of tokens left, in order
	rank    []int // index in order of every row; the number of rows for none
	scratch []int
}

func newPlanner(p *graph.Program, sizes []size, batch int) (*planner, error) {
	passes, err := newPasses(p, sizes)
	return &planner{
		passes: passes, order: make([]int, 0, batch), left: make([]int, 0, batch), rank: make([]int, batch), scratch: make([]int, 0, batch),
	}, err
}

// passCost returns the cost of a pass over n positions, as measured for a models.GPT of 6 layers and 384 channels. Every pass reads all
// weights, and products with few rows are slow.
func passCost(n int) float64 { return float64(n + min(16+2*n, 40)) }

// copyCost is the cost of copying a token to another row of the caches.
const copyCost = 1. / 32

// option is a pass that the planner can choose.
type option struct {
	pass   *pass
	rows   int     // number of rows of the order that it reads
	tokens int     // number of tokens that it reads
	last   bool    // no tokens are left after it
	cost   float64 // of the pass and of copying rows to the front
}

// choose returns the next pass, with its rows at the front, and nil if no tokens are left.
func (d *Decoder) choose() *pass {
	l := d.plan
	if l.sort(d.rows); len(l.order) == 0 {
		return nil
	}
	free := l.best(func(option) float64 { return 0 })
	best := free
	if d.copies(free) > 0 {
		best = l.best(func(o option) float64 { return max(0, d.copies(o)-l.credit) })
		// Rows are copied once the cost of not copying them exceeds that of the copies.
		wasted := passCost(best.pass.total()) - float64(best.tokens)*free.cost/float64(free.tokens)
		l.credit = max(0, l.credit-d.copies(best)) + max(0, wasted)
	}
	d.exchange(best, d.swap)
	return best.pass
}

// sort puts the rows that have tokens left in order.
func (l *planner) sort(rows []row) {
	l.order, l.left = l.order[:0], l.left[:0]
	for i := range rows {
		if l.rank[i] = len(rows); rows[i].left() > 0 {
			l.order = append(l.order, i)
		}
	}
	slices.SortFunc(l.order, func(a, b int) int {
		return cmp.Or(cmp.Compare(rows[b].left(), rows[a].left()), cmp.Compare(a, b))
	})
	for n, i := range l.order {
		l.rank[i] = n
		l.left = append(l.left, rows[i].left())
	}
}

// best returns the pass with the lowest cost for each token. But if a single pass over all tokens costs at most as much as that pass and
// the passes after it, best returns the single pass.
func (l *planner) best(copies func(option) float64) option {
	var best, last option
	for _, p := range l.passes {
		o := weigh(p, l.left)
		o.cost += copies(o)
		if o.cheaper(best) {
			best = o
		}
		if o.last && (last.pass == nil || o.cost < last.cost) {
			last = o
		}
	}
	if last.pass == nil || best.last || last.cost > best.cost+l.rest(best.pass.Tokens, best.rows) {
		return best
	}
	return last
}

// weigh returns the option of a pass over sequences that have some tokens left, in descending order.
func weigh(p *pass, left []int) option {
	o := option{pass: p, rows: min(p.Sequences, len(left)), cost: passCost(p.total())}
	for _, n := range left[:o.rows] {
		o.tokens += min(n, p.Tokens)
	}
	o.last = o.rows == len(left) && left[0] <= p.Tokens
	return o
}

// cheaper reports whether o costs less for each token than b.
func (o option) cheaper(b option) bool {
	return b.pass == nil || o.cost*float64(b.tokens) < b.cost*float64(o.tokens)
}

// rest returns the cost of the passes after a pass over t tokens of the first rows in order. Each of them has the lowest cost for each
// token.
func (l *planner) rest(t, rows int) (cost float64) {
	left := append(l.scratch[:0], l.left...)
	for {
		for i := range left[:rows] {
			left[i] -= t
		}
		slices.SortFunc(left, func(a, b int) int { return b - a })
		for len(left) > 0 && left[len(left)-1] <= 0 {
			left = left[:len(left)-1]
		}
		if len(left) == 0 {
			return cost
		}
		var best option
		for _, p := range l.passes {
			if o := weigh(p, left); o.cheaper(best) {
				best = o
			}
		}
		cost += best.cost
		t, rows = best.pass.Tokens, best.rows
	}
}

// copies returns the cost of copying the rows of an option to the front.
func (d *Decoder) copies(o option) (cost float64) {
	d.exchange(o, func(a, b int) { cost += copyCost * float64(d.weight(a)+d.weight(b)) })
	return cost
}

// exchange calls do for every pair of rows to swap: a row of the option that is not among the leading rows of the pass, and a leading row
// that is not of the option.
func (d *Decoder) exchange(o option, do func(a, b int)) {
	to := 0
	for _, from := range d.plan.order[:o.rows] {
		if from < o.pass.Sequences {
			continue
		}
		for d.plan.rank[to] < o.rows {
			to++
		}
		do(from, to)
		to++
	}
}
