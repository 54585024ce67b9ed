package kernel

// Lion holds the numbers of one step of Lion (Chen et al. 2023, https://arxiv.org/abs/2302.06675).
type Lion struct{ Rate, Beta1, Beta2, WeightDecay float64 }

// LionStep updates the weights w and the momentum m with the gradients scale·g:
//
//	w = w·(1 - Rate·WeightDecay) - Rate·sign(β₁·m + (1-β₁)·g)
//	m = β₂·m + (1-β₂)·g
func LionStep[T Float](w, g, m []T, scale float64, l Lion) {
	checkLen("lion", "g", len(g), len(w))
	checkLen("lion", "m", len(m), len(w))
	parallel(len(w), minWork/optimizerCost, lionUpdate[T]{
		w: w, g: g, m: m, scale: T(scale), keep: T(1 - l.Rate*l.WeightDecay), rate: T(l.Rate),
		beta1: T(l.Beta1), rest1: T(1 - l.Beta1), beta2: T(l.Beta2), rest2: T(1 - l.Beta2),
	})
}

type lionUpdate[T Float] struct {
	w, g, m                    []T
	scale, keep, rate          T
	beta1, rest1, beta2, rest2 T
}

func (u *lionUpdate[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		g, m := u.g[i]*u.scale, u.m[i]
		w := u.w[i] * u.keep
		if c := u.beta1*m + u.rest1*g; c > 0 {
			w -= u.rate
		} else if c < 0 {
			w += u.rate
		}
		u.w[i], u.m[i] = w, u.beta2*m+u.rest2*g
	}
}
