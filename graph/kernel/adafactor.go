package kernel

import "math"

// Adafactor holds the numbers of one step of Adafactor (Shazeer and Stern 2018, https://arxiv.org/abs/1804.04235). Rate is the step
// relative to the weights, Beta2 the share of the old moments and Decay the share of the weights that decays.
type Adafactor struct{ Rate, Beta2, Eps1, Eps2, Clip, Decay float64 }

// AdafactorStep updates the weights w of a parameter and the second moments v, of one length, with the gradients scale·g:
//
//	v = β₂·v + (1-β₂)·(g² + Eps1)
//	u = g/√v, divided by max(1, RMS(u)/Clip)
//	w = w·(1 - Decay), then w = w - Rate·max(Eps2, RMS(w))·u
func AdafactorStep[T Float](w, g, v []T, scale float64, a Adafactor) {
	checkLen("adafactor", "g", len(g), len(w))
	checkLen("adafactor", "v", len(v), len(w))
	b := take[buffer[T]]()
	u := b.sized(len(w))
	parallel(len(w), minWork/optimizerCost, adafactorFull[T]{u, g, v, T(scale), a})
	adafactorApply(w, u, a)
	give(b)
}

type adafactorFull[T Float] struct {
	u, g, v []T
	scale   T
	Adafactor
}

func (a *adafactorFull[T]) Range(lo, hi int) {
	beta, rest, eps := T(a.Beta2), T(1-a.Beta2), T(a.Eps1)
	for i := lo; i < hi; i++ {
		g := a.g[i] * a.scale
		v := beta*a.v[i] + rest*(g*g+eps)
		a.v[i], a.u[i] = v, g/sqrt(v)
	}
}

// AdafactorFactored is AdafactorStep for matrices: w and g hold matrices (rows, cols), one after another. For each of them, r has the
// moments of the rows and c those of the columns. The second moment of element (i, j) is r[i]·c[j]/mean(r).
func AdafactorFactored[T Float](w, g, r, c []T, cols int, scale float64, a Adafactor) {
	rows, n := rowsOf("adafactor", len(w), cols), len(c)/cols
	checkLen("adafactor", "g", len(g), len(w))
	checkLen("adafactor", "r", len(r), rows)
	checkLen("adafactor", "c", len(c), n*cols)
	b := take[buffer[T]]()
	u := b.sized(len(w))
	Scale(u, g, T(scale))
	rows /= n
	for k := range n {
		adafactorMatrix(u[k*rows*cols:][:rows*cols], r[k*rows:][:rows], c[k*cols:][:cols], a)
	}
	adafactorApply(w, u, a)
	give(b)
}

// adafactorMatrix updates the moments of a matrix and divides its gradients u by their roots.
func adafactorMatrix[T Float](u, r, c []T, a Adafactor) {
	square, sums := take[buffer[T]](), take[buffer[T]]()
	sq, sum := square.sized(len(u)), sums.sized(len(c))
	Binary(Mul, sq, u, u)
	ColumnSums(sum, sq, len(c))
	parallel(len(r), rowGrain(len(c)), adafactorRows[T]{sq, r, len(c), a})
	rest, mean := 1-a.Beta2, Sum(r)/float64(len(r))
	for j, s := range sum {
		c[j] = T(a.Beta2*float64(c[j]) + rest*(float64(s)/float64(len(r))+a.Eps1))
	}
	parallel(len(r), rowGrain(len(c)), adafactorDivide[T]{u, r, c, mean})
	give(square)
	give(sums)
}

type adafactorRows[T Float] struct {
	sq, r []T
	cols  int
	Adafactor
}

func (a *adafactorRows[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		sum := 0.0
		for _, x := range a.sq[i*a.cols:][:a.cols] {
			sum += float64(x)
		}
		a.r[i] = T(a.Beta2*float64(a.r[i]) + (1-a.Beta2)*(sum/float64(a.cols)+a.Eps1))
	}
}

type adafactorDivide[T Float] struct {
	u, r, c []T
	mean    float64 // of r
}

func (a *adafactorDivide[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		row, share := a.u[i*len(a.c):][:len(a.c)], float64(a.r[i])/a.mean
		for j, x := range row {
			row[j] = T(float64(x) / math.Sqrt(share*float64(a.c[j])))
		}
	}
}

// adafactorApply clips u and subtracts it from w, relative to w.
func adafactorApply[T Float](w, u []T, a Adafactor) {
	if a.Decay != 0 {
		Scale(w, w, T(1-a.Decay))
	}
	n := float64(max(1, len(w)))
	size := a.Rate * max(a.Eps2, math.Sqrt(SumSquares(w)/n))
	clip := max(1, math.Sqrt(SumSquares(u)/n)/a.Clip)
	AddScaled(w, T(-size/clip), u)
}
