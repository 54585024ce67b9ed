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
		y, m := make([]T, len(n.X)), newMoments[T](rows)
		n.Forward(y, m)
		// Statistics are exact to one rounding. Subtracting, scaling and the affine part add four. A row of almost
		// equal numbers scales the error of the mean by rstd, at most 1/√Eps = 316 for a single column.
		near(t, name+" rstd", m.Rstd, wantRstd, 4*epsilon[T]())
		near(t, name+" mean", m.Mean, wantMean, 2*epsilon[T]())
		near(t, name, y, want, 32*epsilon[T]())
		n.Forward(n.X, kernel.Moments[T]{})
		same(t, name+" in place", n.X, y)
	})
}

func TestNormForward(t *testing.T) {
	bothTypes(t, testNormForward[float32], testNormForward[float64])
}

func newMoments[T kernel.Float](rows int) kernel.Moments[T] {
	return kernel.Moments[T]{Mean: make([]T, rows), Rest: make([]T, rows), Rstd: make([]T, rows)}
}

func TestNormBackward(t *testing.T) {
	eachNorm(func(name string, n kernel.Norm[float64], rows int) {
		if len(n.X) > 1000 {
			return // central differences cost a forward pass per element
		}
		y, m := make([]float64, len(n.X)), newMoments[float64](rows)
		dy, dx := randoms[float64](len(n.X), 4), make([]float64, len(n.X))
		dw, db := make([]float64, n.Cols), make([]float64, n.Cols)
		n.Forward(y, m)
		n.Backward(dx, dw, db, dy, m)
		f := func() float64 {
			n.Forward(y, kernel.Moments[float64]{})
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

// The float32 gradients agree with the float64 gradients. Leaving out a gradient does not change the others.
func TestNormBackwardFloat32(t *testing.T) {
	eachNorm(func(name string, n kernel.Norm[float32], rows int) {
		w := kernel.Norm[float64]{X: wide(n.X), Cols: n.Cols, Eps: n.Eps, RMS: n.RMS}
		if n.W != nil {
			w.W = wide(n.W)
		}
		dy := randoms[float32](len(n.X), 4)
		dx, dw, db, m := make([]float32, len(dy)), make([]float32, n.Cols), make([]float32, n.Cols), newMoments[float32](rows)
		wx, ww, wb, wm := wide(dx), wide(dw), wide(db), newMoments[float64](rows)
		n.Forward(clone(n.X), m)
		w.Forward(clone(w.X), wm)
		n.Backward(dx, dw, db, dy, m)
		w.Backward(wx, ww, wb, wide(dy), wm)
		if n.Cols > 1 {
			near(t, name+" dx", dx, wx, 64*epsilon[float32]())
		}
		// Sums over up to 301 rows in chunks: a few dozen roundings.
		near(t, name+" dw", dw, ww, 64*epsilon[float32]())
		near(t, name+" db", db, wb, 64*epsilon[float32]())
		again := make([]float32, n.Cols)
		n.Backward(nil, again, nil, dy, m)
		same(t, name+" dw alone", again, dw)
		n.Backward(nil, nil, again, dy, m)
		same(t, name+" db alone", again, db)
		n.Backward(dy, nil, nil, dy, m)
		same(t, name+" dx onto dy", dy, dx)
	})
}

func BenchmarkNorm(b *testing.B) {
	const rows, cols = 2048, 384
	n := newNorm[float32](rows, cols, false, true)
	y, dy := make([]float32, len(n.X)), randoms[float32](len(n.X), 2)
	m, dw, db := newMoments[float32](rows), make([]float32, cols), make([]float32, cols)
	run := func(name string, bytes int, f func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f()
			}
			b.ReportMetric(float64(bytes)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
		})
	}
	run("forward", 8*rows*cols, func() { n.Forward(y, m) })
	run("backward", 12*rows*cols, func() { n.Backward(y, dw, db, dy, m) })
}
