package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// attentionGrads runs both passes and returns the gradients; do is random.
func attentionGrads[T kernel.Float](a kernel.Attention[T], do kernel.Heads[T]) kernel.AttentionGrads[T] {
	like := func(x kernel.Heads[T]) kernel.Heads[T] {
		x.Data = randoms[T](len(x.Data), 77) // old contents must not matter
		return x
	}
	g := kernel.AttentionGrads[T]{O: output(a), DO: do, DQ: like(a.Q), DK: like(a.K), DV: like(a.V), Normalizer: newNormalizer[T](a.B * a.H * a.Tq)}
	if a.Bias != nil {
		g.DBias = randoms[T](len(a.Bias), 78)
	}
	if a.Distance != nil {
		g.DDistance = randoms[T](len(a.Distance), 79)
	}
	a.Forward(g.O, g.Normalizer)
	a.Backward(g)
	return g
}

// compact copies an array of heads without its padding.
func compact[T kernel.Float](a kernel.Attention[T], x kernel.Heads[T], time, n int) []T {
	var y []T
	index([]int{a.B, time, n}, func(at []int) {
		from := at[0]*x.Batch + at[1]*x.Time + at[2]*x.Head
		y = append(y, x.Data[from:from+a.D]...)
	})
	return y
}

func TestAttentionGrad(t *testing.T) {
	for _, c := range append(clone(smallAttention), randomAttention(60)...) {
		a := newAttention[float64](c)
		do := output(a)
		do.Data = randoms[float64](len(do.Data), 8)
		g, o := attentionGrads(a, do), output(a)
		f := func() float64 {
			a.Forward(o, kernel.Normalizer[float64]{})
			return dotProduct(o.Data, do.Data)
		}
		differences := func(x kernel.Heads[float64]) kernel.Heads[float64] {
			want := make([]float64, len(x.Data))
			for i := range want {
				want[i] = slope(f, x.Data, i)
			}
			x.Data = want
			return x
		}
		name := fmt.Sprintf("%+v", c)
		near(t, name+" dq", compact(a, g.DQ, c.tq, c.h), compact(a, differences(a.Q), c.tq, c.h), gradientTol)
		near(t, name+" dk", compact(a, g.DK, c.tk, c.kv), compact(a, differences(a.K), c.tk, c.kv), gradientTol)
		near(t, name+" dv", compact(a, g.DV, c.tk, c.kv), compact(a, differences(a.V), c.tk, c.kv), gradientTol)
		if a.Bias != nil {
			checkGradient(t, name+" dbias", f, a.Bias, g.DBias)
		}
		if a.Distance != nil {
			checkGradient(t, name+" ddistance", f, a.Distance, g.DDistance)
		}
	}
}

// attentionGradReference computes the gradients in float64 from whole rows of probabilities, contiguous as compact returns them.
func attentionGradReference(a kernel.Attention[float64], do kernel.Heads[float64]) (dq, dk, dv []float64) {
	dq, dk, dv = make([]float64, a.B*a.Tq*a.H*a.D), make([]float64, a.B*a.Tk*a.KVHeads*a.D), make([]float64, a.B*a.Tk*a.KVHeads*a.D)
	_, lse := attentionReference(a)
	scale := 1 / math.Sqrt(float64(a.D))
	index([]int{a.B, a.H, a.Tq}, func(at []int) {
		b, h, i := at[0], at[1], at[2]
		kv, row := h/(a.H/a.KVHeads), (b*a.H+h)*a.Tq+i
		q, d := a.Q.Data[b*a.Q.Batch+i*a.Q.Time+h*a.Q.Head:][:a.D], do.Data[b*do.Batch+i*do.Time+h*do.Head:][:a.D]
		p, dp, m, slopes, delta := make([]float64, a.Tk), make([]float64, a.Tk), make([]float64, a.Tk), make([]float64, a.Tk), 0.0
		for j := range p {
			if !sees(a, b, i, j) {
				continue
			}
			s := dotProduct(q, a.K.Data[b*a.K.Batch+j*a.K.Time+kv*a.K.Head:][:a.D]) * scale
			s, slopes[j] = score(a, b, h, i, j, s)
			if float64(a.Seed.Uint32(uint64(row*a.Tk+j))) >= math.Round(a.Dropout*(1<<32)) {
				m[j] = 1 / (1 - a.Dropout)
			}
			p[j] = math.Exp(s - lse[row])
			dp[j] = m[j] * dotProduct(d, a.V.Data[b*a.V.Batch+j*a.V.Time+kv*a.V.Head:][:a.D])
			delta += p[j] * dp[j]
		}
		for j := range p {
			ds := p[j] * (dp[j] - delta) * slopes[j] * scale
			for c := range a.D {
				key := ((b*a.Tk+j)*a.KVHeads+kv)*a.D + c
				dq[((b*a.Tq+i)*a.H+h)*a.D+c] += ds * a.K.Data[b*a.K.Batch+j*a.K.Time+kv*a.K.Head+c]
				dk[key] += ds * q[c]
				dv[key] += p[j] * m[j] * d[c]
			}
		}
	})
	return dq, dk, dv
}

func widenHeads(x kernel.Heads[float32]) kernel.Heads[float64] {
	return kernel.Heads[float64]{Data: wide(x.Data), Batch: x.Batch, Time: x.Time, Head: x.Head}
}

func TestAttentionGradLarge(t *testing.T) {
	for _, c := range largeAttention {
		a32 := newAttention[float32](c)
		a := widenAttention(a32)
		do := output(a32)
		do.Data = randoms[float32](len(do.Data), 8)
		g32, g := attentionGrads(a32, do), attentionGrads(a, widenHeads(do))
		dq, dk, dv := attentionGradReference(a, widenHeads(do))
		name := fmt.Sprintf("%+v", c)
		near(t, name+" dq", compact(a, g.DQ, c.tq, c.h), dq, 1e-12) // float64, a few hundred roundings
		near(t, name+" dk", compact(a, g.DK, c.tk, c.kv), dk, 1e-12)
		near(t, name+" dv", compact(a, g.DV, c.tk, c.kv), dv, 1e-12)
		// Scores and products with do are sums of d products; the gradients are sums over up to 200 of their products.
		tol := epsilon[float32]() * float64(8*c.d+400)
		near(t, name+" dq", compact(a32, g32.DQ, c.tq, c.h), dq, tol)
		near(t, name+" dk", compact(a32, g32.DK, c.tk, c.kv), dk, tol)
		near(t, name+" dv", compact(a32, g32.DV, c.tk, c.kv), dv, tol)
		if a.Bias != nil {
			near(t, name+" dbias", g32.DBias, g.DBias, tol)
		}
		if a.Distance != nil {
			near(t, name+" ddistance", g32.DDistance, g.DDistance, tol)
		}
	}
}

// Queries without keys give zeros and no gradient, also if the bias hides the keys.
func TestAttentionFullyMasked(t *testing.T) {
	a := newAttention[float32](attentionCase{b: 1, h: 1, kv: 1, tq: 3, tk: 3, d: 2, bias: "-"})
	for j := range 3 {
		a.Bias[3+j] = float32(math.Inf(-1))
	}
	do := output(a)
	do.Data = randoms[float32](len(do.Data), 8)
	g := attentionGrads(a, do)
	same(t, "o", g.O.Data[2:4], []float32{0, 0})
	same(t, "top", g.Normalizer.Top[1:2], []float32{float32(math.Inf(-1))})
	same(t, "inverse", g.Normalizer.Inverse[1:2], []float32{0})
	same(t, "dq", g.DQ.Data[2:4], []float32{0, 0})
	same(t, "dbias", g.DBias[3:6], []float32{0, 0, 0})
	if kernel.FirstNonFinite(compact(a, g.DK, 3, 1)) >= 0 || kernel.FirstNonFinite(compact(a, g.DV, 3, 1)) >= 0 {
		t.Errorf("got dk %v and dv %v, want finite numbers", g.DK.Data, g.DV.Data)
	}
}
