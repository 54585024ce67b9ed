package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// extremes returns ±0, ±Inf and numbers of both signs from the smallest denormal to the largest finite number: several of
// each power of two.
func extremes[T kernel.Float]() []T {
	low, high, largest := -149, 127, float64(math.MaxFloat32)
	if epsilon[T]() < 0x1p-30 {
		low, high, largest = -1074, 1023, math.MaxFloat64
	}
	x := []T{0, T(math.Copysign(0, -1)), T(math.Inf(1)), T(math.Inf(-1)), T(largest), T(-largest)}
	for e := low; e <= high; e++ {
		for _, m := range []float64{1, 1.1, 1.25, 1.5, 1.75, 1.9} {
			v := T(math.Ldexp(m, e))
			x = append(x, v, -v)
		}
	}
	return x
}

// limit is activation, continued to ±Inf and to numbers whose cube overflows.
func limit(act kernel.Activation, x float64) float64 {
	gated := act == kernel.GELU || act == kernel.GELUTanh || act == kernel.SiLU
	switch {
	case gated && x < -1e4:
		return 0
	case gated && x > 1e4:
		return x
	case act == kernel.GELUTanh: // activation loses the digits of the tail
		return x / (1 + math.Exp(-geluArgument(x)))
	}
	return activation(act, x)
}

func geluArgument(x float64) float64 { return 2 * math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x) }

// limitSlope is the derivative of limit.
func limitSlope(act kernel.Activation, x float64) float64 {
	if act == kernel.Identity {
		return 1
	}
	if far := math.Abs(x) > 1e4; far || act == kernel.ReLU {
		if x > 0 && act != kernel.Tanh && act != kernel.Sigmoid {
			return 1
		}
		return 0
	}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	switch act {
	case kernel.GELU:
		return math.Erfc(-x/math.Sqrt2)/2 + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	case kernel.GELUTanh:
		u := geluArgument(x)
		return sigmoid(u) + x*sigmoid(u)*sigmoid(-u)*2*math.Sqrt(2/math.Pi)*(1+3*0.044715*x*x)
	case kernel.SiLU:
		return sigmoid(x) + x*sigmoid(x)*sigmoid(-x)
	case kernel.Tanh:
		return 1 / math.Pow(math.Cosh(x), 2)
	}
	return sigmoid(x) * sigmoid(-x)
}

// limitTol bounds the relative error of an activation, in units: a few roundings, and in the tails the rounding of the
// argument of the exponential, which becomes a relative error.
func limitTol(act kernel.Activation, x float64) float64 {
	argument := 0.0
	switch act {
	case kernel.GELU:
		argument = x * x / 2
	case kernel.GELUTanh:
		argument = math.Abs(geluArgument(x))
	case kernel.SiLU, kernel.Sigmoid:
		argument = math.Abs(x)
	}
	return 10 + 4*min(argument, 1000)
}

// exact reports whether got is within tol units of want, relative to want, or want is so small that it or its factors
// underflow: smaller than scale times the flush to zero of the exponential. A want that T cannot hold must be infinite. A
// want of NaN has no answer, such as the product of Inf and 0.
func exact[T kernel.Float](got T, want, tol, scale float64) bool {
	tiny, g, w := 0x1p-117, float64(got), float64(T(want))
	if epsilon[T]() < 0x1p-30 {
		tiny = 0x1p-1000
	}
	return g == w || math.IsNaN(w) || math.Abs(g-w) <= tol*epsilon[T]()*math.Abs(w)+tiny*max(scale, 1)
}

func testExtremeActivations[T kernel.Float](t *testing.T) {
	x := extremes[T]()
	y, dx, dy := make([]T, len(x)), make([]T, len(x)), make([]T, len(x))
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		kernel.Activate(act, y, x)
		for i, v := range x {
			if want := limit(act, float64(v)); !exact(y[i], want, limitTol(act, float64(v)), 1) {
				t.Errorf("%v(%g): got %g, want %g", act, v, y[i], want)
			}
		}
		for _, d := range []T{0, 1, -0.5} {
			kernel.Fill(dy, d)
			kernel.ActivateGrad(act, dx, x, dy)
			for i, v := range x {
				if want := limitSlope(act, float64(v)) * float64(d); !(math.Abs(float64(dx[i])-want) <= 16*epsilon[T]()*(1+math.Abs(want))) {
					t.Errorf("slope of %v at %g times %g: got %g, want %g", act, v, d, dx[i], want)
				}
			}
		}
	}
}

// Every activation and every slope must be right from the smallest number to the largest, and at ±Inf.
func TestExtremeActivations(t *testing.T) {
	bothTypes(t, testExtremeActivations[float32], testExtremeActivations[float64])
}

func testExtremeSwiGLU[T kernel.Float](t *testing.T) {
	gate := extremes[T]()
	n := len(gate)
	y, dgate, dup, up, dy := make([]T, n), make([]T, n), make([]T, n), make([]T, n), make([]T, n)
	kernel.Fill(dy, -0.5)
	for _, u := range []T{0, 1, -2, gate[4] / 4} {
		kernel.Fill(up, u)
		kernel.SwiGLU(y, gate, up)
		kernel.SwiGLUGrad(dgate, dup, gate, up, dy)
		for i, g := range gate {
			scale := math.Abs(float64(u))
			value, tol := limit(kernel.SiLU, float64(g)), limitTol(kernel.SiLU, float64(g))
			slope := limitSlope(kernel.SiLU, float64(g)) * float64(u) * -0.5
			if !exact(y[i], value*float64(u), tol, scale) || !exact(dup[i], value*-0.5, tol, 1) {
				t.Errorf("swiglu(%g, %g): got %g and dup %g, want %g and %g", g, u, y[i], dup[i], value*float64(u), value*-0.5)
			}
			if !(math.Abs(float64(dgate[i])-slope) <= 16*epsilon[T]()*(scale+math.Abs(slope))) {
				t.Errorf("dgate of swiglu(%g, %g): got %g, want %g", g, u, dgate[i], slope)
			}
		}
	}
}

func TestExtremeSwiGLU(t *testing.T) {
	bothTypes(t, testExtremeSwiGLU[float32], testExtremeSwiGLU[float64])
}

func testExtremeSoftmax[T kernel.Float](t *testing.T) {
	all := extremes[T]()
	largest := all[4]
	for i, x := range all {
		if i > 5 && i%5 > 0 && epsilon[T]() < 0x1p-30 && !sweep.All() {
			continue // float64 has eight times as many numbers; every fifth still has each mantissa and sign
		}
		for _, other := range []T{0, 1, x, -x, largest, -largest, T(math.Inf(-1))} {
			if x > largest || other > largest {
				continue // the softmax of +Inf is not defined
			}
			if err := extremeSoftmax(x, other, largest); err != nil {
				t.Fatalf("softmax of %g and %g: %v", x, other, err)
			}
		}
	}
}

// extremeSoftmax compares the softmax of a row of two numbers, its logarithm and its gradient with their formulas.
func extremeSoftmax[T kernel.Float](x, other, largest T) error {
	row := [5]T{other, x, x, other, x}
	var y, log [5]T
	kernel.Softmax(y[:], row[:], 5)
	kernel.LogSoftmax(log[:], row[:], 5)
	top := float64(max(x, other))
	if math.IsInf(top, -1) {
		if y != [5]T{} {
			return fmt.Errorf("got %v, want zeros", y)
		}
		return nil
	}
	e, f := math.Exp(float64(x)-top), math.Exp(float64(other)-top)
	total := 3*e + 2*f
	for i, want := range [5]float64{f / total, e / total, e / total, f / total, e / total} {
		if !(math.Abs(float64(y[i])-want) <= 8*epsilon[T]()*(1+want)) {
			return fmt.Errorf("element %d: got %g, want %g", i, y[i], want)
		}
	}
	for i, v := range row {
		if want := float64(v) - top - math.Log(total); !exact(log[i], want, 8, 1) {
			return fmt.Errorf("logarithm %d: got %g, want %g", i, log[i], want)
		}
	}
	return extremeSoftmaxGrad(y[:], []T{largest, -largest, largest, -largest / 2, 1})
}

// extremeSoftmaxGrad compares the gradient of a softmax with the formula in numbers that cannot overflow.
func extremeSoftmaxGrad[T kernel.Float](y, dy []T) error {
	var dx [5]T
	kernel.SoftmaxGrad(dx[:], y, dy, len(y))
	avg, total := 0.0, 0.0
	scale := float64(dy[0])
	for i, p := range y {
		avg += float64(p) * (float64(dy[i]) / scale)
		total += float64(p)
	}
	avg /= total
	for i, p := range y {
		want := float64(p) * (float64(dy[i])/scale - avg)
		if got := float64(dx[i]) / scale; !(math.Abs(got-want) <= 16*epsilon[T]()*(1+math.Abs(want))) {
			return fmt.Errorf("gradient %d: got %g of the largest number, want %g", i, got, want)
		}
	}
	return nil
}

func TestExtremeSoftmax(t *testing.T) {
	bothTypes(t, testExtremeSoftmax[float32], testExtremeSoftmax[float64])
}
