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

// Forward writes o (B, Tq, H, D) and the logarithm of the softmax's denominator lse (B, H, Tq), which may be nil. A query
// that sees no key gives zeros, and -Inf in lse.
func (a Attention[T]) Forward(o Heads[T], lse []T) {
	a.prepare("attention")
	checkReach("attention", "o", len(o.Data), a.reach(o, a.Tq, a.H))
	checkOptional("attention", "lse", lse, a.B*a.H*a.Tq)
	f := attentionForward[T]{Attention: a, o: o, lse: lse, heads: 1, mask: newMask(a.Dropout, a.Seed)}
	group := a.H / a.KVHeads
	// A decoder's few queries of all heads that share keys go together, so that the keys are read once, provided that
	// this leaves enough to share out.
	if a.B*a.KVHeads >= enoughTiles/2 && a.Tq*group <= queryTile {
		f.heads = group
	}
	f.tiles = (a.Tq + queryTile - 1) / queryTile
	cost := min(a.Tq, queryTile) * f.heads * a.Tk * a.D
	parallel(a.B*a.H/f.heads*f.tiles, rowGrain(cost/2), f)
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

// addBias adds the bias of the keys from j on to a row of scores.
func (a *Attention[T]) addBias(s []T, b, h, i, j int) {
	if a.Bias != nil {
		addRow(s, a.Bias[b*a.BiasBatch+h*a.BiasHead+i*a.Tk+j:][:len(s)])
	}
}

// number is the index of a probability in (B, H, Tq, Tk).
func (a *Attention[T]) number(b, h, i, j int) uint64 {
	return uint64((b*a.H+h)*a.Tq+i)*uint64(a.Tk) + uint64(j)
}
