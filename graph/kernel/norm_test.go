package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// normShapes are (rows, columns); the last has more than one chunk of rows.
var normShapes = [][2]int{{0, 4}, {1, 1}, {1, 5}, {3, 1}, {2, 8}, {7, 33}, {5, 768}, {301, 129}}

// normReference is the definition of Norm.Forward in float64.
func normReference[T kernel.Float](n kernel.Norm[T]) (y, mean, rstd []float64) {
	c := n.Cols
	y = make([]float64, len(n.X))
	for r := 0; r < len(n.X); r += c {
		m, v := 0.0, 0.0
		for _, x := range n.X[r : r+c] {
			m += float64(x) / float64(c)
		}
		if n.RMS {
			m = 0
		}
		for _, x := range n.X[r : r+c] {
			v += (float64(x) - m) * (float64(x) - m) / float64(c)
		}
		d := 1 / math.Sqrt(v+n.Eps)
		for i, x := range n.X[r : r+c] {
			y[r+i] = (float64(x) - m) * d
			if n.W != nil {
				y[r+i] *= float64(n.W[i])
			}
			if n.B != nil {
				y[r+i] += float64(n.B[i])
			}
		}
		mean, rstd = append(mean, m), append(rstd, d)
	}
	return y, mean, rstd
}

func newNorm[T kernel.Float](rows, cols int, rms, affine bool) kernel.Norm[T] {
	n := kernel.Norm[T]{X: randoms[T](rows*cols, 1), Cols: cols, Eps: 1e-5, RMS: rms}
	if affine {
		n.W = randoms[T](cols, 2)
		if !rms {
			n.B = randoms[T](cols, 3)
		}
	}
	return n
}

func eachNorm[T kernel.Float](f func(name string, n kernel.Norm[T], rows int)) {
	for _, s := range normShapes {
		for _, rms := range []bool{false, true} {
			for _, affine := range []bool{false, true} {
				name := fmt.Sprintf("%dx%d rms %v affine %v", s[0], s[1], rms, affine)
				f(name, newNorm[T](s[0], s[1], rms, affine), s[0])
			}
		}
	}
}

func testNormForward[T kernel.Float](t *testing.T) {
	eachNorm(func(name string, n kernel.Norm[T], rows int) {
		want, wantMean, wantRstd := normReference(n)
		y, mean, rstd := make([]T, len(n.X)), make([]T, rows), make([]T, rows)
		n.Forward(y, mean, rstd)
		// Statistics are exact to one rounding; subtracting, scaling and the affine part add four, and a row of almost
		// equal numbers scales the error of the mean by rstd, at most 1/√Eps = 316 for a single column.
		near(t, name+" rstd", rstd, wantRstd, 4*epsilon[T]())
		near(t, name+" mean", mean, wantMean, 2*epsilon[T]())
		near(t, name, y, want, 32*epsilon[T]())
		n.Forward(n.X, nil, nil)
		same(t, name+" in place", n.X, y)
	})
}

func TestNormForward(t *testing.T) {
	bothTypes(t, testNormForward[float32], testNormForward[float64])
}

// A large common offset must not eat the digits of the variance.
func TestNormOffset(t *testing.T) {
	n := kernel.Norm[float32]{X: randoms[float32](4*512, 1), Cols: 512, Eps: 1e-5}
	for i := range n.X {
		n.X[i] += 1000
	}
	want, _, _ := normReference(n)
	y := make([]float32, len(n.X))
	n.Forward(y, nil, nil)
	// x and the stored mean have spacings of 6e-5 at 1000; half of that is what a mean in float32 can be off.
	near(t, "y", y, want, 4e-5)
}

func TestNormBackward(t *testing.T) {
	eachNorm(func(name string, n kernel.Norm[float64], rows int) {
		if len(n.X) > 1000 {
			return // central differences cost a forward pass per element
		}
		y, mean, rstd := make([]float64, len(n.X)), make([]float64, rows), make([]float64, rows)
		dy, dx := randoms[float64](len(n.X), 4), make([]float64, len(n.X))
		dw, db := make([]float64, n.Cols), make([]float64, n.Cols)
		n.Forward(y, mean, rstd)
		n.Backward(dx, dw, db, mean, rstd, dy)
		f := func() float64 {
			n.Forward(y, nil, nil)
			return dotProduct(y, dy)
		}
		if n.Cols > 1 { // a single column has a third derivative of 1/Eps^1.5, too steep for differences
			checkGradient(t, name+" dx", f, n.X, dx)
		}
		if n.W != nil {
			checkGradient(t, name+" dw", f, n.W, dw)
		}
		if n.B != nil {
			checkGradient(t, name+" db", f, n.B, db)
		}
	})
}

// The float32 gradients agree with the float64 ones, and what is not wanted changes nothing in the rest.
func TestNormBackwardFloat32(t *testing.T) {
	eachNorm(func(name string, n kernel.Norm[float32], rows int) {
		w := kernel.Norm[float64]{X: wide(n.X), Cols: n.Cols, Eps: n.Eps, RMS: n.RMS}
		if n.W != nil {
			w.W = wide(n.W)
		}
		dy := randoms[float32](len(n.X), 4)
		dx, dw, db, mean, rstd := make([]float32, len(dy)), make([]float32, n.Cols), make([]float32, n.Cols), make([]float32, rows), make([]float32, rows)
		wx, ww, wb, wmean, wrstd := wide(dx), wide(dw), wide(db), wide(mean), wide(rstd)
		n.Forward(clone(n.X), mean, rstd)
		w.Forward(clone(w.X), wmean, wrstd)
		n.Backward(dx, dw, db, mean, rstd, dy)
		w.Backward(wx, ww, wb, wmean, wrstd, wide(dy))
		if n.Cols > 1 {
			near(t, name+" dx", dx, wx, 64*epsilon[float32]())
		}
		// Sums over up to 301 rows in chunks: a few dozen roundings.
		near(t, name+" dw", dw, ww, 64*epsilon[float32]())
		near(t, name+" db", db, wb, 64*epsilon[float32]())
		again := make([]float32, n.Cols)
		n.Backward(nil, again, nil, mean, rstd, dy)
		same(t, name+" dw alone", again, dw)
		n.Backward(nil, nil, again, mean, rstd, dy)
		same(t, name+" db alone", again, db)
		n.Backward(dy, nil, nil, mean, rstd, dy)
		same(t, name+" dx onto dy", dy, dx)
	})
}

func BenchmarkNorm(b *testing.B) {
	const rows, cols = 2048, 384
	n := newNorm[float32](rows, cols, false, true)
	y, dy := make([]float32, len(n.X)), randoms[float32](len(n.X), 2)
	mean, rstd, dw, db := make([]float32, rows), make([]float32, rows), make([]float32, cols), make([]float32, cols)
	run := func(name string, bytes int, f func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(bytes)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
		})
	}
	run("forward", 8*rows*cols, func() { n.Forward(y, mean, rstd) })
	run("backward", 12*rows*cols, func() { n.Backward(y, dw, db, mean, rstd, dy) })
}
