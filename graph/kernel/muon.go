package kernel

import "math"

// NewtonSchulz approximates the nearest semi-orthogonal matrix of x (rows, cols), UVᵀ of its singular value decomposition USVᵀ, in
// place. Each step applies the polynomial aX + bAX + cA²X with A = XXᵀ to the singular values. The result is near to 1 after five
// steps with the coefficients of Jordan et al. (2024, https://kellerjordan.github.io/posts/muon/).
func NewtonSchulz[T Float](x []T, rows, cols int, steps [][3]float64) {
	checkLen("newton-schulz", "x", len(x), rows*cols)
	Scale(x, x, T(1/(math.Sqrt(SumSquares(x))+1e-7)))
	n := min(rows, cols)
	scratch := take[buffer[T]]()
	s := scratch.sized(2*n*n + len(x))
	a, b, next := s[:n*n], s[n*n:][:n*n], s[2*n*n:]
	for i, k := range steps {
		newtonSchulzStep(x, next, a, b, rows, cols, k)
		x, next = next, x
		if i == len(steps)-1 && i%2 == 0 { // x is the scratch memory
			copy(next, x)
		}
	}
	give(scratch)
}

// newtonSchulzStep computes next = aX + (bA + cA²)X for wide matrices, and the same for the transpose of tall ones.
func newtonSchulzStep[T Float](x, next, a, b []T, rows, cols int, k [3]float64) {
	n, depth := min(rows, cols), max(rows, cols)
	tall := rows > cols
	left, right := Matrix[T]{Data: x, Stride: cols, Trans: tall}, Matrix[T]{Data: x, Stride: cols, Trans: !tall}
	Gemm[T]{M: n, N: n, K: depth, A: left, B: right, C: a, StrideC: n}.Run()
	Scale(b, a, T(k[1]))
	square := Matrix[T]{Data: a, Stride: n}
	Gemm[T]{M: n, N: n, K: n, A: square, B: square, C: b, StrideC: n, Alpha: k[2], Accumulate: true}.Run()
	Scale(next, x, T(k[0]))
	plain, poly := Matrix[T]{Data: x, Stride: cols}, Matrix[T]{Data: b, Stride: n}
	if tall {
		Gemm[T]{M: rows, N: cols, K: n, A: plain, B: poly, C: next, StrideC: cols, Accumulate: true}.Run()
	} else {
		Gemm[T]{M: rows, N: cols, K: n, A: poly, B: plain, C: next, StrideC: cols, Accumulate: true}.Run()
	}
}

// MuonStep holds the numbers of one step of Muon. Keep is the share of the weights that remains.
type MuonStep struct {
	Rate, Keep, Momentum float64
	Nesterov             bool
	Steps                [][3]float64 // of NewtonSchulz
}

// Muon updates the matrix w with rows rows and its momentum m with the gradients scale·g:
//
//	m = Momentum·m + (1-Momentum)·g
//	u = Momentum·m + (1-Momentum)·g with Nesterov, else m
//	w = Keep·w - Rate·NewtonSchulz(u)
func Muon[T Float](w, g, m []T, rows int, scale float64, s MuonStep) {
	checkLen("muon", "g", len(g), len(w))
	checkLen("muon", "m", len(m), len(w))
	b := take[buffer[T]]()
	u := b.sized(len(w))
	parallel(len(w), minWork/optimizerCost, muonMomentum[T]{u, g, m, T(scale), T(1 - s.Momentum), s.Nesterov})
	NewtonSchulz(u, rows, len(w)/max(1, rows), s.Steps)
	if s.Keep != 1 {
		Scale(w, w, T(s.Keep))
	}
	AddScaled(w, T(-s.Rate), u)
	give(b)
}

type muonMomentum[T Float] struct {
	u, g, m     []T
	scale, rest T
	nesterov    bool
}

func (k *muonMomentum[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		g := k.g[i] * k.scale
		m := k.m[i] + (g-k.m[i])*k.rest
		k.m[i], k.u[i] = m, m
		if k.nesterov {
			k.u[i] = m + (g-m)*k.rest
		}
	}
}
