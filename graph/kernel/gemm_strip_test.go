package kernel_test

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// pieceDepth is the depth above which products are split into pieces of about equal depth.
const pieceDepth = 384

// fusedProduct computes the expected result of every shape of strips: along the depth, one fused product after the
// other.
func fusedProduct(g kernel.Gemm[float32], c []float32) {
	pieces := (g.K + pieceDepth - 1) / pieceDepth
	depth := (g.K + pieces - 1) / pieces
	for from := 0; from < g.K; from += depth {
		for i := range g.M {
			for j := range g.N {
				var sum float32
				for k := from; k < min(from+depth, g.K); k++ {
					sum = kernel.FMA32(element(g.A, i, k), element(g.B, k, j), sum)
				}
				at := &c[i*g.StrideC+j]
				if g.Accumulate || from > 0 {
					*at = kernel.FMA32(float32(g.Alpha), sum, *at)
				} else {
					*at = float32(g.Alpha) * sum
				}
			}
		}
	}
}

func element(m kernel.Matrix[float32], i, j int) float32 {
	if m.Trans {
		i, j = j, i
	}
	return m.Data[i*m.Stride+j]
}

// The bits of a product by strips are the same on every processor.
func TestStripsBits(t *testing.T) {
	for name, level := range map[string]int{"narrow": kernel.Narrow, "wide": kernel.Wide} {
		t.Run(name, func(t *testing.T) {
			defer kernel.Accelerate(kernel.Accelerate(level))
			if kernel.Accelerate(level) != level {
				t.Skip("the processor has no such strips")
			}
			for trans := range 4 {
				for _, m := range []int{17, 29} { // too many for the other methods
					for _, n := range []int{5, 16, 43} {
						for _, k := range []int{1, 6, 384, 799} {
							checkBits(t, gemmCase{m: m, n: n, k: k, pad: 1, transA: trans&1 > 0, transB: trans&2 > 0})
						}
					}
				}
				// Two blocks of A.
				checkBits(t, gemmCase{m: 100, n: 37, k: 390, pad: 1, transA: trans&1 > 0, transB: trans&2 > 0})
			}
		})
	}
}

func checkBits(t *testing.T, c gemmCase) {
	t.Helper()
	g := newGemm[float32](c)
	g.Alpha, g.Accumulate = -0.3, c.m == 17
	clear(g.A.Data[:g.A.Stride]) // Alpha times zero is minus zero
	want := clone(g.C)
	fusedProduct(g, want)
	g.Run()
	same(t, c.String(), g.C, want)
}
