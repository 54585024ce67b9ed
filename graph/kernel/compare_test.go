package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// lengths are the lengths at which loops on slices take another path: 0, 1, around the unrolled steps and around the chunks of
// the worker pool.
var lengths = []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 64, 257, 16383, 16384, 16385, 40001}

// normals is a sequence of numbers of a normal distribution, as long as a test has needed it so far.
type normals struct {
	r    *rand.Rand
	list []float64
}

// drawn holds the sequences of randoms by their seed. Many tests need the same numbers.
var drawn = struct {
	sync.Mutex
	bySeed map[uint64]*normals
}{bySeed: map[uint64]*normals{}}

// randoms returns n numbers of a normal distribution; the seed makes them repeatable.
func randoms[T kernel.Float](n int, seed uint64) []T {
	drawn.Lock()
	defer drawn.Unlock()
	s := drawn.bySeed[seed]
	if s == nil {
		s = &normals{r: rand.New(rand.NewPCG(seed, 1))}
		drawn.bySeed[seed] = s
	}
	for len(s.list) < n {
		s.list = append(s.list, s.r.NormFloat64())
	}
	x := make([]T, n)
	for i, v := range s.list[:n] {
		x[i] = T(v)
	}
	return x
}

func clone[T any](x []T) []T { return append([]T(nil), x...) }

func wide[T kernel.Float](x []T) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// epsilon returns the rounding unit of T.
func epsilon[T kernel.Float]() float64 {
	if any(T(0)) == any(float32(0)) {
		return 0x1p-24
	}
	return 0x1p-53
}

// near fails unless every element differs by at most tol·(1+|want|).
func near[T kernel.Float](t *testing.T, what string, got []T, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d elements, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		g := float64(got[i])
		if g == w || math.IsNaN(g) && math.IsNaN(w) {
			continue
		}
		if !(math.Abs(g-w) <= tol*(1+math.Abs(w))) {
			t.Fatalf("%s: element %d of %d: got %g, want %g (tolerance %g)", what, i, len(want), g, w, tol)
		}
	}
}

// same fails unless both slices have the same bits.
func same[T kernel.Float](t *testing.T, what string, got, want []T) {
	t.Helper()
	for i := range want {
		if math.Float64bits(float64(got[i])) != math.Float64bits(float64(want[i])) {
			t.Fatalf("%s: element %d: got %v, want %v", what, i, got[i], want[i])
		}
	}
}

// slope returns the central difference of f along x[i]. The step balances the truncation h² against the rounding
// 1e-16/h.
func slope(f func() float64, x []float64, i int) float64 {
	const h = 1e-5
	old := x[i]
	x[i] = old + h
	up := f()
	x[i] = old - h
	down := f()
	x[i] = old
	return (up - down) / (2 * h)
}

// gradientTol is for central differences in float64 with steps of 1e-5: their own error is about 1e-10 times the third
// derivative, plus 1e-11 of rounding times the number of terms.
const gradientTol = 1e-7

// checkGradient compares got with the central differences of f along every element of x.
func checkGradient(t *testing.T, what string, f func() float64, x, got []float64) {
	t.Helper()
	want := make([]float64, len(x))
	for i := range x {
		want[i] = slope(f, x, i)
	}
	near(t, what, got, want, gradientTol)
}

// dotProduct sums in four chains: one would wait for each addition.
func dotProduct(x, y []float64) float64 {
	var s [4]float64
	for ; len(x) >= 4 && len(y) >= 4; x, y = x[4:], y[4:] {
		s[0] += x[0] * y[0]
		s[1] += x[1] * y[1]
		s[2] += x[2] * y[2]
		s[3] += x[3] * y[3]
	}
	for i, v := range x {
		s[0] += v * y[i]
	}
	return s[0] + s[1] + (s[2] + s[3])
}

// mustPanic fails unless f panics with a message that begins with prefix.
func mustPanic(t *testing.T, prefix string, f func()) {
	t.Helper()
	defer func() {
		got := fmt.Sprint(recover())
		if len(got) < len(prefix) || got[:len(prefix)] != prefix {
			t.Errorf("got panic %q, want one that begins with %q", got, prefix)
		}
	}()
	f()
}

// bothTypes runs a test for float32, with all, some and no assembly, and for float64.
func bothTypes(t *testing.T, f32, f64 func(*testing.T)) {
	t.Helper()
	t.Run("float32", f32)
	for name, level := range map[string]int{"float32 plain": kernel.Plain, "float32 narrow": kernel.Narrow} {
		t.Run(name, func(t *testing.T) {
			defer kernel.Accelerate(kernel.Accelerate(level))
			f32(t)
		})
	}
	t.Run("float64", f64)
}
