package kernel

import "math"

// ScheduleFree holds the numbers of one step of schedule-free AdamW (Defazio et al. 2024, https://arxiv.org/abs/2405.15682). Step
// counts from 1. Share is the share of this step in the average of all z.
type ScheduleFree struct {
	Rate, Beta1, Beta2, Eps, WeightDecay, Share float64
	Step                                        int
}

// ScheduleFreeStep updates the weights in training y, the base sequence z and the second moment v with the gradients scale·g:
//
//	v = β₂·v + (1-β₂)·g²
//	d = g/(√(v/(1-β₂ᵗ)) + Eps) + WeightDecay·y
//	y = y + Share·(z - y) + Rate·(β₁·(1-Share) - 1)·d
//	z = z - Rate·d
func ScheduleFreeStep[T Float](y, g, z, v []T, scale float64, s ScheduleFree) {
	checkLen("schedule-free", "g", len(g), len(y))
	checkLen("schedule-free", "z", len(z), len(y))
	checkLen("schedule-free", "v", len(v), len(y))
	parallel(len(y), minWork/optimizerCost, scheduleFreeUpdate[T]{
		y: y, g: g, z: z, v: v, scale: T(scale), beta2: T(s.Beta2), rest2: T(1 - s.Beta2), eps: T(s.Eps), decay: T(s.WeightDecay),
		root: T(1 / math.Sqrt(1-math.Pow(s.Beta2, float64(max(1, s.Step))))), share: T(s.Share), rate: T(s.Rate),
		pull: T(s.Rate * (s.Beta1*(1-s.Share) - 1)),
	})
}

type scheduleFreeUpdate[T Float] struct {
	y, g, z, v                     []T
	scale, beta2, rest2, root, eps T
	decay, share, rate, pull       T // pull is Rate·(β₁·(1-Share) - 1)
}

func (u *scheduleFreeUpdate[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		g, y, z := u.g[i]*u.scale, u.y[i], u.z[i]
		v := u.v[i]*u.beta2 + u.rest2*g*g
		d := g/(sqrt(v)*u.root+u.eps) + u.decay*y
		u.v[i] = v
		u.y[i] = y + u.share*(z-y) + u.pull*d
		u.z[i] = z - u.rate*d
	}
}

// Lerp moves y towards x: y = y + share·(x - y).
func Lerp[T Float](y, x []T, share float64) {
	checkLen("lerp", "x", len(x), len(y))
	parallel(len(y), minWork, lerp[T]{y, x, T(share)})
}

type lerp[T Float] struct {
	y, x  []T
	share T
}

func (l *lerp[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		l.y[i] += l.share * (l.x[i] - l.y[i])
	}
}
