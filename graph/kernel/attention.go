package kernel

import (
	"fmt"
	"math"
)

// Heads is a strided array (batch, time, head, D): element (b, t, h, d) is Data[b·Batch + t·Time + h·Head + d].
type Heads[T Float] struct {
	Data              []T
	Batch, Time, Head int
}

// at returns the data from element (b, t, h, 0) on.
func (x Heads[T]) at(b, t, h int) []T { return x.Data[b*x.Batch+t*x.Time+h*x.Head:] }

// rows returns the matrix (time, D) of one head from time t on.
func (x Heads[T]) rows(b, t, h int, trans bool) Matrix[T] {
	return Matrix[T]{Data: x.at(b, t, h), Stride: x.Time, Trans: trans}
}

// Attention is scaled dot-product attention (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762) over the keys that a
// query may see:
//
//	o = dropout(softmax(cap(Scale·q·kᵀ) + Bias + Distance))·v
//
// Nothing of size Tq×Tk is stored: Forward runs over tiles of keys with a running softmax, and Backward recomputes the
// probabilities (Dao et al. 2022, https://arxiv.org/abs/2205.14135).
type Attention[T Float] struct {
	B, H, KVHeads, Tq, Tk, D int // query head h reads key and value head h/(H/KVHeads)

	Q, K, V Heads[T] // (B, Tq, H, D), (B, Tk, KVHeads, D) twice
	Scale   float64  // 0 means 1/√D

	Causal  bool    // the query at position p sees keys j ≤ p
	Window  int     // if > 0, also j > p-Window; without Causal, |p-j| < Window
	Past    []int32 // (B) position of the first query of each sequence; nil means Tk-Tq
	Lengths []int32 // (B) number of keys of each sequence; nil means Tk
	Starts  []int32 // (B, Tq) first key that a query sees; nil means 0
	Ends    []int32 // (B, Tq) one more than the last key that a query sees; nil means Tk

	// Cache is the format of K and V for Forward; 0 means numbers. A row of Time elements of Data then holds the bytes of KVHeads·D numbers:
	// see Quant.Keep. T is float32.
	Cache Quant

	Softcap             float64 // c of cap(s) = c·tanh(s/c); 0 means cap(s) = s
	Bias                []T     // rows (Tq, Tk) added to the scores; nil means none
	BiasBatch, BiasHead int     // elements from one sequence or head to the next; 0 shares the rows
	Distance            []T     // rows (Tq+Tk-1): element j-p+Tk-1 is added to the score of a query at p and key j; nil means none
	DistanceHead        int     // elements from one head to the next; 0 shares the row

	Dropout float64 // probability; word ((b·H+h)·Tq+i)·Tk+j of Seed decides
	Seed    Seed
}

// queryTile and keyTile are the sides of a tile of scores. The tile stays in the L1 cache.
const (
	queryTile = 64
	keyTile   = 64
)

// Forward writes o (B, Tq, H, D) and the normalizer of each query's scores (B, H, Tq). n may be the zero value. Scores
// are relative to the query's offset; see offset. A query that sees no key gives zeros.
func (a Attention[T]) Forward(o Heads[T], n Normalizer[T]) {
	a.prepare("attention")
	a.prepareValues("attention")
	checkReach("attention", "o", len(o.Data), a.reach(o, a.Tq, a.H))
	n.check("attention", a.B*a.H*a.Tq)
	f := attentionForward[T]{Attention: a, o: o, normalizer: n, high: queryTile, mask: newMask(a.Dropout, a.Seed)}
	if a.Past != nil && a.Tq <= FewRows && n.Top == nil {
		f.high = 1 // see FewRows
	}
	f.cut()
	cost := min(a.Tq, f.block) * f.heads * a.Tk * a.D
	parallel(a.B*a.H/f.heads*f.blocks, rowGrain(cost/2), f)
}

// headsTogether returns the number of heads in a tile of Forward with some queries of each. In decoding, the few queries of all heads
// that share keys form one tile, so that the keys are read once. This requires that enough tiles remain for all workers.
func (a *Attention[T]) headsTogether(queries int) int {
	if group := a.H / a.KVHeads; a.B*a.KVHeads >= enoughTiles/2 && queries*group <= queryTile {
		return group
	}
	return 1
}

// tileRows returns the number of rows of the first tile of Forward. If it is small, products are thin, in both passes: their scores
// must be equal bit for bit. Otherwise the probabilities of large scores would not sum to 1 in the backward pass.
func (a *Attention[T]) tileRows() int { return min(a.Tq, queryTile) * a.headsTogether(a.Tq) }

// plain reports whether the scores are products only.
func (a *Attention[T]) plain() bool { return a.Softcap == 0 && a.Bias == nil && a.Distance == nil }

// biased reports whether biases are added to the scores.
func (a *Attention[T]) biased() bool { return a.Bias != nil || a.Distance != nil }

// queryRows describes the rows of a tile: row r is query first + r%queries of the head with index head + r/queries.
type queryRows struct{ b, head, first, heads, queries int }

func (q queryRows) count() int { return q.heads * q.queries }

func (q queryRows) row(r int) (head, query int) {
	if q.heads == 1 { // needs no division
		return q.head, q.first + r
	}
	return q.head + r/q.queries, q.first + r%q.queries
}

// gather copies the queries of rows to q (rows, D) and returns q.
func (a *Attention[T]) gather(q []T, rows queryRows) []T {
	size := rows.queries * a.D
	for h := range rows.heads {
		copyTile(sumMatrix[T]{q[h*size:], rows.queries, a.D, a.D}, a.Q.tile(rows.b, rows.first, rows.head+h, rows.queries, a.D))
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
	checkReach(kernel, "k", len(a.K.Data), a.keysReach(a.K))
	checkOptional(kernel, "past", a.Past, a.B)
	checkOptional(kernel, "lengths", a.Lengths, a.B)
	checkOptional(kernel, "starts", a.Starts, a.B*a.Tq)
	checkOptional(kernel, "ends", a.Ends, a.B*a.Tq)
	if a.Bias != nil {
		checkReach(kernel, "bias", len(a.Bias), a.biasReach())
	}
	if a.Distance != nil {
		checkReach(kernel, "distance", len(a.Distance), a.distanceReach())
	}
}

func (a *Attention[T]) prepareValues(kernel string) {
	checkReach(kernel, "v", len(a.V.Data), a.keysReach(a.V))
}

// reach returns one more than the last index of x with the given numbers of times and heads.
func (a *Attention[T]) reach(x Heads[T], time, heads int) int {
	if a.B == 0 || time == 0 || heads == 0 || a.D == 0 {
		return 0
	}
	return (a.B-1)*x.Batch + (time-1)*x.Time + (heads-1)*x.Head + a.D
}

// number returns the index of a probability in (B, H, Tq, Tk).
func (a *Attention[T]) number(b, h, i, j int) uint64 {
	return uint64((b*a.H+h)*a.Tq+i)*uint64(a.Tk) + uint64(j)
}
