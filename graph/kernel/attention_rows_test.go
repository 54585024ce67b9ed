package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// TestAttendRows compares the softmax of a tile in assembly with its Go twin, for rows of every length, hidden keys, rows without
// keys, and maxima that grow or stay.
func TestAttendRows(t *testing.T) {
	const rows = 5
	hidden := float32(math.Inf(-1))
	for n := 1; n <= kernel.KeyTile; n++ {
		run := func(level int) (all [][]float32) {
			defer kernel.Accelerate(kernel.Accelerate(level))
			x, ds := randoms[float32](rows*kernel.KeyTile, 1), randoms[float32](rows*kernel.KeyTile, 2)
			for r := range rows {
				for j := n; j < kernel.KeyTile; j++ {
					x[r*kernel.KeyTile+j] = hidden
				}
			}
			for j := range n {
				x[kernel.KeyTile+j] = hidden
			}
			top, sum, shrink := []float32{hidden, hidden, 9, -9, 0.1}, make([]float32, rows), make([]float32, rows)
			p := clone(x)
			kernel.Attend(x, rows, n, top, sum, shrink)
			kernel.AttendGrad(p, ds, rows, n, []float32{1, 2, 3, 4, 5}, []float32{1, 0.5, 2, 3, 1}, []float32{-1, 0, 1, 2, 3})
			for r := range rows {
				for _, row := range [][]float32{x, p, ds} {
					all = append(all, row[r*kernel.KeyTile:][:n])
				}
			}
			return append(all, top[2:], sum, shrink)
		}
		plain, narrow := run(kernel.Plain), run(kernel.Narrow)
		for i, got := range run(kernel.Wide) {
			same(t, fmt.Sprintf("%d elements, result %d, wide and narrow vectors", n, i), got, narrow[i])
			near(t, fmt.Sprintf("%d elements, result %d", n, i), got, wide(plain[i]), 8*epsilon[float32]())
		}
	}
}

// TestAttendRowsNaN checks that NaN reaches the sum of its row, also if all scores are NaN.
func TestAttendRowsNaN(t *testing.T) {
	levels(t, func(t *testing.T) {
		nan := float32(math.NaN())
		for first := range 2 {
			x := make([]float32, kernel.KeyTile)
			for j := first; j < 16; j++ {
				x[j] = nan
			}
			top, sum, shrink := []float32{float32(math.Inf(-1))}, make([]float32, 1), make([]float32, 1)
			kernel.Attend(x, 1, 16, top, sum, shrink)
			if sum[0] == sum[0] || x[first] == x[first] || shrink[0] != shrink[0] {
				t.Errorf("NaN from element %d on: got sum %g, element %g, shrink %g, want NaN, NaN and a number", first, sum[0], x[first], shrink[0])
			}
		}
	})
}

// TestAttentionBlocks computes a sequence alone and in a large batch, which has larger blocks of queries. No bit may change.
func TestAttentionBlocks(t *testing.T) {
	const batch = 9
	n := 5*kernel.QueryTile + 7
	for _, c := range []attentionCase{
		{h: 1, kv: 1, tq: n, tk: n, d: 20, causal: true},
		{h: 2, kv: 1, tq: n, tk: n, d: 16, window: 70, dropout: 0.1},
		{h: 1, kv: 1, tq: n, tk: n, d: 16, causal: true, starts: documents(n, 3, 70, 130, 200), softcap: 2, distance: "h"},
	} {
		one, all := c, c
		one.b, all.b = 1, batch
		for range batch - 1 {
			all.starts = append(all.starts, c.starts...)
		}
		a, w := newAttention[float32](one), newAttention[float32](all)
		copy(w.Q.Data, a.Q.Data[:a.Q.Batch])
		copy(w.K.Data, a.K.Data[:a.K.Batch])
		copy(w.V.Data, a.V.Data[:a.V.Batch])
		do, many := output(a), output(w)
		many.Data = randoms[float32](len(many.Data), 8)
		copy(do.Data, many.Data)
		got, want := attentionGrads(w, many), attentionGrads(a, do)
		name := fmt.Sprintf("%+v", c)
		same(t, name+": o", got.O.Data[:len(do.Data)], want.O.Data)
		for k, x := range []kernel.Heads[float32]{got.DQ, got.DK, got.DV} {
			y := []kernel.Heads[float32]{want.DQ, want.DK, want.DV}[k]
			heads := []int{c.h, c.kv, c.kv}[k]
			same(t, fmt.Sprintf("%s: gradient %d", name, k), compact(w, x, n, heads)[:n*heads*c.d], compact(a, y, n, heads))
		}
	}
}
