package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// heads returns an array (batch, time, heads, d) of random numbers. With headFirst its memory order is (batch, head,
// time, d). Each row has 3 unused elements after it.
func heads[T kernel.Float](batch, time, n, d int, headFirst bool, seed uint64) kernel.Heads[T] {
	x := kernel.Heads[T]{Data: randoms[T](batch*time*n*(d+3), seed), Batch: time * n * d, Time: n * d, Head: d}
	if headFirst {
		x.Batch, x.Head, x.Time = n*time*(d+3), time*(d+3), d+3
	}
	return x
}

// attentionCase describes an Attention; its operands are random.
type attentionCase struct {
	b, h, kv, tq, tk, d int
	causal              bool
	window              int
	past, lengths       []int32
	starts, ends        []int32
	softcap             float64
	bias                string // axes of the bias among batch and head: "", "-", "b", "h", "bh"
	distance            string // axes of the bias by distance: "", "-", "h"
	dropout             float64
	headFirst           bool
}

func newAttention[T kernel.Float](c attentionCase) kernel.Attention[T] {
	a := kernel.Attention[T]{
		B: c.b, H: c.h, KVHeads: c.kv, Tq: c.tq, Tk: c.tk, D: c.d, Causal: c.causal, Window: c.window, Past: c.past, Lengths: c.lengths,
		Q: heads[T](c.b, c.tq, c.h, c.d, c.headFirst, 1), K: heads[T](c.b, c.tk, c.kv, c.d, c.headFirst, 2),
		V: heads[T](c.b, c.tk, c.kv, c.d, !c.headFirst, 3), Dropout: c.dropout, Seed: kernel.Seed{Key: 4, Stream: 5},
		Starts: c.starts, Ends: c.ends, Softcap: c.softcap,
	}
	switch n := max(c.tq+c.tk-1, 0); c.distance {
	case "-":
		a.Distance = randoms[T](n, 7)
	case "h":
		a.Distance, a.DistanceHead = randoms[T](c.h*n, 7), n
	}
	rows := c.tq * c.tk
	switch c.bias {
	case "-":
		a.Bias = randoms[T](rows, 6)
	case "b":
		a.Bias, a.BiasBatch = randoms[T](c.b*rows, 6), rows
	case "h":
		a.Bias, a.BiasHead = randoms[T](c.h*rows, 6), rows
	case "bh":
		a.Bias, a.BiasBatch, a.BiasHead = randoms[T](c.b*c.h*rows, 6), c.h*rows, rows
	}
	return a
}

func position[T kernel.Float](a kernel.Attention[T], b, i int) int {
	if a.Past != nil {
		return int(a.Past[b]) + i
	}
	return a.Tk - a.Tq + i
}

// score is the definition of a score, of which product is the scaled product of query and key. slope is its derivative.
func score[T kernel.Float](a kernel.Attention[T], b, h, i, j int, product float64) (s, slope float64) {
	s, slope = product, 1
	if a.Softcap > 0 {
		t := math.Tanh(product / a.Softcap)
		s, slope = a.Softcap*t, 1-t*t
	}
	if a.Bias != nil {
		s += float64(a.Bias[b*a.BiasBatch+h*a.BiasHead+i*a.Tk+j])
	}
	if a.Distance != nil {
		s += float64(a.Distance[h*a.DistanceHead+j-position(a, b, i)+a.Tk-1])
	}
	return s, slope
}

// sees is the definition of the masks.
func sees[T kernel.Float](a kernel.Attention[T], b, i, j int) bool {
	p := position(a, b, i)
	if a.Starts != nil && j < int(a.Starts[b*a.Tq+i]) || a.Ends != nil && j >= int(a.Ends[b*a.Tq+i]) {
		return false
	}
	if a.Lengths != nil && j >= int(a.Lengths[b]) {
		return false
	}
	if a.Causal && j > p {
		return false
	}
	return a.Window <= 0 || (j > p-a.Window && j < p+a.Window)
}

// attentionReference computes o (B, Tq, H, D) and lse with the whole row of probabilities in float64.
func attentionReference[T kernel.Float](a kernel.Attention[T]) (o, lse []float64) {
	o, lse = make([]float64, a.B*a.Tq*a.H*a.D), make([]float64, a.B*a.H*a.Tq)
	index([]int{a.B, a.H, a.Tq}, func(at []int) {
		b, h, i := at[0], at[1], at[2]
		kv, row, total := h/(a.H/a.KVHeads), (b*a.H+h)*a.Tq+i, 0.0
		p := make([]float64, a.Tk)
		for j := range p {
			if !sees(a, b, i, j) {
				continue
			}
			s := 0.0
			for d := range a.D {
				s += float64(a.Q.Data[b*a.Q.Batch+i*a.Q.Time+h*a.Q.Head+d]) * float64(a.K.Data[b*a.K.Batch+j*a.K.Time+kv*a.K.Head+d])
			}
			s, _ = score(a, b, h, i, j, s/math.Sqrt(float64(a.D)))
			p[j] = math.Exp(s)
			total += p[j]
		}
		lse[row] = math.Log(total)
		if total == 0 {
			return
		}
		for j, v := range p {
			if float64(a.Seed.Uint32(uint64(row*a.Tk+j))) < math.Round(a.Dropout*(1<<32)) {
				continue
			}
			for d := range a.D {
				o[((b*a.Tq+i)*a.H+h)*a.D+d] += v / total / (1 - a.Dropout) * float64(a.V.Data[b*a.V.Batch+j*a.V.Time+kv*a.V.Head+d])
			}
		}
	})
	return o, lse
}

// output returns a contiguous array for o.
func output[T kernel.Float](a kernel.Attention[T]) kernel.Heads[T] {
	return kernel.Heads[T]{Data: make([]T, a.B*a.Tq*a.H*a.D), Batch: a.Tq * a.H * a.D, Time: a.H * a.D, Head: a.D}
}

var smallAttention = []attentionCase{
	{b: 1, h: 1, kv: 1, tq: 1, tk: 1, d: 1},
	{b: 1, h: 1, kv: 1, tq: 1, tk: 1, d: 3, causal: true},
	{b: 2, h: 2, kv: 2, tq: 5, tk: 5, d: 4, causal: true, headFirst: true},
	{b: 2, h: 4, kv: 2, tq: 3, tk: 7, d: 2},
	{b: 1, h: 4, kv: 1, tq: 3, tk: 7, d: 5, causal: true, dropout: 0.3},
	{b: 2, h: 2, kv: 1, tq: 4, tk: 4, d: 3, causal: true, window: 2, headFirst: true},
	{b: 1, h: 1, kv: 1, tq: 6, tk: 6, d: 2, window: 3},
	{b: 2, h: 1, kv: 1, tq: 3, tk: 6, d: 2, causal: true, past: []int32{0, 3}},
	{b: 3, h: 2, kv: 2, tq: 3, tk: 5, d: 2, lengths: []int32{0, 2, 5}},
	{b: 1, h: 1, kv: 1, tq: 5, tk: 2, d: 2, causal: true},
	{b: 2, h: 2, kv: 2, tq: 3, tk: 4, d: 2, bias: "-", causal: true},
	{b: 2, h: 2, kv: 1, tq: 3, tk: 4, d: 2, bias: "b"},
	{b: 2, h: 4, kv: 2, tq: 3, tk: 4, d: 2, bias: "h", dropout: 0.5},
	{b: 2, h: 2, kv: 2, tq: 3, tk: 4, d: 2, bias: "bh", lengths: []int32{3, 1}, headFirst: true},
	{b: 4, h: 4, kv: 2, tq: 1, tk: 9, d: 3, bias: "bh"},
	{b: 1, h: 1, kv: 1, tq: 2, tk: 0, d: 3},
	{b: 0, h: 1, kv: 1, tq: 2, tk: 2, d: 3},
	{b: 1, h: 1, kv: 1, tq: 2, tk: 3, d: 2, window: 2, past: []int32{9}},
	{b: 1, h: 1, kv: 1, tq: 1, tk: 1, d: 1, distance: "-", softcap: 1, starts: []int32{0}, ends: []int32{1}},
	{b: 2, h: 2, kv: 1, tq: 3, tk: 3, d: 2, distance: "h", causal: true},
	{b: 2, h: 2, kv: 2, tq: 3, tk: 5, d: 2, distance: "-"},
	{b: 2, h: 4, kv: 2, tq: 2, tk: 6, d: 2, distance: "h", causal: true, past: []int32{0, 4}, bias: "h"},
	{b: 1, h: 2, kv: 1, tq: 5, tk: 2, d: 3, distance: "h", dropout: 0.4},
	{b: 2, h: 2, kv: 1, tq: 3, tk: 4, d: 2, softcap: 0.7, bias: "bh", distance: "h", lengths: []int32{4, 2}},
	{b: 2, h: 1, kv: 1, tq: 4, tk: 4, d: 2, causal: true, starts: []int32{0, 0, 2, 2, 0, 1, 1, 3}},
	{b: 2, h: 1, kv: 1, tq: 4, tk: 4, d: 2, starts: []int32{0, 0, 2, 2, 4, 1, 1, 3}, ends: []int32{2, 2, 4, 4, 2, 3, 1, 4}},
	{b: 1, h: 2, kv: 2, tq: 1, tk: 0, d: 3, distance: "h"},
	{b: 0, h: 2, kv: 2, tq: 2, tk: 2, d: 3, distance: "h"},
}

// largeAttention has several tiles in both directions and odd remainders.
var largeAttention = []attentionCase{
	{b: 1, h: 2, kv: 2, tq: 150, tk: 150, d: 20, causal: true},
	{b: 2, h: 2, kv: 1, tq: 70, tk: 200, d: 8, headFirst: true},
	{b: 1, h: 3, kv: 3, tq: 140, tk: 140, d: 16, causal: true, window: 30, dropout: 0.1},
	{b: 1, h: 1, kv: 1, tq: 130, tk: 130, d: 16, window: 9, bias: "-"},
	{b: 2, h: 8, kv: 4, tq: 1, tk: 300, d: 32, causal: true, past: []int32{100, 299}},
	{b: 2, h: 8, kv: 4, tq: 5, tk: 133, d: 4, lengths: []int32{133, 64}, causal: true, bias: "h"},
	{b: 1, h: 2, kv: 1, tq: 65, tk: 65, d: 300, causal: true},
	{b: 2, h: 2, kv: 1, tq: 150, tk: 150, d: 16, causal: true, distance: "h", softcap: 2},
	{b: 2, h: 2, kv: 2, tq: 140, tk: 190, d: 8, distance: "-", dropout: 0.2},
	{b: 1, h: 4, kv: 2, tq: 200, tk: 200, d: 8, causal: true, starts: documents(200, 3, 70, 130)},
	{b: 1, h: 2, kv: 2, tq: 200, tk: 200, d: 8, starts: documents(200, 70, 130), ends: documentEnds(200, 70, 130), bias: "h", window: 40},
	{b: 1, h: 2, kv: 1, tq: 150, tk: 150, d: 16, starts: jumps(150, 0), ends: jumps(150, 20)},
}

// jumps returns starts of n tokens that go forth and back every 16 tokens, plus shift.
func jumps(n int, shift int32) []int32 {
	starts := make([]int32, n)
	for i := range starts {
		starts[i] = int32(i/16%2*48) + shift
	}
	return starts
}

// documents returns the first token of the document of each of n tokens. New documents begin at the given tokens.
func documents(n int, begins ...int) []int32 {
	starts := make([]int32, n)
	for _, b := range begins {
		for i := b; i < n; i++ {
			starts[i] = int32(b)
		}
	}
	return starts
}

// documentEnds returns one more than the last token of the document of each of n tokens.
func documentEnds(n int, begins ...int) []int32 {
	ends := make([]int32, n)
	for i := range ends {
		ends[i] = int32(n)
		for k := len(begins) - 1; k >= 0; k-- {
			if i < begins[k] {
				ends[i] = int32(begins[k])
			}
		}
	}
	return ends
}

func newNormalizer[T kernel.Float](rows int) kernel.Normalizer[T] {
	return kernel.Normalizer[T]{Top: make([]T, rows), Inverse: make([]T, rows)}
}

// logSums returns log Σeˣ of each row.
func logSums[T kernel.Float](n kernel.Normalizer[T]) []T {
	sums := make([]T, len(n.Top))
	for i, top := range n.Top {
		sums[i] = top - T(math.Log(float64(n.Inverse[i])))
		if n.Inverse[i] == 0 {
			sums[i] = T(math.Inf(-1))
		}
	}
	return sums
}

func testAttention[T kernel.Float](t *testing.T) {
	for _, c := range append(clone(smallAttention), largeAttention...) {
		a := newAttention[T](c)
		want, wantLSE := attentionReference(a)
		o, n := output(a), newNormalizer[T](a.B*a.H*a.Tq)
		a.Forward(o, n)
		// A score is a sum of d products, and the probabilities carry its absolute error.
		tol := epsilon[T]() * float64(c.d+64)
		near(t, fmt.Sprintf("%+v", c), o.Data, want, tol)
		if a.Bias == nil && a.Distance == nil { // otherwise relative to an offset
			near(t, fmt.Sprintf("%+v lse", c), logSums(n), wantLSE, tol)
		}
		again := output(a)
		a.Forward(again, kernel.Normalizer[T]{})
		same(t, "without a normalizer", again.Data, o.Data)
	}
}

func TestAttention(t *testing.T) { bothTypes(t, testAttention[float32], testAttention[float64]) }

// A NaN in a query must reach its output.
func TestAttentionKeepsNaN(t *testing.T) {
	a := newAttention[float32](attentionCase{b: 1, h: 1, kv: 1, tq: 4, tk: 4, d: 2, causal: true})
	a.Q.Data[2] = float32(math.NaN())
	o := output(a)
	a.Forward(o, kernel.Normalizer[float32]{})
	if got := kernel.FirstNonFinite(o.Data); got != 2 {
		t.Errorf("got first NaN at %d of %v, want 2", got, o.Data)
	}
}

func TestAttentionPanics(t *testing.T) {
	a := newAttention[float32](attentionCase{b: 1, h: 3, kv: 2, tq: 1, tk: 1, d: 1})
	mustPanic(t, "kernel: attention: 3 heads do not divide into groups for 2 key heads", func() { a.Forward(output(a), kernel.Normalizer[float32]{}) })
	a = newAttention[float32](attentionCase{b: 1, h: 1, kv: 1, tq: 2, tk: 2, d: 2})
	a.K.Data = a.K.Data[:3]
	mustPanic(t, "kernel: attention: k has 3 elements, want at least 4", func() { a.Forward(output(a), kernel.Normalizer[float32]{}) })
}
