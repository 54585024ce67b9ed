package kernel_test

import (
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// activation is the definition of each activation in float64.
func activation(act kernel.Activation, x float64) float64 {
	switch act {
	case kernel.ReLU:
		return math.Max(x, 0)
	case kernel.GELU:
		return x / 2 * math.Erfc(-x/math.Sqrt2)
	case kernel.GELUTanh:
		return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
	case kernel.SiLU:
		return x / (1 + math.Exp(-x))
	case kernel.Tanh:
		return math.Tanh(x)
	case kernel.Sigmoid:
		return 1 / (1 + math.Exp(-x))
	}
	return x
}

// spread returns n numbers that cover [-limit, limit] evenly.
func spread[T kernel.Float](n int, limit float64) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(limit * (2*float64(i)/float64(max(1, n-1)) - 1))
	}
	return x
}

func testActivate[T kernel.Float](t *testing.T) {
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		for _, n := range lengths {
			x := spread[T](n, 12)
			want := make([]float64, n)
			for i, v := range x {
				want[i] = activation(act, float64(v))
			}
			y := make([]T, n)
			kernel.Activate(act, y, x)
			// Eight roundings: the exponential, its argument and a few operations.
			near(t, act.String(), y, want, 8*epsilon[T]())
			kernel.Activate(act, x, x)
			same(t, act.String()+" in place", x, y)
		}
	}
}

func TestActivate(t *testing.T) { bothTypes(t, testActivate[float32], testActivate[float64]) }

func TestActivateGrad(t *testing.T) {
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		for _, n := range []int{1, 2, 7, 100} {
			x, dy, dx := randoms[float64](n, 1), randoms[float64](n, 2), make([]float64, n)
			y := make([]float64, n)
			kernel.ActivateGrad(act, dx, x, dy)
			checkGradient(t, act.String(), func() float64 {
				kernel.Activate(act, y, x)
				return dotProduct(y, dy)
			}, x, dx)
			alias := clone(dy)
			kernel.ActivateGrad(act, alias, x, alias)
			same(t, act.String()+" onto dy", alias, dx)
			kernel.ActivateGrad(act, x, x, dy)
			same(t, act.String()+" onto x", x, dx)
		}
	}
}

func TestActivateGradFloat32(t *testing.T) {
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		x, dy := spread[float32](40001, 12), randoms[float32](40001, 2)
		dx, want := make([]float32, len(x)), make([]float64, len(x))
		kernel.ActivateGrad(act, dx, x, dy)
		kernel.ActivateGrad(act, want, wide(x), wide(dy))
		// The slopes reach 1.2 and subtract terms of up to 12 in the tails: sixteen roundings.
		near(t, act.String(), dx, want, 16*epsilon[float32]())
	}
}

// The tails must reach their limits. An overflow must not turn them into NaN.
func TestActivateTails(t *testing.T) {
	x := []float32{-1e4, -200, -89, 89, 200, 1e4}
	for act, want := range map[kernel.Activation][]float64{
		kernel.GELU: {0, 0, 0, 89, 200, 1e4}, kernel.GELUTanh: {0, 0, 0, 89, 200, 1e4}, kernel.SiLU: {0, 0, 0, 89, 200, 1e4},
		kernel.Tanh: {-1, -1, -1, 1, 1, 1}, kernel.Sigmoid: {0, 0, 0, 1, 1, 1},
	} {
		y := make([]float32, len(x))
		kernel.Activate(act, y, x)
		near(t, act.String(), y, want, epsilon[float32]())
	}
}

// A NaN must reach the output from any position. Otherwise nobody finds its origin.
func TestActivateKeepsNaN(t *testing.T) {
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		y := []float32{float32(math.NaN())}
		kernel.Activate(act, y, y)
		if y[0] == y[0] {
			t.Errorf("%v of NaN: got %g, want NaN", act, y[0])
		}
	}
}

func testSwiGLU[T kernel.Float](t *testing.T) {
	for _, n := range lengths {
		gate, up := randoms[T](n, 1), randoms[T](n, 2)
		want := make([]float64, n)
		for i := range want {
			want[i] = activation(kernel.SiLU, float64(gate[i])) * float64(up[i])
		}
		y := make([]T, n)
		kernel.SwiGLU(y, gate, up)
		near(t, "swiglu", y, want, 8*epsilon[T]())
		kernel.SwiGLU(gate, gate, up)
		same(t, "swiglu in place", gate, y)
	}
}

func TestSwiGLU(t *testing.T) { bothTypes(t, testSwiGLU[float32], testSwiGLU[float64]) }

func TestSwiGLUGrad(t *testing.T) {
	for _, n := range []int{1, 3, 50} {
		gate, up, dy := randoms[float64](n, 1), randoms[float64](n, 2), randoms[float64](n, 3)
		dgate, dup, y := make([]float64, n), make([]float64, n), make([]float64, n)
		kernel.SwiGLUGrad(dgate, dup, gate, up, dy)
		f := func() float64 {
			kernel.SwiGLU(y, gate, up)
			return dotProduct(y, dy)
		}
		checkGradient(t, "dgate", f, gate, dgate)
		checkGradient(t, "dup", f, up, dup)
		only := make([]float64, n)
		kernel.SwiGLUGrad(only, nil, gate, up, dy)
		same(t, "dgate alone", only, dgate)
		kernel.SwiGLUGrad(nil, dy, gate, up, dy)
		same(t, "dup onto dy", dy, dup)
	}
}

func BenchmarkActivate(b *testing.B) {
	x := randoms[float32](1<<18, 1)
	y := make([]float32, len(x))
	for act := kernel.GELU; act <= kernel.Sigmoid; act++ {
		b.Run(act.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				kernel.Activate(act, y, x)
			}
			b.ReportMetric(float64(len(x))*float64(b.N)/b.Elapsed().Seconds()/1e6, "Melem/s")
		})
	}
}
