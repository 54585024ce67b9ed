package kernel

import "math"

// LAMB updates the weights w of one parameter and the moments m and v with the gradients scale·g. It scales Adam's step by the
// norm of the weights (You et al. 2020, https://arxiv.org/abs/1904.00962, algorithm 2):
//
//	m = β₁·m + (1-β₁)·g, v = β₂·v + (1-β₂)·g²
//	r = (m/(1-β₁ᵗ)) / (√(v/(1-β₂ᵗ)) + Eps) + WeightDecay·w
//	w = w - Rate·(‖w‖/‖r‖)·r
//
// If one of the norms is 0, their quotient counts as 1.
func LAMB[T Float](w, g, m, v []T, scale float64, a Adam) {
	checkMoments(w, m, v)
	rate := a.Rate
	a.Rate = 1
	u := newAdamUpdate(w, g, m, v, scale, a)
	u.l2 = T(a.WeightDecay)
	b := take[buffer[T]]()
	r := b.sized(len(w))
	parallel(len(w), minWork/optimizerCost, lambDirection[T]{u, r})
	trust, norm := math.Sqrt(SumSquares(w)), math.Sqrt(SumSquares(r))
	if trust == 0 || norm == 0 {
		trust, norm = 1, 1
	}
	AddScaled(w, T(-rate*trust/norm), r)
	give(b)
}

// lambDirection updates the moments and computes r. Its l2 is the weight decay and its rate is 1/(1-β₁ᵗ).
type lambDirection[T Float] struct {
	adamUpdate[T]
	r []T
}

func (u *lambDirection[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		d := u.g[i] * u.scale
		a := u.m[i] + (d-u.m[i])*u.beta1
		b := u.v[i]*u.beta2 + u.rest2*d*d
		u.m[i], u.v[i] = a, b
		u.r[i] = u.rate*a/(sqrt(b)*u.root+u.eps) + u.l2*u.w[i]
	}
}
