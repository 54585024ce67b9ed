package kernel_test

import (
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// TestAttentionCache: attention over keys and values in few bits has the bits of attention over their values in float32, for heads that begin
// inside a block and with every instruction set.
func TestAttentionCache(t *testing.T) {
	atEveryLevel(func(level string) {
		for _, q := range []kernel.Quant{kernel.BF16, kernel.Q8_0, kernel.Q4_0} {
			for _, c := range []attentionCase{
				{b: 2, h: 2, kv: 2, tq: 1, tk: 130, d: 32, causal: true}, {b: 1, h: 8, kv: 2, tq: 4, tk: 70, d: 16, causal: true, window: 20},
				{b: 1, h: 2, kv: 2, tq: 40, tk: 66, d: 80, causal: true}, {b: 3, h: 8, kv: 8, tq: 3, tk: 9, d: 12, causal: true, distance: "h"},
			} {
				a := newAttention[float32](c)
				a.Past = make([]int32, c.b)
				for i := range a.Past {
					a.Past[i] = int32(c.tk - c.tq - i)
				}
				want := output(a)
				packed := a
				packed.Cache, packed.K, a.K = q, kept(q, a.K, c), valued(q, a.K, c)
				packed.V, a.V = kept(q, a.V, c), valued(q, a.V, c)
				a.Forward(want, kernel.Normalizer[float32]{})
				got := output(packed)
				packed.Forward(got, kernel.Normalizer[float32]{})
				if !slices.Equal(got.Data, want.Data) {
					t.Errorf("%s %v %+v: the results differ", level, q, c)
				}
			}
		}
	})
}

// rowsOfHeads returns the rows (B·Tk, KVHeads·D) of x.
func rowsOfHeads(x kernel.Heads[float32], c attentionCase) (rows [][]float32) {
	for b := range c.b {
		for j := range c.tk {
			var row []float32
			for h := range c.kv {
				row = append(row, x.Data[b*x.Batch+j*x.Time+h*x.Head:][:c.d]...)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// kept returns x in a format.
func kept(q kernel.Quant, x kernel.Heads[float32], c attentionCase) kernel.Heads[float32] {
	words := q.Words(c.kv * c.d)
	y := kernel.Heads[float32]{Batch: c.tk * words, Time: words, Head: c.d}
	for _, row := range rowsOfHeads(x, c) {
		to := make([]float32, words)
		q.Keep(to, row)
		y.Data = append(y.Data, to...)
	}
	return y
}

// valued returns the values of x in a format.
func valued(q kernel.Quant, x kernel.Heads[float32], c attentionCase) kernel.Heads[float32] {
	n := c.kv * c.d
	y := kernel.Heads[float32]{Batch: c.tk * n, Time: n, Head: c.d}
	for _, row := range rowsOfHeads(x, c) {
		blocks := make([]byte, q.Bytes(n))
		q.Quantize(blocks, row)
		q.Dequantize(row, blocks)
		y.Data = append(y.Data, row...)
	}
	return y
}
