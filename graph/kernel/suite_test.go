package kernel_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// suite holds one call of every kernel, large enough for several chunks, and the slices that the calls write.
type suite[T kernel.Float] struct {
	calls map[string]func()
	out   map[string][][]T
}

func (s suite[T]) add(name string, call func(), out ...[]T) {
	s.calls[name], s.out[name] = call, out
}

func newSuite[T kernel.Float]() suite[T] {
	s := suite[T]{map[string]func(){}, map[string][][]T{}}
	s.addRows()
	s.addElements()
	s.addProducts()
	s.addRecurrent()
	return s
}

func (s suite[T]) addRows() {
	const rows, cols = 300, 257
	x, dy, y, dx := randoms[T](rows*cols, 1), randoms[T](rows*cols, 2), make([]T, rows*cols), make([]T, rows*cols)
	m, dw, db := newMoments[T](rows), make([]T, cols), make([]T, cols)
	n := kernel.Norm[T]{X: x, W: dy[:cols], B: dy[cols : 2*cols], Cols: cols, Eps: 1e-5}
	s.add("norm", func() {
		n.Forward(y, m)
		n.Backward(dx, dw, db, dy, m)
	}, y, m.Mean, m.Rest, m.Rstd, dx, dw, db)
	s.add("softmax", func() {
		kernel.Softmax(y, x, cols)
		kernel.SoftmaxGrad(dx, y, dy, cols)
	}, y, dx)
	s.add("log softmax", func() {
		kernel.LogSoftmax(y, x, cols)
		kernel.LogSoftmaxGrad(dx, y, dy, cols)
	}, y, dx)
	c := newCrossEntropy[T](rows, cols, 0.1)
	loss, norms := make([]T, 1), newNormalizer[T](rows)
	s.add("cross entropy", func() {
		loss[0] = T(c.Forward(norms))
		c.Backward(dx, norms, 1)
	}, loss, norms.Top, norms.Inverse, dx)
	table, ids := make([]T, len(x)), []int32{5, 7, 5}
	s.add("embedding", func() {
		copy(table, x)
		kernel.Gather(y[:cols*3], table, ids, cols)
		kernel.ScatterAdd(table, ids, y[:cols*3], cols)
	}, y, table)
	s.add("sums", func() {
		kernel.ColumnSums(db, x, cols)
		kernel.SumTo(dw, x, []int{10, 30, cols}, []bool{false, false, true})
		kernel.SumTo(m.Mean, x, []int{rows, cols}, []bool{true, false})
		loss[0] = T(kernel.SumSquares(x))
	}, db, dw, m.Mean, loss)
	b := kernel.Broadcast{Shape: []int{rows, cols}, StrideX: []int{cols, 1}, StrideY: []int{0, 1}}
	s.add("copies", func() {
		kernel.Transpose(y, x, []int{30, 10, cols}, []int{2, 0, 1})
		kernel.Transpose(dx, x, []int{30, 10, cols}, []int{1, 0, 2})
		kernel.BinaryBroadcast(kernel.Add, y, x, dy, &b)
	}, y, dx)
}

func (s suite[T]) addElements() {
	const n = 50000
	x, dy, y, dx, z := randoms[T](n, 1), randoms[T](n, 2), make([]T, n), make([]T, n), make([]T, n)
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		s.add(act.String(), func() {
			kernel.Activate(act, y, x)
			kernel.ActivateGrad(act, dx, x, dy)
		}, y, dx)
	}
	s.add("elementwise", func() {
		kernel.SwiGLU(y, x, dy)
		kernel.SwiGLUGrad(dx, z, x, dy, y)
		kernel.Binary(kernel.Mul, y, y, x)
		kernel.AddScaled(y, 2, x)
		kernel.Scale(dx, dx, 3)
	}, y, dx, z)
	positions := make([]int32, n/50)
	for i := range positions {
		positions[i] = int32(i * 7)
	}
	r := kernel.RoPE[T]{Cols: 50, Heads: 3, D: 16, Angles: kernel.NewAngles[T](ropeFrequencies(14), 1.1, false), Positions: positions}
	i := kernel.RoPE[T]{Cols: 50, Heads: 2, D: 16, Angles: kernel.NewAngles[T](ropeFrequencies(16), 1, true), Time: 100, Inverse: true}
	s.add("rope", func() {
		r.Run(y, x)
		i.Run(dx, x)
		i.Run(dx, dx)
	}, y, dx)
	seed := kernel.Seed{Key: kernel.Key(1, "x"), Stream: 3}
	s.add("random", func() {
		kernel.Uniform(y, seed, 0, 1)
		kernel.Normal(dx, seed, 0, 1)
		kernel.Dropout(z, dx, 0.1, seed)
	}, y, dx, z)
	w, m, v, finite := make([]T, n), make([]T, n), make([]T, n), make([]T, 1)
	s.add("optimizer", func() {
		copy(w, x)
		clear(m)
		clear(v)
		kernel.AdamW(w, dy, m, v, 1, kernel.Adam{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Step: 1})
		kernel.AdamL2(w, dy, m, v, 1, kernel.Adam{Rate: 0.1, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, Step: 2})
		kernel.SGDMomentum(w, dy, m, 1, kernel.SGD{Rate: 0.1, Momentum: 0.9, Step: 2})
		finite[0] = T(kernel.FirstNonFinite(w))
	}, w, m, v, finite)
}

func (s suite[T]) addProducts() {
	for name, c := range map[string]gemmCase{
		"gemm": {m: 150, n: 300, k: 270, transB: true}, "gemm thin": {m: 1, n: 3000, k: 100}, "gemm batch": {m: 20, n: 30, k: 40, batch: 50, transA: true},
	} {
		g := newGemm[T](c)
		s.add(name, g.Run, g.C)
	}
	for name, c := range map[string]attentionCase{
		"attention":           {b: 2, h: 4, kv: 2, tq: 130, tk: 130, d: 16, causal: true, dropout: 0.1, bias: "h"},
		"attention, distance": {b: 2, h: 4, kv: 2, tq: 130, tk: 130, d: 16, causal: true, distance: "-", softcap: 2},
		"attention, ranges": {
			b: 1, h: 4, kv: 2, tq: 200, tk: 200, d: 16, distance: "h", starts: documents(200, 70, 130), ends: documentEnds(200, 70, 130),
		},
	} {
		a := newAttention[T](c)
		do := output(a)
		do.Data = randoms[T](len(do.Data), 8)
		g, p := attentionGrads(a, do), make([]T, c.b*c.h*c.tq*c.tk)
		s.add(name, func() {
			a.Forward(g.O, g.Normalizer)
			a.Backward(g)
			a.Probabilities(p)
		}, g.O.Data, g.Normalizer.Top, g.Normalizer.Inverse, g.DQ.Data, g.DK.Data, g.DV.Data, g.DBias, g.DDistance, p)
	}
}

func (s suite[T]) addRecurrent() {
	for _, c := range bothCells(recurrentCase{b: 100, t: 3, h: 70, bias: true, initial: true}) {
		r, states, d := newRecurrent[T](c)
		s.add(c.cell.String(), func() {
			r.Forward(states)
			r.Backward(states, d)
		}, states.Y, states.C, states.Gates, d.DX, d.DW, d.DBias, d.DH0, d.DC0)
	}
}

func testSameBits[T kernel.Float](t *testing.T) {
	s, counts := newSuite[T](), []int{2, 4, 8}
	if !sweep.All() {
		counts = []int{8}
	}
	for name, call := range s.calls {
		var want [][]T
		withWorkers(1, func() {
			call()
			for _, out := range s.out[name] {
				want = append(want, clone(out))
			}
		})
		for _, workers := range counts {
			withWorkers(workers, call)
			for i, out := range s.out[name] {
				same(t, name, out, want[i])
			}
		}
	}
}

func TestSameBits(t *testing.T) { bothTypes(t, testSameBits[float32], testSameBits[float64]) }

func testNoAllocation[T kernel.Float](t *testing.T) {
	s := newSuite[T]()
	for name, call := range s.calls {
		if got := testing.AllocsPerRun(2, call); got != 0 {
			t.Errorf("%s: got %g allocations per run, want 0", name, got)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	bothTypes(t, testNoAllocation[float32], testNoAllocation[float64])
}

// testing.AllocsPerRun uses one processor. This test counts with several workers. While some workers lag behind, their
// loops are not free for reuse, and new loops are allocated. But a series of runs without an allocation must occur.
func TestNoAllocationWithWorkers(t *testing.T) {
	const series, runs = 100, 10
	withWorkers(4, func() {
		s := newSuite[float32]()
		for name, call := range s.calls {
			least := uint64(math.MaxUint64)
			for range series {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				for range runs {
					call()
				}
				runtime.ReadMemStats(&after)
				if least = min(least, after.Mallocs-before.Mallocs); least == 0 {
					break
				}
			}
			if least > 0 {
				t.Errorf("%s: got at least %d allocations in each of %d series of %d runs, want one with none", name, least, series, runs)
			}
		}
	})
}
