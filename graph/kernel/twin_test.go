package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// guard is the number of elements around each operand that a kernel must neither read nor write.
const guard = 9

// guarded is a slice of n random numbers between NaNs. Its address is not aligned to a vector.
type guarded struct {
	all []float32
	n   int
}

func newGuarded(n int, seed uint64) guarded {
	g := guarded{make([]float32, n+2*guard), n}
	for i := range g.all {
		g.all[i] = float32(math.NaN())
	}
	copy(g.slice(), randoms[float32](n, seed))
	return g
}

func (g guarded) slice() []float32 { return g.all[guard : guard+g.n : guard+g.n] }

// checkGuard fails if an element around the slice is no longer NaN.
func (g guarded) checkGuard(t *testing.T, what string) {
	t.Helper()
	for i, v := range g.all {
		if (i < guard || i >= guard+g.n) && v == v {
			t.Fatalf("%s: element %d was written, %d outside of %d", what, i-guard, guard, g.n)
		}
	}
}

// twinKernel is a kernel on rows of n elements: a, b and c are inputs; y and z are outputs, which hold random numbers
// before.
type twinKernel struct {
	name string
	tol  float64 // zero if every bit must agree
	run  func(a, b, c, y, z []float32)
}

// A single operation is rounded equally in both. Several operations are not: a fused product is rounded once. The tolerances
// count roundings. The activations have the tolerances of TestFunctions.
const unit = 0x1p-24

func twinKernels() []twinKernel {
	list := []twinKernel{
		{"swiglu", 8 * unit, func(a, b, _, y, _ []float32) { kernel.SwiGLU(y, a, b) }},
		{"swiglu grad", 16 * unit, func(a, b, c, y, z []float32) { kernel.SwiGLUGrad(y, z, a, b, c) }},
		{"add scaled", 0, func(a, _, _, y, _ []float32) { kernel.AddScaled(y, 1.7, a) }},
		{"scale", 0, func(a, _, _, y, _ []float32) { kernel.Scale(y, a, 1.7) }},
		{"dropout", 0, func(a, _, _, y, _ []float32) { kernel.Dropout(y, a, 0.3, kernel.Seed{Key: 5, Stream: 1 << 33}) }},
		{"softmax", 8 * unit, func(a, b, _, y, z []float32) {
			kernel.Softmax(y, a, len(a))
			kernel.SoftmaxGrad(z, y, b, len(a))
		}},
		{"log softmax", 32 * unit, func(a, b, _, y, z []float32) {
			kernel.LogSoftmax(y, a, len(a))
			kernel.LogSoftmaxGrad(z, y, b, len(a))
		}},
		{"sums", 2 * unit, func(a, _, _, y, _ []float32) {
			if len(a) > 0 {
				y[0] = float32(kernel.Sum(a) + kernel.SumSquares(a))
				kernel.ColumnSums(y[1:], a[1:], len(a)-1)
			}
		}},
		{"cross entropy", 8 * unit, func(a, _, _, y, _ []float32) {
			if len(a) > 0 {
				c := kernel.CrossEntropy[float32]{Logits: a, Targets: []int32{int32(len(a) / 2)}, V: len(a), Smoothing: 0.1}
				n := newNormalizer[float32](1)
				loss := float32(c.Forward(n))
				c.Backward(y, n, 3)
				y[0] += loss
			}
		}},
		{"adam", 8 * unit, func(a, b, c, y, z []float32) {
			for i := range b {
				z[i] = b[i] * b[i]
			}
			kernel.AdamW(y, a, c, z, 0.7, kernel.Adam{Rate: 0.01, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1, Step: 3})
		}},
	}
	list = append(list,
		twinKernel{"softcap", 8 * unit, func(a, _, _, y, z []float32) {
			copy(y, a)
			kernel.Softcap(y, z, 1.3)
		}},
		twinKernel{"add shifted", 0, func(a, _, _, y, _ []float32) { kernel.AddShifted(y, a, 0.7) }},
	)
	for _, interleaved := range []bool{false, true} {
		list = append(list, twinKernel{fmt.Sprintf("rope interleaved %v", interleaved), 0, func(a, b, _, y, z []float32) {
			dim := len(a) &^ 1
			r := kernel.RoPE[float32]{Cols: len(a), Heads: min(1, dim), D: dim, Time: 1, Positions: []int32{7}[:min(1, len(a))]}
			r.Angles = kernel.NewAngles[float32](ropeFrequencies(dim), 1, interleaved)
			r.Run(y, a)
			r.Inverse = true
			r.Run(z, b)
		}})
	}
	for act := kernel.ReLU; act <= kernel.Sigmoid; act++ {
		list = append(list, twinKernel{act.String(), 16 * unit, func(a, b, _, y, z []float32) {
			kernel.Activate(act, y, a)
			kernel.ActivateGrad(act, z, a, b)
		}})
	}
	for op := kernel.Add; op <= kernel.Div; op++ {
		list = append(list, twinKernel{op.String(), 0, func(a, b, _, y, _ []float32) { kernel.Binary(op, y, a, b) }})
	}
	return append(list, twinNorms()...)
}

func twinNorms() []twinKernel {
	var list []twinKernel
	for kind := range 8 {
		rms, weight, bias := kind&1 > 0, kind&2 > 0, kind&4 > 0
		list = append(list, twinKernel{fmt.Sprintf("norm rms %v weight %v bias %v", rms, weight, bias), 32 * unit, func(a, b, c, y, z []float32) {
			n := kernel.Norm[float32]{X: a, Cols: len(a), Eps: 1e-5, RMS: rms}
			if weight {
				n.W = b
			}
			if bias {
				n.B = c
			}
			rows := min(1, len(a))
			m, dw, db := newMoments[float32](rows), make([]float32, len(a)), make([]float32, len(a))
			n.Forward(y, m)
			n.Backward(z, dw, db, c, m)
			for i := range y {
				y[i] += dw[i] + db[i]
			}
		}})
	}
	return list
}

// This test compares each row kernel in assembly with its twin in Go, for every length up to 257 with guards around the
// operands.
func TestTwins(t *testing.T) {
	for _, k := range twinKernels() {
		for n := range 258 {
			var results [2][2]guarded
			for pass, level := range []int{kernel.Plain, kernel.Wide} {
				var x [5]guarded
				for i := range x {
					x[i] = newGuarded(n, uint64(i))
				}
				old := kernel.Accelerate(level)
				k.run(x[0].slice(), x[1].slice(), x[2].slice(), x[3].slice(), x[4].slice())
				kernel.Accelerate(old)
				for _, g := range x {
					g.checkGuard(t, fmt.Sprintf("%s of %d", k.name, n))
				}
				results[pass] = [2]guarded{x[3], x[4]}
			}
			for i := range results[0] {
				near(t, fmt.Sprintf("%s of %d", k.name, n), results[1][i].slice(), wide(results[0][i].slice()), k.tol)
			}
		}
	}
}

// guardMatrix returns a matrix of rows by cols elements whose stride is not a multiple of a vector. The elements between
// the rows are NaN.
func guardMatrix(rows, cols int, trans bool, seed uint64) kernel.Matrix[float32] {
	if trans {
		rows, cols = cols, rows
	}
	stride := cols + 3
	data := make([]float32, rows*stride)
	for i, v := range randoms[float32](len(data), seed) {
		data[i] = v
		if i%stride >= cols {
			data[i] = float32(math.NaN())
		}
	}
	return kernel.Matrix[float32]{Data: data[:max(0, len(data)-3)], Stride: stride, Trans: trans}
}

// This test compares the micro-kernels with their twin for all numbers of rows and columns up to two tiles, with NaN around.
func TestGemmTwin(t *testing.T) {
	rows, cols := 25, 65
	if !sweep.All() {
		rows, cols = 13, 33 // two of the narrow tiles
	}
	for m := 1; m <= rows; m++ {
		for n := 1; n <= cols; n++ {
			for _, k := range []int{1, 7, 400} {
				if k == 400 && m > 13 && n > 33 {
					continue // covered by smaller sizes
				}
				for trans := range 4 {
					gemmTwins(t, gemmCase{m: m, n: n, k: k, transA: trans&1 > 0, transB: trans&2 > 0})
				}
			}
		}
	}
}

// gemmTwins runs a product at every level. All assembly sums in the same order, so its bits do not depend on the level.
func gemmTwins(t *testing.T, c gemmCase) {
	t.Helper()
	g := kernel.Gemm[float32]{M: c.m, N: c.n, K: c.k, StrideC: c.n + 5, Accumulate: c.transB && !c.transA, Alpha: 0.5}
	g.A, g.B = guardMatrix(c.m, c.k, c.transA, 1), guardMatrix(c.k, c.n, c.transB, 2)
	var results [3]guarded
	for level := range results {
		results[level] = newGuarded(c.m*g.StrideC, 3)
		g.C = results[level].slice()
		old := kernel.Accelerate(level)
		g.Run()
		kernel.Accelerate(old)
		results[level].checkGuard(t, c.String())
	}
	near(t, c.String(), results[kernel.Narrow].slice(), wide(results[kernel.Plain].slice()), gemmTol[float32](c.k))
	near(t, c.String()+" of wide strips against narrow strips", results[kernel.Wide].slice(), wide(results[kernel.Narrow].slice()), 0)
}

// The functions in vector registers meet the tolerances of their twins.
func TestVectorFunctions(t *testing.T) {
	const ulp = 0x1p-23
	one := func(rows func(y, x []float32)) func(float32) float32 {
		return func(x float32) float32 {
			var in, out [8]float32
			in[5] = x
			rows(out[:], in[:])
			return out[5]
		}
	}
	act := func(a kernel.Activation) func(float32) float32 {
		return one(func(y, x []float32) { kernel.Activate(a, y, x) })
	}
	exp := one(func(y, x []float32) { kernel.ExpRow(y, x, 0) })
	checkFunction(t, "exp", exp, math.Exp, -86.6, 88.7, 2*ulp)
	checkFunction(t, "tanh", act(kernel.Tanh), math.Tanh, -12, 12, 4*ulp)
	checkFunction(t, "sigmoid", act(kernel.Sigmoid), func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, -80, 80, 4*ulp)
	gelu := func(x float64) float64 { return x * math.Erfc(-x/math.Sqrt2) / 2 }
	checkFunction(t, "gelu", act(kernel.GELU), gelu, -2, 12, 8*ulp)
	// In the tail the rounding of x²/2, up to 72, becomes a relative error: 72/2 units.
	checkFunction(t, "gelu", act(kernel.GELU), gelu, -12, -2, 48*ulp)
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range [][2]float64{{-inf, 0}, {-87, 0}, {-1e30, 0}, {0, 1}, {88.73, inf}, {inf, inf}, {nan, nan}} {
		near(t, "exp", []float32{exp(float32(c[0]))}, c[1:], 0)
	}
}
