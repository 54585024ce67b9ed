package kernel_test

import (
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

var softmaxShapes = [][2]int{{0, 3}, {1, 1}, {1, 7}, {5, 1}, {3, 4}, {9, 65}, {2, 5003}, {700, 33}}

func softmaxReference[T kernel.Float](x []T, cols int, log bool) []float64 {
	y := make([]float64, len(x))
	for r := 0; r < len(x); r += cols {
		top, total := math.Inf(-1), 0.0
		for _, v := range x[r : r+cols] {
			top = math.Max(top, float64(v))
		}
		for _, v := range x[r : r+cols] {
			total += math.Exp(float64(v) - top)
		}
		for i, v := range x[r : r+cols] {
			if log {
				y[r+i] = float64(v) - top - math.Log(total)
			} else {
				y[r+i] = math.Exp(float64(v)-top) / total
			}
		}
	}
	return y
}

func testSoftmax[T kernel.Float](t *testing.T) {
	for _, s := range softmaxShapes {
		x := randoms[T](s[0]*s[1], 1)
		y, z := make([]T, len(x)), make([]T, len(x))
		kernel.Softmax(y, x, s[1])
		kernel.LogSoftmax(z, x, s[1])
		// A few roundings of the argument, up to 10, of the exponential and of the sum.
		near(t, "softmax", y, softmaxReference(x, s[1], false), 16*epsilon[T]())
		near(t, "log softmax", z, softmaxReference(x, s[1], true), 16*epsilon[T]())
		a, b := clone(x), clone(x)
		kernel.Softmax(a, a, s[1])
		kernel.LogSoftmax(b, b, s[1])
		same(t, "softmax in place", a, y)
		same(t, "log softmax in place", b, z)
	}
}

func TestSoftmax(t *testing.T) { bothTypes(t, testSoftmax[float32], testSoftmax[float64]) }

func TestSoftmaxGrad(t *testing.T) {
	type kernels struct {
		forward func(y, x []float64, cols int)
		grad    func(dx, y, dy []float64, cols int)
	}
	for name, k := range map[string]kernels{
		"softmax":     {kernel.Softmax[float64], kernel.SoftmaxGrad[float64]},
		"log softmax": {kernel.LogSoftmax[float64], kernel.LogSoftmaxGrad[float64]},
	} {
		for _, s := range softmaxShapes[:6] {
			x, dy := randoms[float64](s[0]*s[1], 1), randoms[float64](s[0]*s[1], 2)
			y, dx := make([]float64, len(x)), make([]float64, len(x))
			k.forward(y, x, s[1])
			k.grad(dx, y, dy, s[1])
			scratch := make([]float64, len(x))
			checkGradient(t, name, func() float64 {
				k.forward(scratch, x, s[1])
				return dotProduct(scratch, dy)
			}, x, dx)
			onto := clone(y)
			k.grad(onto, onto, dy, s[1])
			same(t, name+" grad onto y", onto, dx)
			k.grad(dy, y, dy, s[1])
			same(t, name+" grad onto dy", dy, dx)
		}
	}
}

func testSoftmaxMasked[T kernel.Float](t *testing.T) {
	out, nan := T(math.Inf(-1)), T(math.NaN())
	x := []T{out, out, out, 0, out, 0, nan, 0, 0}
	y, z, dx := make([]T, 9), make([]T, 9), make([]T, 9)
	kernel.Softmax(y, x, 3)
	near(t, "softmax", y[:6], []float64{0, 0, 0, 0.5, 0, 0.5}, epsilon[T]())
	kernel.SoftmaxGrad(dx, y, []T{1, 2, 3, 1, 2, 3, 1, 2, 3}, 3)
	near(t, "softmax grad", dx[:6], []float64{0, 0, 0, -0.5, 0, 0.5}, epsilon[T]())
	kernel.LogSoftmax(z, x, 3)
	inf, half := math.Inf(-1), math.Log(0.5)
	near(t, "log softmax", z[:6], []float64{inf, inf, inf, half, inf, half}, epsilon[T]())
	kernel.LogSoftmaxGrad(dx, z, []T{1, 2, 3, 1, 2, 3, 1, 2, 3}, 3)
	near(t, "log softmax grad", dx[:6], []float64{0, 0, 0, -2, 2, 0}, 4*epsilon[T]())
	for i := 6; i < 9; i++ {
		if y[i] == y[i] || z[i] == z[i] {
			t.Errorf("row with NaN, element %d: got %g and %g, want NaN", i-6, y[i], z[i])
		}
	}
}

func TestSoftmaxMasked(t *testing.T) {
	bothTypes(t, testSoftmaxMasked[float32], testSoftmaxMasked[float64])
}

func BenchmarkSoftmax(b *testing.B) {
	const rows, cols = 512, 512
	x := randoms[float32](rows*cols, 1)
	y := make([]float32, len(x))
	b.ReportAllocs()
	for b.Loop() {
		kernel.Softmax(y, x, cols)
	}
	b.ReportMetric(float64(len(x))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Melem/s")
}
