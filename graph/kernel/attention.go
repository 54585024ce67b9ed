package kernel

import (
	"fmt"
	"math"
)

// Heads is an array of (batch, time, head, D) wherever it lies: element (b, t, h, d) is Data[b·Batch + t·Time + h·Head + d].
type Heads[T Float] struct {
	Data              []T
	Batch, Time, Head int
}

// at is the array from (b, t, h) on.
func (x Heads[T]) at(b, t, h int) []T { return x.Data[b*x.Batch+t*x.Time+h*x.Head:] }

// rows is the matrix (time, D) of one head from time t on.
func (x Heads[T]) rows(b, t, h int, trans bool) Matrix[T] {
	return Matrix[T]{Data: x.at(b, t, h), Stride: x.Time, Trans: trans}
}

// Attention is scaled dot-product attention (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762):
// o = dropout(softmax(Scale·q·kᵀ + Bias))·v over the keys that a query may see. Nothing of size Tq×Tk is stored: forward
// runs over tiles of keys with a running softmax, backward computes the probabilities again (Dao et al. 2022,
// https://arxiv.org/abs/2205.14135).
type Attention[T Float] struct {
	B, H, KVHeads, Tq, Tk, D int // query head h reads key and value head h/(H/KVHeads)

	Q, K, V Heads[T] // (B, Tq, H, D), (B, Tk, KVHeads, D) twice
	Scale   float64  // 0 means 1/√D

	Causal  bool    // the query at position p sees keys j ≤ p
	Window  int     // when > 0 also j > p-Window; without Causal |p-j| < Window
	Past    []int32 // (B) position of the first query of each sequence; nil means Tk-Tq
	Lengths []int32 // (B) keys from there on are hidden; nil means Tk

	Bias                []T // rows (Tq, Tk) that are added to the scores; nil for none
	BiasBatch, BiasHead int // elements from one sequence or head to the next; 0 shares the rows

	Dropout float64 // probability; number ((b·H+h)·Tq+i)·Tk+j of Seed decides
	Seed    Seed
}

// queryTile and keyTile are the sides of a tile of scores: it stays in the first cache.
const (
	queryTile = 64
	keyTile   = 64
)

// Forward writes o (B, Tq, H, D) and the normalizer of each query's scores (B, H, Tq), which may be zero. Scores count from the
// query's offset, see offset. A query that sees no key gives zeros.
func (a Attention[T]) Forward(o Heads[T], n Normalizer[T]) {
	a.prepare("attention")
	checkReach("attention", "o", len(o.Data), a.reach(o, a.Tq, a.H))
	n.check("attention", a.B*a.H*a.Tq)
	f := attentionForward[T]{Attention: a, o: o, normalizer: n, heads: a.headsTogether(), mask: newMask(a.Dropout, a.Seed)}
	f.tiles = (a.Tq + queryTile - 1) / queryTile
	cost := min(a.Tq, queryTile) * f.heads * a.Tk * a.D
	parallel(a.B*a.H/f.heads*f.tiles, rowGrain(cost/2), f)
}

// headsTogether is the number of heads in a tile of Forward. A decoder's few queries of all heads that share keys go together, so
// that the keys are read once, provided that this leaves enough tiles for all workers.
func (a *Attention[T]) headsTogether() int {
	if group := a.H / a.KVHeads; a.B*a.KVHeads >= enoughTiles/2 && a.Tq*group <= queryTile {
		return group
	}
	return 1
}

// scoreTile computes the scores Scale·q·k of a tile that is part of one of rows rows in Forward. Both passes sum in the same order, so
// that their scores are equal bit for bit: otherwise the probabilities of large scores would not sum to 1 in the backward pass.
func (a *Attention[T]) scoreTile(p product[T], s *panels[T], rows int) {
	p.k, p.alpha = a.D, T(a.Scale)
	p.runAs(s, thin(rows, p.b))
}

// queryRows names the rows of a tile: row r is query first + r%queries of head + r/queries.
type queryRows struct{ b, head, first, heads, queries int }

func (q queryRows) count() int { return q.heads * q.queries }

func (q queryRows) row(r int) (head, query int) { return q.head + r/q.queries, q.first + r%q.queries }

// gather copies queries to q, (rows, D).
func (a *Attention[T]) gather(q []T, rows queryRows) []T {
	for r := range rows.count() {
		h, i := rows.row(r)
		copy(q[r*a.D:(r+1)*a.D], a.Q.at(rows.b, i, h)[:a.D])
	}
	return q
}

// prepare fills in the defaults and checks the sizes.
func (a *Attention[T]) prepare(kernel string) {
	if a.KVHeads <= 0 || a.H%a.KVHeads != 0 {
		panic(fmt.Sprintf("kernel: %s: %d heads do not divide into groups for %d key heads", kernel, a.H, a.KVHeads))
	}
	if a.Scale == 0 {
		a.Scale = 1 / math.Sqrt(float64(a.D))
	}
	checkReach(kernel, "q", len(a.Q.Data), a.reach(a.Q, a.Tq, a.H))
	checkReach(kernel, "k", len(a.K.Data), a.reach(a.K, a.Tk, a.KVHeads))
	checkReach(kernel, "v", len(a.V.Data), a.reach(a.V, a.Tk, a.KVHeads))
	checkOptional(kernel, "past", a.Past, a.B)
	checkOptional(kernel, "lengths", a.Lengths, a.B)
	if a.Bias != nil {
		checkReach(kernel, "bias", len(a.Bias), a.biasReach())
	}
}

// reach is one more than the last index of heads with the given times.
func (a *Attention[T]) reach(x Heads[T], time, heads int) int {
	if a.B == 0 || time == 0 || heads == 0 || a.D == 0 {
		return 0
	}
	return (a.B-1)*x.Batch + (time-1)*x.Time + (heads-1)*x.Head + a.D
}

func (a *Attention[T]) biasReach() int {
	if a.B == 0 || a.H == 0 {
		return 0
	}
	return (a.B-1)*a.BiasBatch + (a.H-1)*a.BiasHead + a.Tq*a.Tk
}

// span is the range of keys that query i of sequence b sees; it is empty when lo = hi.
func (a *Attention[T]) span(b, i int) (lo, hi int) {
	hi = a.Tk
	if a.Lengths != nil {
		hi = min(hi, int(a.Lengths[b]))
	}
	position := a.Tk - a.Tq + i
	if a.Past != nil {
		position = int(a.Past[b]) + i
	}
	if a.Window > 0 {
		lo = max(lo, position-a.Window+1)
		hi = min(hi, position+a.Window)
	}
	if a.Causal {
		hi = min(hi, position+1)
	}
	hi = max(hi, 0)
	return min(lo, hi), hi
}

// clip is a span within a tile of n keys from j on.
func clip(lo, hi, j, n int) (int, int) {
	lo, hi = max(lo-j, 0), min(hi-j, n)
	return min(lo, n), max(hi, min(lo, n))
}

// maxOffset bounds the offsets of biases. Larger biases stand for -Inf and swallow the scores, as in any sum of floats.
const maxOffset = 1 << 40

// offset is the largest bias that query i sees. The softmax does not depend on it, so scores are computed without it: their sum with
// a large bias would lose their digits.
func (a *Attention[T]) offset(b, h, i int) T {
	if a.Bias == nil {
		return 0
	}
	lo, hi := a.span(b, i)
	top := largest(a.biasRow(b, h, i)[lo:hi])
	if !(top > -maxOffset && top < maxOffset) { // nor is NaN
		return 0
	}
	return top
}

func (a *Attention[T]) biasRow(b, h, i int) []T {
	return a.Bias[b*a.BiasBatch+h*a.BiasHead+i*a.Tk:][:a.Tk]
}

// addBias adds the bias of the keys from j on, without the query's offset, to a row of at most keyTile scores.
func (a *Attention[T]) addBias(s []T, b, h, i, j int, offset T) {
	if a.Bias == nil {
		return
	}
	bias := a.biasRow(b, h, i)[j:][:len(s)]
	if offset == 0 {
		addRow(s, bias)
		return
	}
	for k, v := range bias {
		s[k] += v - offset
	}
}

// number is the index of a probability in (B, H, Tq, Tk).
func (a *Attention[T]) number(b, h, i, j int) uint64 {
	return uint64((b*a.H+h)*a.Tq+i)*uint64(a.Tk) + uint64(j)
}
