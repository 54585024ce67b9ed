package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// manyTerms is the number of terms of the long sums below. Added one by one in float32, a million terms of one sign lose
// four digits.
func manyTerms() int {
	if !sweep.All() {
		return 1 << 16
	}
	return 1 << 20
}

// sumTol bounds the error of a long sum in float32, relative to the sum of the magnitudes: 16 units, as if no chain of
// additions were much longer than 16.
const sumTol = 16 * 0x1p-24

// positives returns n numbers of mean 1.
func positives(n int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 2))
	x := make([]float32, n)
	for i := range x {
		x[i] = 0.5 + r.Float32()
	}
	return x
}

// checkSums compares sums with their values in float64.
func checkSums(t *testing.T, what string, got []float32, want, magnitude []float64) {
	t.Helper()
	for i, w := range want {
		if e := math.Abs(float64(got[i])-w) / magnitude[i]; !(e <= sumTol) {
			t.Errorf("%s: sum %d: got %v, want %v: the error is %.2g of the magnitudes, want at most %.2g", what, i, got[i], w, e, sumTol)
		}
	}
}

// columnSums returns the sums and the sums of the magnitudes of the columns of f(row, column).
func columnSums(rows, cols int, f func(r, c int) float64) (sums, magnitude []float64) {
	sums, magnitude = make([]float64, cols), make([]float64, cols)
	for r := range rows {
		for c := range cols {
			v := f(r, c)
			sums[c] += v
			magnitude[c] += math.Abs(v)
		}
	}
	return sums, magnitude
}

// levels runs a test of float32 without and with assembly.
func levels(t *testing.T, f func(*testing.T)) {
	t.Helper()
	for name, level := range map[string]int{"plain": kernel.Plain, "assembly": kernel.Wide} {
		t.Run(name, func(t *testing.T) {
			defer kernel.Accelerate(kernel.Accelerate(level))
			f(t)
		})
	}
}

func TestLongSums(t *testing.T) { levels(t, testLongSums) }

func testLongSums(t *testing.T) {
	const cols = 3
	terms := manyTerms()
	x := positives(terms*cols, 1)
	at := func(r, c int) float64 { return float64(x[r*cols+c]) }
	want, _ := columnSums(terms, cols, at)
	got := make([]float32, cols)
	kernel.ColumnSums(got, x, cols)
	checkSums(t, "column sums", got, want, want)
	kernel.SumTo(got, x, []int{terms >> 10, 1, 1 << 10, cols}, []bool{false, true, false, true})
	checkSums(t, "sum to", got, want, want)
	kernel.MeanPool(got, x, kernel.Sequences{B: 1, T: terms, C: cols})
	for i := range want {
		want[i] /= float64(terms)
	}
	checkSums(t, "mean pool", got, want, want)

	ids := make([]int32, terms)
	for i := range ids {
		ids[i] = int32(min(1, i%100))
	}
	table := positives(2*cols, 2)
	both := wide(table)
	for i := range ids {
		for c := range cols {
			both[int(ids[i])*cols+c] += at(i, c)
		}
	}
	kernel.ScatterAdd(table, ids, x, cols)
	checkSums(t, "scatter add", table, both, both)

	one := []float32{float32(kernel.Sum(x)), float32(kernel.SumSquares(x))}
	total, square := 0.0, 0.0
	for _, v := range x {
		total += float64(v)
		square += float64(v) * float64(v)
	}
	checkSums(t, "sum, sum of squares", one, []float64{total, square}, []float64{total, square})
	kernel.SumTo(one[:1], x, []int{1, len(x)}, []bool{true, false})
	checkSums(t, "sum to", one, []float64{total}, []float64{total})
}

// The gradients of the weights of a norm are sums over the rows; each gradient of X contains sums over the columns.
func TestLongNorms(t *testing.T) {
	const cols = 2
	terms := manyTerms()
	x, dy, w := positives(terms*cols, 1), positives(terms*cols, 2), positives(cols, 3)
	for i := range x {
		x[i] = x[i]*3 + float32(i%cols) // so that n has a large mean
	}
	for _, rms := range []bool{false, true} {
		longNorm(t, kernel.Norm[float32]{X: x, W: w, Cols: cols, Eps: 1e-5, RMS: rms}, dy)
		longNorm(t, kernel.Norm[float32]{X: x[:terms], W: dy[:terms], Cols: terms, Eps: 1e-5, RMS: rms}, dy[terms:2*terms])
	}
}

func longNorm(t *testing.T, n kernel.Norm[float32], dy []float32) {
	t.Helper()
	rows := len(n.X) / n.Cols
	exact := kernel.Norm[float64]{X: wide(n.X), W: wide(n.W), Cols: n.Cols, Eps: n.Eps, RMS: n.RMS}
	m, dx := newMoments[float64](rows), make([]float64, len(n.X))
	exact.Forward(dx, m)
	exact.Backward(dx, nil, nil, wide(dy), m)
	normal := func(r, c int) float64 {
		v := exact.X[r*n.Cols+c]
		if !n.RMS {
			v -= m.Mean[r] + m.Rest[r]
		}
		return v * m.Rstd[r] * float64(dy[r*n.Cols+c])
	}
	dw, along := columnSums(rows, n.Cols, normal)
	for i := range along {
		along[i] += 1e-3 * float64(rows) // a single normalized element may be 0
	}
	db, across := columnSums(rows, n.Cols, func(r, c int) float64 { return float64(dy[r*n.Cols+c]) })
	levels(t, func(t *testing.T) {
		m, gw, gb, gx := newMoments[float32](rows), make([]float32, n.Cols), make([]float32, n.Cols), make([]float32, len(n.X))
		n.Forward(gx, m)
		n.Backward(gx, gw, gb, dy, m)
		what := fmt.Sprintf("%d×%d, rms %v: ", rows, n.Cols, n.RMS)
		checkSums(t, what+"dw", gw, dw, along)
		checkSums(t, what+"db", gb, db, across)
		if rows == 1 { // the terms of short rows cancel
			near(t, what+"dx", gx, dx, 4*sumTol)
		}
	})
}

// The loss is a mean over the rows; the sum of the exponentials runs over the classes.
func TestLongLosses(t *testing.T) {
	terms := manyTerms()
	for _, v := range []int{2, terms} {
		n := 2 * terms / v
		logits, targets := positives(n*v, 4), make([]int32, n)
		double := kernel.CrossEntropy[float64]{Logits: wide(logits), Targets: targets, V: v, Ignore: -100, Smoothing: 0.1}
		want := []float64{double.Forward(kernel.Normalizer[float64]{})}
		levels(t, func(t *testing.T) {
			single := kernel.CrossEntropy[float32]{Logits: logits, Targets: targets, V: v, Ignore: -100, Smoothing: 0.1}
			got := []float32{float32(single.Forward(kernel.Normalizer[float32]{}))}
			checkSums(t, fmt.Sprintf("loss of %d×%d", n, v), got, want, want)
		})
	}
	x, dy := positives(terms, 5), positives(terms, 6)
	p, dx := make([]float64, terms), make([]float64, terms)
	kernel.Softmax(p, wide(x), terms)
	kernel.SoftmaxGrad(dx, p, wide(dy), terms)
	log, dlog := make([]float64, terms), make([]float64, terms)
	kernel.LogSoftmax(log, wide(x), terms)
	levels(t, func(t *testing.T) {
		y, d := make([]float32, terms), make([]float32, terms)
		kernel.Softmax(y, x, terms)
		checkSums(t, "softmax", y, p, p)
		kernel.SoftmaxGrad(d, y, dy, terms)
		checkSums(t, "softmax gradient", d, dx, p)
		kernel.LogSoftmax(y, x, terms)
		near(t, "log softmax", y, log, sumTol)
		kernel.LogSoftmaxGrad(d, y, dy, terms)
		kernel.LogSoftmaxGrad(dlog, wide(y), wide(dy), terms)
		near(t, "log softmax gradient", d, dlog, sumTol)
	})
}

// longProduct is a product of random matrices of n columns and many terms, as left and right operands in both orders.
type longProduct struct {
	m, n, terms               int
	left, across, right, down []float32
	want                      []float64
}

func newLongProduct(m, n int) *longProduct {
	p := &longProduct{m: m, n: n, terms: manyTerms(), want: make([]float64, 2*m*n)}
	p.left, p.right = positives(m*p.terms, 7), positives(n*p.terms, 8)
	p.across, p.down = make([]float32, len(p.left)), make([]float32, len(p.right))
	kernel.Transpose(p.across, p.left, []int{m, p.terms}, []int{1, 0})
	kernel.Transpose(p.down, p.right, []int{n, p.terms}, []int{1, 0})
	for i := range m {
		for j := range n {
			for k := range p.terms {
				p.want[i*n+j] += float64(p.left[i*p.terms+k]) * float64(p.right[j*p.terms+k])
			}
			p.want[(m+i)*n+j] = p.want[i*n+j]
		}
	}
	return p
}

func (p *longProduct) check(t *testing.T, transA, transB bool, batch int) {
	t.Helper()
	g := kernel.Gemm[float32]{M: p.m, N: p.n, K: p.terms, C: make([]float32, batch*p.m*p.n), StrideC: p.n, Batch: batch, BatchC: p.m * p.n,
		A: kernel.Matrix[float32]{Data: p.left, Stride: p.terms}, B: kernel.Matrix[float32]{Data: p.down, Stride: p.n}}
	if transA {
		g.A = kernel.Matrix[float32]{Data: p.across, Stride: p.m, Trans: true}
	}
	if transB {
		g.B = kernel.Matrix[float32]{Data: p.right, Stride: p.terms, Trans: true}
	}
	g.Run()
	want := p.want[:len(g.C)]
	checkSums(t, fmt.Sprintf("%d rows, A transposed %v, B transposed %v, batch %d", p.m, transA, transB, batch), g.C, want, want)
}

// Products a million deep, with few and with many rows, of contiguous and of transposed operands, alone and in a batch.
func TestLongProducts(t *testing.T) {
	for _, m := range []int{1, 2, 9, 20} {
		p := newLongProduct(m, 3)
		levels(t, func(t *testing.T) {
			for trans := range 4 {
				p.check(t, trans&1 > 0, trans&2 > 0, 1)
			}
			p.check(t, false, m == 9, 2)
		})
	}
}

// Attention over a million keys, by a million queries, and with a bias that thousands of sequences share.
func TestLongAttention(t *testing.T) {
	n := manyTerms()
	for _, c := range []attentionCase{{b: 1, h: 1, kv: 1, tq: 1, tk: n, d: 2}, {b: 1, h: 1, kv: 1, tq: n, tk: 2, d: 1}, {b: n / 16, h: 1, kv: 1, tq: 1, tk: 2, d: 2, bias: "-"}} {
		single, double := newAttention[float32](c), newAttention[float64](c)
		for _, s := range [][2]any{{single.Q.Data, double.Q.Data}, {single.K.Data, double.K.Data}, {single.V.Data, double.V.Data}} {
			narrow := s[0].([]float32)
			copy(narrow, positives(len(narrow), uint64(len(narrow))))
			copy(s[1].([]float64), wide(narrow))
		}
		copy(double.Bias, wide(single.Bias))
		do, exact := output(single), output(double)
		do.Data = positives(len(do.Data), 9)
		exact.Data = wide(do.Data)
		want := attentionGrads(double, exact)
		levels(t, func(t *testing.T) {
			got := attentionGrads(single, do)
			what := fmt.Sprintf("%d×%d×%d: ", c.b, c.tq, c.tk)
			largestSums(t, what+"o", got.O.Data, want.O.Data, 0)
			largestSums(t, what+"dq", got.DQ.Data, want.DQ.Data, 0.1)
			largestSums(t, what+"dk", got.DK.Data, want.DK.Data, 0)
			largestSums(t, what+"dv", got.DV.Data, want.DV.Data, 0)
			largestSums(t, what+"dbias", got.DBias, want.DBias, 0.1*float64(c.b))
		})
	}
}

// largestSums is checkSums relative to the largest sum. Terms that cancel have a magnitude of at least the given one.
func largestSums(t *testing.T, what string, got []float32, want []float64, least float64) {
	t.Helper()
	for _, v := range want {
		least = max(least, math.Abs(v))
	}
	magnitude := make([]float64, len(want))
	for i := range magnitude {
		magnitude[i] = least
	}
	checkSums(t, what, got, want, magnitude)
}
