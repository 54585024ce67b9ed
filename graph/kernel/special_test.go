package kernel_test

import (
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// checkFunction compares f with its definition in float64 at 400001 points from lo to hi, relative to the result.
func checkFunction(t *testing.T, name string, f func(float32) float32, want func(float64) float64, lo, hi, tol float64) {
	t.Helper()
	const n = 400000
	for i := range n + 1 {
		x := float32(lo + (hi-lo)*float64(i)/n)
		g, w := float64(f(x)), want(float64(x))
		if !(math.Abs(g-w) <= tol*math.Abs(w)) {
			t.Fatalf("%s(%v): got %g, want %g (relative tolerance %g)", name, x, g, w, tol)
		}
	}
}

func TestFunctions(t *testing.T) {
	const ulp = 0x1p-23
	// The reduced argument and the polynomial are each rounded a few times.
	checkFunction(t, "exp", kernel.Exp32, math.Exp, -86.6, 88.7, 2*ulp)
	checkFunction(t, "tanh", kernel.Tanh32, math.Tanh, -12, 12, 4*ulp)
	cdf := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
	checkFunction(t, "normal cdf", kernel.NormalCDF32, cdf, -2, 12, 8*ulp)
	// In the tail the rounding of x²/2, up to 72, becomes a relative error: 72/2 units.
	checkFunction(t, "normal cdf", kernel.NormalCDF32, cdf, -12, -2, 48*ulp)
}

func TestExpEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range [][2]float64{{-inf, 0}, {-87, 0}, {-1e30, 0}, {0, 1}, {88.73, inf}, {inf, inf}, {nan, nan}} {
		near(t, "exp", []float32{kernel.Exp32(float32(c[0]))}, c[1:], 0)
	}
}
