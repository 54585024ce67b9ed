package kernel

import "math"

// exp returns eˣ. In float32 the error is at most 2 units in the last place, and a result below 2⁻¹²⁵ is zero.
func exp[T Float](x T) T {
	if single[T]() {
		return T(exp32(float32(x)))
	}
	return T(math.Exp(float64(x)))
}

// tanh returns the hyperbolic tangent of x.
func tanh[T Float](x T) T {
	if single[T]() {
		return T(tanh32(float32(x)))
	}
	return T(math.Tanh(float64(x)))
}

// normalCDF returns Φ(x) = (1 + erf(x/√2))/2.
func normalCDF[T Float](x T) T {
	if single[T]() {
		return T(normalCDF32(float32(x)))
	}
	return T(0.5 * math.Erfc(-float64(x)/math.Sqrt2))
}

// sigmoid returns 1/(1+e⁻ˣ).
func sigmoid[T Float](x T) T { return 1 / (1 + exp(-x)) }

// sigmoids returns sigmoid(x) and 1-sigmoid(x), both with all their digits.
func sigmoids[T Float](x T) (s, rest T) {
	if x < 0 {
		rest, s = sigmoids(-x)
		return s, rest
	}
	e := exp(-x)
	s = 1 / (1 + e)
	return s, e * s
}

// The coefficients below are Chebyshev fits of (eʳ-1-r)/r², (tanh(x)/x-1)/x² and Φ(-a)·e^(a²/2). The relative errors of the
// fits, 1e-8, 1e-8 and 1e-7, are below the rounding of float32.
const (
	expMax = 88.72283  // above, eˣ overflows float32
	expMin = -86.64339 // ln 2⁻¹²⁵: below, the scale factor would not be a normal number
	// Adding 1.5·2²³ to a small float32 rounds it to an integer and leaves the integer in the low bits.
	rounder = 12582912
	// ln 2 in two parts. The first part has so few bits that its product with an exponent is exact.
	ln2High = 0.693359375
	ln2Low  = -2.12194440e-4
)

// exp32 splits x into k·ln 2 + r with |r| ≤ ln 2/2 and returns 2ᵏ times a polynomial in r.
func exp32(x float32) float32 {
	if !(x >= expMin && x <= expMax) {
		return expEdge(x)
	}
	t := x*math.Log2E + rounder
	k := int32(math.Float32bits(t)) - 0x4b400000
	n := t - rounder
	r := x - n*ln2High - n*ln2Low
	p := float32(0.001392617612)
	p = p*r + 0.008363173075
	p = p*r + 0.04166655466
	p = p*r + 0.1666657703
	p = p*r + 0.5
	p = p*r*r + r + 1
	// 2·2ᵏ⁻¹, because 2¹²⁸ overflows float32.
	return 2 * p * math.Float32frombits(uint32(k+126)<<23)
}

func expEdge(x float32) float32 {
	switch {
	case x < expMin:
		return 0
	case x > expMax:
		return inf[float32](1)
	}
	return x // NaN
}

// tanh32 uses a polynomial near zero, where 1 - 2/(e²ˣ+1) would lose digits.
func tanh32(x float32) float32 {
	a := x
	if a < 0 {
		a = -a
	}
	if a < 0.5477 {
		s := x * x
		p := float32(-0.006625597296)
		p = p*s + 0.02131752456
		p = p*s - 0.05391074908
		p = p*s + 0.1333312041
		p = p*s - 0.3333333206
		return x + x*s*p
	}
	y := 1 - 2/(exp32(2*a)+1)
	if x < 0 {
		return -y
	}
	return y
}

// normalCDF32 returns e^(-x²/2) times a polynomial in 1/(1+0.3|x|) for x < 0, so that the tail keeps its relative
// accuracy, and one minus that product for x ≥ 0.
func normalCDF32(x float32) float32 {
	a := x
	if a < 0 {
		a = -a
	}
	t := 1 / (1 + 0.3*a)
	p := float32(0.0375487656)
	p = p*t - 0.165373755
	p = p*t + 0.221350409
	p = p*t - 0.0687756641
	p = p*t + 0.137646145
	p = p*t + 0.0965708639
	p = p*t + 0.121487249
	p = p*t + 0.119541628
	p = p*t + 4.37724471e-6
	tail := p * exp32(-0.5*a*a)
	if x < 0 {
		return tail
	}
	return 1 - tail
}
