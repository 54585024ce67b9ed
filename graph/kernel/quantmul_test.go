package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

var allFormats = []kernel.Quant{
	kernel.F16, kernel.BF16, kernel.Q8_0, kernel.Q4_0, kernel.Q4_1, kernel.Q5_0, kernel.Q5_1, kernel.Q4_K, kernel.Q5_K, kernel.Q6_K,
}

// packedCase returns a product of m rows of k numbers with n rows of packed weights.
func packedCase(q kernel.Quant, m, n, k int) kernel.PackedGemm {
	w := kernel.Pack(q, n, k, kernel.Matrix[float32]{Data: randoms[float32](n*k, 1), Stride: k})
	return kernel.PackedGemm{M: m, A: randoms[float32](m*k, 2), W: w, C: make([]float32, m*n)}
}

// values returns the weights of a packed matrix in float64.
func values(w *kernel.Packed) []float64 {
	all, row := []float64(nil), make([]float32, w.Cols)
	for i := range w.Rows {
		w.Row(i, row)
		for _, v := range row {
			all = append(all, float64(v))
		}
	}
	return all
}

// roundsBoth lists the formats whose products round the other operand.
var roundsBoth = []kernel.Quant{
	kernel.Q8_0, kernel.Q4_0, kernel.Q4_1, kernel.Q5_0, kernel.Q5_1, kernel.Q4_K, kernel.Q5_K, kernel.Q6_K,
}

// halves lists the formats of 16 bits.
var halves = []kernel.Quant{kernel.F16, kernel.BF16}

// TestPackedGemm compares products of every format with plain Go on the unpacked weights. Some formats round the other operand to
// 1/254 of the largest number of a block.
func TestPackedGemm(t *testing.T) {
	for _, q := range allFormats {
		for _, m := range []int{1, 2, 4, 5, 9, 40} {
			for _, n := range []int{1, 3, 8, 13, 67} {
				g := packedCase(q, m, n, 512)
				g.Bias, g.Pre, g.Act = randoms[float32](n, 3), make([]float32, m*n), kernel.ReLU
				g.Run()
				w := values(g.W)
				for i := range m {
					for j := range n {
						want, size, total := float64(g.Bias[j]), 0.0, 0.0
						for k := range 512 {
							x := float64(g.A[i*512+k]) * w[j*512+k]
							want, size, total = want+x, size+x*x, total+math.Abs(x)
						}
						tol := 64 * unit * total // chains of up to 64 additions
						if slices.Contains(roundsBoth, q) {
							tol = 0.02 * math.Sqrt(size) // a random sum of errors of up to 1/254
						}
						pre, y := float64(g.Pre[i*n+j]), g.C[i*n+j]
						if !(math.Abs(pre-want) <= tol) || y != max(g.Pre[i*n+j], 0) {
							t.Fatalf("%v %d×%d: element (%d, %d) is %g, after ReLU %g, want %g ± %g", q, m, n, i, j, pre, y, want, tol)
						}
					}
				}
			}
		}
	}
}

// plainly calls run without the assembly.
func plainly(run func()) {
	defer kernel.Accelerate(kernel.Accelerate(kernel.Plain))
	run()
}

// TestPackedTwin compares the assembly with plain Go bit for bit, for numbers of every size, a remainder of rows and of columns.
func TestPackedTwin(t *testing.T) {
	for _, q := range append(roundsBoth, halves...) {
		weights, _ := q.Block()
		unit := max(weights, 32)
		for k := unit; k <= max(576, 3*unit); k += unit {
			for _, scale := range []float32{1, 1e-44, 1e-38, 1e-30, 1e30, 0} {
				for _, m := range []int{3, 6} {
					if slices.Contains(halves, q) && m > 4 {
						continue // the assembly fuses the products: see TestPackedFused
					}
					g := packedCase(q, m, 19, k)
					for i := range g.A {
						g.A[i] *= scale
					}
					anyWeights(g.W)
					g.Run()
					asm := slices.Clone(g.C)
					plainly(g.Run)
					for i := range asm {
						if math.Float32bits(asm[i]) != math.Float32bits(g.C[i]) {
							t.Fatalf("%v, %d rows of %d, times %g: element %d is %g in assembly, %g in Go", q, m, k, scale, i, asm[i], g.C[i])
						}
					}
				}
			}
		}
	}
}

// TestPackedFused compares products of more than FewRows rows with weights in 16 bits with sums in plain Go, bit for bit: eight parts of
// fused products. It includes fewer columns than a group of the assembly has, and a remainder.
func TestPackedFused(t *testing.T) {
	if !kernel.FusesPacked() {
		t.Skip("no assembly for weights in 16 bits and several rows")
	}
	for _, q := range halves {
		for m := kernel.FewRows + 1; m <= kernel.PackedMany; m++ {
			for _, n := range []int{1, 2, 3, 31} {
				for _, k := range []int{32, 96, 544} {
					checkFused(t, packedCase(q, m, n, k))
				}
			}
		}
	}
}

func checkFused(t *testing.T, g kernel.PackedGemm) {
	t.Helper()
	g.Run()
	n, k := g.W.Rows, g.W.Cols
	w := make([]float32, k)
	for j := range n {
		g.W.Row(j, w)
		for i := range g.M {
			if want := fusedDot(g.A[i*k:][:k], w); g.C[i*n+j] != want {
				t.Fatalf("%v %d×%d×%d: element (%d, %d) is %g, want %g", g.W.Format, g.M, n, k, i, j, g.C[i*n+j], want)
			}
		}
	}
}

// fusedDot sums the products of x and y in eight parts. Part l has the products l, l+8, …, which are not rounded before they are added.
func fusedDot(x, y []float32) float32 {
	var s [8]float32
	for i := range x {
		s[i%8] = kernel.FMA32(x[i], y[i], s[i%8])
	}
	return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
}

// TestPackedBytes compares products by bytes with products by 16 bits, bit for bit, for a remainder of rows and of columns.
func TestPackedBytes(t *testing.T) {
	for _, q := range roundsBoth {
		for _, m := range []int{5, 8, 11} {
			g := packedCase(q, m, 37, 512)
			anyWeights(g.W)
			plainly(g.Run)
			want := slices.Clone(g.C)
			restore, ok := kernel.PlainBytes() // has no effect on Q6_K, whose products are by 16 bits
			if !ok {
				restore()
				t.Skip("the processor cannot unpack weights to bytes")
			}
			g.Run()
			restore()
			if !slices.Equal(g.C, want) {
				t.Errorf("%v, %d rows: other bits by bytes", q, m)
			}
		}
	}
}

// anyWeights changes the weights, but no scale in binary16, to any bytes, as foreign files may have.
func anyWeights(w *kernel.Packed) { fillWeights(w, func(i int) byte { return byte(i * 7919 >> 3) }) }

// fillWeights sets all bytes of the weights but those of the scales in binary16.
func fillWeights(w *kernel.Packed, value func(i int) byte) {
	_, bytes := w.Format.Block()
	first, end := 2, bytes // of the other bytes in a block
	switch w.Format {
	case kernel.Q4_1, kernel.Q5_1, kernel.Q4_K, kernel.Q5_K:
		first = 4
	case kernel.Q6_K:
		first, end = 0, bytes-2
	}
	for i := range w.Data {
		if at := i % bytes; first <= at && at < end {
			w.Data[i] = value(i)
		}
	}
}

// TestPackedNotFinite: a NaN or an infinity among the numbers shows in the products.
func TestPackedNotFinite(t *testing.T) {
	for _, q := range allFormats {
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for _, m := range []int{1, 9} {
				g := packedCase(q, m, 5, 256)
				g.A[7] = float32(bad)
				for _, run := range []func(){g.Run, func() { plainly(g.Run) }} {
					run()
					if v := float64(g.C[0]); v-v == 0 {
						t.Errorf("%v, %d rows: the product with %g is %g", q, m, bad, v)
					}
				}
			}
		}
	}
}

// TestPackedOneOrder: a row has the same product alone, with few rows and with many rows.
func TestPackedOneOrder(t *testing.T) {
	for _, q := range roundsBoth {
		all := packedCase(q, 9, 30, 512)
		all.Run()
		for _, m := range []int{1, 3} {
			few := packedCase(q, m, 30, 512)
			copy(few.A, all.A)
			few.Run()
			if !slices.Equal(few.C, all.C[:len(few.C)]) {
				t.Errorf("%v: %d rows have other products than among 9", q, m)
			}
		}
	}
}

// TestPackedWorkers: bits do not depend on the number of workers.
func TestPackedWorkers(t *testing.T) {
	for _, q := range allFormats {
		for _, m := range []int{1, 3, 12} {
			g := packedCase(q, m, 700, 256)
			g.Run()
			want := slices.Clone(g.C)
			for _, workers := range []int{2, 5} {
				withWorkers(workers, g.Run)
				if !slices.Equal(g.C, want) {
					t.Errorf("%v, %d rows: other bits with %d workers", q, m, workers)
				}
			}
		}
	}
}

// TestPackTransposed packs a matrix that is stored by columns, and looks rows up.
func TestPackTransposed(t *testing.T) {
	x, turned := randoms[float32](3*256, 1), make([]float32, 3*256)
	for i := range 3 {
		for k := range 256 {
			turned[k*3+i] = x[i*256+k]
		}
	}
	for _, q := range allFormats {
		a := kernel.Pack(q, 3, 256, kernel.Matrix[float32]{Data: x, Stride: 256})
		b := kernel.Pack(q, 3, 256, kernel.Matrix[float32]{Data: turned, Stride: 3, Trans: true})
		if !slices.Equal(a.Data, b.Data) {
			t.Errorf("%v: a transposed matrix has other bytes", q)
		}
		want, got := make([]float32, 3*256), make([]float32, 2*256)
		q.Dequantize(want, a.Data)
		a.Gather(got, []int32{2, 0})
		if !slices.Equal(got, append(slices.Clone(want[512:]), want[:256]...)) {
			t.Errorf("%v: Gather returns other rows", q)
		}
	}
}

// TestPackRows: rows that are packed in groups have the bytes of the whole matrix.
func TestPackRows(t *testing.T) {
	const rows, cols = 7, 256
	x := make([]float32, rows*cols)
	kernel.Normal(x, kernel.Seed{Key: 1}, 0, 1)
	for _, q := range allFormats {
		want, got := kernel.Pack(q, rows, cols, kernel.Matrix[float32]{Data: x, Stride: cols}), kernel.NewPacked(q, rows, cols)
		for first := 0; first < rows; first += 3 {
			n := min(3, rows-first)
			got.PackRows(first, n, kernel.Matrix[float32]{Data: x[first*cols:], Stride: cols})
		}
		if !slices.Equal(got.Data, want.Data) {
			t.Errorf("%v: rows that are packed in groups differ", q)
		}
	}
}

// TestPackedLargest: sums of the largest products of numbers have the same bits in assembly and in plain Go.
func TestPackedLargest(t *testing.T) {
	for _, q := range roundsBoth {
		for _, fill := range []byte{0x00, 0xff, 0x80, 0x7f} {
			for _, m := range []int{1, 5} {
				g := packedCase(q, m, 9, 512)
				for i := range g.A {
					g.A[i] = float32(1 - i&32/16) // a block of ones, a block of minus ones
				}
				fillWeights(g.W, func(int) byte { return fill })
				g.Run()
				asm := slices.Clone(g.C)
				plainly(g.Run)
				if !slices.Equal(asm, g.C) {
					t.Errorf("%v, %d rows, bytes %#x: got %v in assembly, %v in Go", q, m, fill, asm[:9], g.C[:9])
				}
			}
		}
	}
}
