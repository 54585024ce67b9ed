package kernel_test

import (
	"fmt"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// rowsOf returns the elements of an operand of rows × cols in float64, row by row.
func rowsOf[T kernel.Float](m kernel.Matrix[T], offset, rows, cols int) []float64 {
	list := make([]float64, 0, rows*cols)
	for i := range rows {
		for j := range cols {
			at := i*m.Stride + j
			if m.Trans {
				at = j*m.Stride + i
			}
			list = append(list, float64(m.Data[offset+at]))
		}
	}
	return list
}

// gemmReference computes a Gemm in float64, element by element, and returns C and the values before the activation.
func gemmReference[T kernel.Float](g kernel.Gemm[T], old []T) (c, pre []float64) {
	c, pre = wide(old), wide(old)
	alpha := g.Alpha
	if alpha == 0 {
		alpha = 1
	}
	for b := range max(1, g.Batch) {
		rows := rowsOf(g.A, b*g.BatchA, g.M, g.K)
		transposed := g.B
		transposed.Trans = !g.B.Trans
		columns := rowsOf(transposed, b*g.BatchB, g.N, g.K)
		for i := range g.M {
			row := rows[i*g.K : (i+1)*g.K]
			for j := range g.N {
				s := dotProduct(row, columns[j*g.K:(j+1)*g.K])
				at := b*g.BatchC + i*g.StrideC + j
				s *= alpha
				if g.Accumulate {
					s += float64(old[at])
				}
				if g.Bias != nil {
					s += float64(g.Bias[j])
				}
				pre[at], c[at] = s, activation(g.Act, s)
			}
		}
	}
	return c, pre
}

// gemmCase is a product whose operands are random numbers; pad widens every stride.
type gemmCase struct {
	m, n, k, batch, pad int
	transA, transB      bool
	share               string // operand that all products of the batch share
}

func (c gemmCase) String() string {
	return fmt.Sprintf("%dx%dx%d batch %d pad %d trans %v %v share %q", c.m, c.n, c.k, c.batch, c.pad, c.transA, c.transB, c.share)
}

func newGemm[T kernel.Float](c gemmCase) kernel.Gemm[T] {
	operand := func(rows, cols int, trans bool, seed uint64) (kernel.Matrix[T], int) {
		if trans {
			rows, cols = cols, rows
		}
		size := rows * (cols + c.pad)
		data := randoms[T](size*max(1, c.batch), seed)
		return kernel.Matrix[T]{Data: data, Stride: cols + c.pad, Trans: trans}, size
	}
	g := kernel.Gemm[T]{M: c.m, N: c.n, K: c.k, StrideC: c.n + c.pad, Batch: c.batch}
	g.A, g.BatchA = operand(c.m, c.k, c.transA, 1)
	g.B, g.BatchB = operand(c.k, c.n, c.transB, 2)
	g.BatchC = c.m * g.StrideC
	g.C = randoms[T](g.BatchC*max(1, c.batch), 3)
	switch c.share {
	case "a":
		g.BatchA = 0
	case "b":
		g.BatchB = 0
	}
	return g
}

// gemmTol allows for a sum of k products of standard normal numbers: its partial sums are about √k, each is rounded once,
// and k roundings add up like √k of them.
func gemmTol[T kernel.Float](k int) float64 { return epsilon[T]() * float64(k+16) }

func checkGemm[T kernel.Float](t *testing.T, c gemmCase, change func(*kernel.Gemm[T])) {
	t.Helper()
	g := newGemm[T](c)
	if change != nil {
		change(&g)
	}
	want, pre := gemmReference(g, g.C)
	g.Run()
	near(t, c.String(), g.C, want, gemmTol[T](c.k))
	if g.Pre != nil {
		near(t, c.String()+" pre", g.Pre, pre, gemmTol[T](c.k))
	}
}

func testGemmShapes[T kernel.Float](t *testing.T) {
	sizes := []int{1, 2, 3, 4, 5, 7, 17, 33}
	for _, m := range sizes {
		for _, n := range sizes {
			for _, k := range []int{1, 2, 3, 8, 31} {
				for trans := range 4 {
					checkGemm[T](t, gemmCase{m: m, n: n, k: k, pad: m % 3, transA: trans&1 > 0, transB: trans&2 > 0}, nil)
				}
			}
		}
	}
}

func TestGemmShapes(t *testing.T) { bothTypes(t, testGemmShapes[float32], testGemmShapes[float64]) }

func testGemmLarge[T kernel.Float](t *testing.T) {
	for _, c := range []gemmCase{
		{m: 0, n: 3, k: 2}, {m: 3, n: 0, k: 2}, {m: 3, n: 4, k: 0},
		{m: 97, n: 259, k: 513}, {m: 1, n: 1001, k: 300}, {m: 2, n: 300, k: 700}, {m: 301, n: 1, k: 65},
		{m: 13, n: 300, k: 700}, {m: 20, n: 17, k: 13000}, {m: 33, n: 50, k: 2600}, // split along their depth
	} {
		for trans := range 4 {
			c.transA, c.transB = trans&1 > 0, trans&2 > 0
			checkGemm[T](t, c, nil)
		}
	}
}

func TestGemmLarge(t *testing.T) { bothTypes(t, testGemmLarge[float32], testGemmLarge[float64]) }

func testGemmBatch[T kernel.Float](t *testing.T) {
	for _, share := range []string{"", "a", "b"} {
		for trans := range 4 {
			for _, m := range []int{1, 5, 40} {
				checkGemm[T](t, gemmCase{
					m: m, n: 9, k: 6, batch: 7, pad: 1, share: share, transA: trans&1 > 0, transB: trans&2 > 0,
				}, nil)
			}
		}
	}
}

func TestGemmBatch(t *testing.T) { bothTypes(t, testGemmBatch[float32], testGemmBatch[float64]) }

func testGemmFinish[T kernel.Float](t *testing.T) {
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		for _, m := range []int{1, 6, 130} {
			for _, k := range []int{0, 5, 600} {
				checkGemm(t, gemmCase{m: m, n: 70, k: k, pad: 2}, func(g *kernel.Gemm[T]) {
					g.Act, g.Alpha, g.Accumulate = act, 0.25, m != 6
					g.Bias, g.Pre = randoms[T](70, 9), clone(g.C)
				})
			}
		}
	}
}

func TestGemmFinish(t *testing.T) { bothTypes(t, testGemmFinish[float32], testGemmFinish[float64]) }

// A product split along its depth finishes its rows in chunks.
func TestGemmDeepFinish(t *testing.T) {
	checkGemm(t, gemmCase{m: 40, n: 70, k: 1600, pad: 2, transA: true}, func(g *kernel.Gemm[float32]) {
		g.Act, g.Alpha, g.Accumulate = kernel.Sigmoid, 0.25, true
		g.Bias, g.Pre = randoms[float32](70, 9), clone(g.C)
	})
}

// The elements between the rows of C must not change.
func TestGemmLeavesPadding(t *testing.T) {
	g := newGemm[float32](gemmCase{m: 9, n: 5, k: 3, pad: 4})
	before := clone(g.C)
	g.Run()
	for i := range g.C {
		if i%9 >= 5 && g.C[i] != before[i] {
			t.Fatalf("element %d between the rows: got %g, want %g", i, g.C[i], before[i])
		}
	}
}

func TestGemmPanics(t *testing.T) {
	g := newGemm[float32](gemmCase{m: 4, n: 4, k: 4})
	short := g
	short.A.Data = short.A.Data[:10]
	mustPanic(t, "kernel: gemm: a has 10 elements, want at least 16", short.Run)
	short = g
	short.Bias = make([]float32, 3)
	mustPanic(t, "kernel: gemm: bias has 3 elements, want 4", short.Run)
	short = g
	short.StrideC = 2
	mustPanic(t, "kernel: gemm: rows of 4 elements", short.Run)
}
