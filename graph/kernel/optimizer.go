package kernel

import "math"

// Adam holds the numbers of one step of Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980) or a variant. Step
// counts from 1.
type Adam struct {
	Rate, Beta1, Beta2, Eps, WeightDecay float64
	Step                                 int
}

// optimizerCost is the cost of updating a weight in the unit of minWork.
const optimizerCost = 4

// AdamW updates the weights w and the moments m and v, all of one length, with the gradients scale·g. The decay is
// decoupled from the gradient (Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101). The formulas are as in
// torch.optim.AdamW:
//
//	w = w·(1 - Rate·WeightDecay)
//	m = β₁·m + (1-β₁)·g, v = β₂·v + (1-β₂)·g²
//	w = w - Rate/(1-β₁ᵗ) · m/(√v/√(1-β₂ᵗ) + Eps)
func AdamW[T Float](w, g, m, v []T, scale float64, a Adam) {
	checkMoments(w, m, v)
	u := newAdamUpdate(w, g, m, v, scale, a)
	u.keep = T(1 - a.Rate*a.WeightDecay)
	parallel(len(w), minWork/optimizerCost, u)
}

// AdamL2 is AdamW with the decay added to the gradient instead: g = scale·g + WeightDecay·w, as in torch.optim.Adam.
func AdamL2[T Float](w, g, m, v []T, scale float64, a Adam) {
	checkMoments(w, m, v)
	u := newAdamUpdate(w, g, m, v, scale, a)
	u.l2 = T(a.WeightDecay)
	parallel(len(w), minWork/optimizerCost, u)
}

func checkMoments[T Float](w, m, v []T) {
	checkLen("adam", "m", len(m), len(w))
	checkLen("adam", "v", len(v), len(w))
}

func newAdamUpdate[T Float](w, g, m, v []T, scale float64, a Adam) adamUpdate[T] {
	checkLen("adam", "g", len(g), len(w))
	t := float64(max(1, a.Step))
	return adamUpdate[T]{
		w: w, g: g, m: m, v: v, scale: T(scale), keep: 1,
		beta1: T(1 - a.Beta1), beta2: T(a.Beta2), rest2: T(1 - a.Beta2), eps: T(a.Eps),
		rate: T(a.Rate / (1 - math.Pow(a.Beta1, t))),
		root: T(1 / math.Sqrt(1-math.Pow(a.Beta2, t))),
	}
}

type adamUpdate[T Float] struct {
	w, g, m, v          []T
	scale, keep, l2     T
	beta1, beta2, rest2 T // 1-β₁, β₂, 1-β₂
	rate, root, eps     T // Rate/(1-β₁ᵗ), 1/√(1-β₂ᵗ)
}

func (u *adamUpdate[T]) Range(lo, hi int) {
	w, g, m, v := u.w[lo:hi], u.g[lo:hi], u.m[lo:hi], u.v[lo:hi]
	g, m, v = g[:len(w)], m[:len(w)], v[:len(w)]
	scale, keep, l2, beta1, beta2, rest2 := u.scale, u.keep, u.l2, u.beta1, u.beta2, u.rest2
	rate, root, eps := u.rate, u.root, u.eps
	if fast[T]() {
		adamRowAsm(len(w), first(w), first(m), first(v), first(g), float32(scale), float32(l2), float32(beta1), float32(beta2),
			float32(rest2), float32(rate), float32(root), float32(eps), float32(keep))
		return
	}
	for i, p := range w {
		d := g[i]*scale + l2*p
		a := m[i] + (d-m[i])*beta1
		b := v[i]*beta2 + rest2*d*d
		m[i], v[i] = a, b
		w[i] = p*keep - rate*a/(sqrt(b)*root+eps)
	}
}

// SGD holds the numbers of one step of gradient descent with momentum. Step counts from 1; the first step fills the
// buffer.
type SGD struct {
	Rate, Momentum, WeightDecay, Dampening float64
	Nesterov                               bool
	Step                                   int
}

// SGDMomentum updates the weights w and the momentum buffer buf with the gradients scale·g, as in torch.optim.SGD. buf
// may be nil if Momentum is 0:
//
//	g = g + WeightDecay·w
//	buf = Momentum·buf + (1-Dampening)·g; in the first step buf = g
//	w = w - Rate·buf; with Nesterov w = w - Rate·(g + Momentum·buf)
func SGDMomentum[T Float](w, g, buf []T, scale float64, s SGD) {
	checkLen("sgd", "g", len(g), len(w))
	if s.Momentum != 0 {
		checkLen("sgd", "buf", len(buf), len(w))
	}
	parallel(len(w), minWork/optimizerCost, sgdUpdate[T]{w, g, buf, T(scale), s})
}

type sgdUpdate[T Float] struct {
	w, g, buf []T
	scale     T
	SGD
}

func (u *sgdUpdate[T]) Range(lo, hi int) {
	rate, decay, momentum, fresh := T(u.Rate), T(u.WeightDecay), T(u.Momentum), T(1-u.Dampening)
	if u.Step <= 1 {
		fresh = 1
	}
	for i := lo; i < hi; i++ {
		d := u.g[i]*u.scale + decay*u.w[i]
		if momentum != 0 {
			b := fresh * d
			if u.Step > 1 {
				b += momentum * u.buf[i]
			}
			u.buf[i] = b
			if u.Nesterov {
				d += momentum * b
			} else {
				d = b
			}
		}
		u.w[i] -= rate * d
	}
}
