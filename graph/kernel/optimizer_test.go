package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// adamReference computes one step of torch.optim.AdamW on one weight, or of torch.optim.Adam if l2 is set.
func adamReference(w, g, m, v *float64, a kernel.Adam, l2 bool) {
	if l2 {
		*g += a.WeightDecay * *w
	} else {
		*w *= 1 - a.Rate*a.WeightDecay
	}
	*m = a.Beta1**m + (1-a.Beta1)**g
	*v = a.Beta2**v + (1-a.Beta2)**g**g
	t := float64(a.Step)
	*w -= a.Rate / (1 - math.Pow(a.Beta1, t)) * *m / (math.Sqrt(*v)/math.Sqrt(1-math.Pow(a.Beta2, t)) + a.Eps)
}

func testAdam[T kernel.Float](t *testing.T) {
	step := map[bool]func(w, g, m, v []T, scale float64, a kernel.Adam){false: kernel.AdamW[T], true: kernel.AdamL2[T]}
	for l2, f := range step {
		for _, n := range lengths {
			a := kernel.Adam{Rate: 0.01, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1}
			w, m, v := randoms[T](n, 1), make([]T, n), make([]T, n)
			ww, wm, wv := wide(w), wide(m), wide(v)
			for a.Step = 1; a.Step <= 3; a.Step++ {
				g := randoms[T](n, uint64(a.Step)+10)
				f(w, g, m, v, 0.5, a)
				for i := range ww {
					d := 0.5 * float64(g[i])
					adamReference(&ww[i], &d, &wm[i], &wv[i], a, l2)
				}
			}
			// Three steps with about eight roundings each of numbers below their largest operand.
			tol := 24 * epsilon[T]()
			near(t, fmt.Sprint("w, l2 ", l2), w, ww, tol)
			near(t, fmt.Sprint("m, l2 ", l2), m, wm, tol)
			near(t, fmt.Sprint("v, l2 ", l2), v, wv, tol)
		}
	}
}

func TestAdam(t *testing.T) { bothTypes(t, testAdam[float32], testAdam[float64]) }

func testSGD[T kernel.Float](t *testing.T) {
	for _, s := range []kernel.SGD{
		{Rate: 0.1}, {Rate: 0.1, WeightDecay: 0.2}, {Rate: 0.1, Momentum: 0.9, Dampening: 0.3, WeightDecay: 0.1},
		{Rate: 0.1, Momentum: 0.9, Nesterov: true},
	} {
		for _, n := range []int{0, 1, 7, 5000} {
			w, buf := randoms[T](n, 1), randoms[T](n, 99)
			ww, wb := wide(w), make([]float64, n)
			if s.Momentum == 0 {
				buf = nil
			}
			for s.Step = 1; s.Step <= 3; s.Step++ {
				g := randoms[T](n, uint64(s.Step)+10)
				kernel.SGDMomentum(w, g, buf, 0.5, s)
				for i := range ww {
					d := 0.5*float64(g[i]) + s.WeightDecay*ww[i]
					if s.Step == 1 {
						wb[i] = d
					} else {
						wb[i] = s.Momentum*wb[i] + (1-s.Dampening)*d
					}
					switch {
					case s.Nesterov:
						d += s.Momentum * wb[i]
					case s.Momentum != 0:
						d = wb[i]
					}
					ww[i] -= s.Rate * d
				}
			}
			// Three steps with a handful of roundings each.
			near(t, fmt.Sprintf("%+v", s), w, ww, 24*epsilon[T]())
		}
	}
}

func TestSGD(t *testing.T) { bothTypes(t, testSGD[float32], testSGD[float64]) }

func BenchmarkAdamW(b *testing.B) {
	const n = 1 << 22
	w, g, m, v := randoms[float32](n, 1), randoms[float32](n, 2), make([]float32, n), make([]float32, n)
	a := kernel.Adam{Rate: 1e-3, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1, Step: 1}
	b.ReportAllocs()
	for b.Loop() {
		kernel.AdamW(w, g, m, v, 1, a)
	}
	b.ReportMetric(28*n*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
}

// unpair returns the moments of AdamWPairs.
func unpair(pairs []int32) (m, v []float32) {
	for _, p := range pairs {
		m = append(m, math.Float32frombits(uint32(p)&0xffff0000))
		v = append(v, math.Float32frombits(uint32(p)<<16))
	}
	return m, v
}

// In each step, the error of a moment is below a unit of bfloat16, at most 1/128 of the moment. The error of a weight is at
// most the same part of its update.
func TestAdamPairs(t *testing.T) {
	const unit = 1. / 128
	for _, level := range []int{kernel.Plain, kernel.Narrow} {
		defer kernel.Accelerate(kernel.Accelerate(level))
		for _, n := range lengths {
			a := kernel.Adam{Rate: 0.01, Beta1: 0.9, Beta2: 0.99, Eps: 1e-8, WeightDecay: 0.1}
			w, m, v := randoms[float32](n, 1), make([]float32, n), make([]float32, n)
			got, pairs := clone(w), make([]int32, n)
			for a.Step = 1; a.Step <= 3; a.Step++ {
				g := randoms[float32](n, uint64(a.Step)+10)
				kernel.AdamW(w, g, m, v, 0.5, a)
				kernel.AdamWPairs(got, g, pairs, 0.5, a, kernel.Seed{Key: 7})
			}
			gotM, gotV := unpair(pairs)
			for i := range w {
				// The root halves the error of v. There are 3 updates of about Rate, each with two errors.
				if d := math.Abs(float64(got[i] - w[i])); d > 3*a.Rate*3*unit {
					t.Errorf("level %d: weight %d: got %v, want %v", level, i, got[i], w[i])
				}
				// m is a sum of terms of both signs, no larger than 0.3 of the largest gradient, about 2.
				if math.Abs(float64(gotM[i]-m[i])) > 3*unit*0.6 || math.Abs(float64(gotV[i]-v[i])) > 3*unit*float64(v[i]) {
					t.Errorf("level %d: moments %d: got %v and %v, want %v and %v", level, i, gotM[i], gotV[i], m[i], v[i])
				}
			}
		}
	}
}

// Each step changes v by a thousandth, a quarter of the distance between two bfloat16. v must still reach its value.
func TestAdamPairsRoundsToBothSides(t *testing.T) {
	const n, steps = 1000, 3000
	w, g, pairs := make([]float32, n), make([]float32, n), make([]int32, n)
	for i := range g {
		g[i] = 1
	}
	a := kernel.Adam{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Eps: 1e-8}
	for a.Step = 1; a.Step <= steps; a.Step++ {
		kernel.AdamWPairs(w, g, pairs, 1, a, kernel.Seed{Key: 7})
	}
	_, v := unpair(pairs)
	got, want := kernel.Sum(v)/n, 1-math.Pow(0.999, steps)
	// The error of one v is about √(steps·unit·step) ≈ 3 %, the error of the mean is 1/√n of that.
	if math.Abs(got-want) > 0.004 {
		t.Errorf("mean of v after %d steps: got %v, want %v", steps, got, want)
	}
}
