package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// offsets are added to all elements of a row, which changes no probability. The references are computed in float64 from the same
// float32 operands, so the error at each offset must be as small as at offset 0.
var offsets = []float32{0, 1e2, -1e2, 1e3, -1e3, 1e4, -1e4, 1e5, -1e5, 1e6, -1e6, 1e7, -1e7, 1e8, -1e8, 1e9, -1e9}

// offsetTol is some roundings of float32: at most one rounding of the exponent of a probability, which is below 8 here,
// and a few roundings of the exponential, the sum and the products.
const offsetTol = 20 * 0x1p-24

// closeTo fails unless each element differs from want by at most offsetTol times the largest element of want.
func closeTo(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	size := 0.0
	for _, w := range want {
		size = max(size, math.Abs(w))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i])-w) <= offsetTol*size) {
			t.Fatalf("%s: element %d: got %g, want %g: error %.2g of the largest, %g", what, i, got[i], w, math.Abs(float64(got[i])-w)/size, size)
		}
	}
}

// shifted returns normal numbers plus an offset, rounded to float32.
func shifted(n int, seed uint64, offset float32) []float32 {
	x := randoms[float32](n, seed)
	for i := range x {
		x[i] += offset
	}
	return x
}

func TestSoftmaxOffsets(t *testing.T) {
	for _, cols := range []int{1, 4, 33, 1000} {
		for _, offset := range offsets {
			x, dy := shifted(3*cols, 1, offset), randoms[float32](3*cols, 2)
			name := fmt.Sprintf("%d columns, offset %g", cols, offset)
			y, z, dx, dz := make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x))
			kernel.Softmax(y, x, cols)
			kernel.LogSoftmax(z, x, cols)
			p, logs := softmaxReference(x, cols, false), softmaxReference(x, cols, true)
			closeTo(t, name+": softmax", y, p)
			closeTo(t, name+": log softmax", z, logs)
			kernel.SoftmaxGrad(dx, y, dy, cols)
			kernel.LogSoftmaxGrad(dz, z, dy, cols)
			want, wantLog := make([]float64, len(x)), make([]float64, len(x))
			kernel.SoftmaxGrad(want, p, wide(dy), cols)
			kernel.LogSoftmaxGrad(wantLog, logs, wide(dy), cols)
			if cols > 1 { // otherwise zero
				closeTo(t, name+": softmax gradient", dx, want)
				closeTo(t, name+": log softmax gradient", dz, wantLog)
			}
		}
	}
}

// TestSoftmaxGradOffsets adds offsets to the gradient of the probabilities. They cancel out as well.
func TestSoftmaxGradOffsets(t *testing.T) {
	const cols = 33
	for _, offset := range offsets {
		x, dy := randoms[float32](3*cols, 1), shifted(3*cols, 2, offset)
		y, dx, want := make([]float32, len(x)), make([]float32, len(x)), make([]float64, len(x))
		kernel.Softmax(y, x, cols)
		kernel.SoftmaxGrad(dx, y, dy, cols)
		small := wide(dy)
		for i := range small {
			small[i] -= float64(offset)
		}
		kernel.SoftmaxGrad(want, softmaxReference(x, cols, false), small, cols)
		closeTo(t, fmt.Sprintf("offset %g", offset), dx, want)
	}
}

func TestNormOffsets(t *testing.T) {
	for _, cols := range []int{2, 33, 512} {
		for _, affine := range []bool{false, true} {
			for _, offset := range offsets {
				n := newNorm[float32](5, cols, false, affine)
				n.X = shifted(5*cols, 1, offset)
				if float64(offset) > 1e6 || float64(offset) < -1e6 {
					for i := range n.X {
						n.X[i] += 512 * float32(i*7%5) // constant rows would have the deviation of Eps
					}
				}
				w := kernel.Norm[float64]{X: wide(n.X), Cols: cols, Eps: n.Eps}
				if affine {
					w.W, w.B = wide(n.W), wide(n.B)
				}
				for i := range w.X {
					w.X[i] -= float64(offset)
				}
				y, dx, dw, m := make([]float32, len(n.X)), make([]float32, len(n.X)), make([]float32, cols), newMoments[float32](5)
				wantY, wantX, wantW, wm := wide(y), wide(dx), wide(dw), newMoments[float64](5)
				dy := randoms[float32](len(n.X), 4)
				n.Forward(y, m)
				n.Backward(dx, dw, nil, dy, m)
				w.Forward(wantY, wm)
				w.Backward(wantX, wantW, nil, wide(dy), wm)
				name := fmt.Sprintf("%d columns, affine %v, offset %g", cols, affine, offset)
				closeTo(t, name+": y", y, wantY)
				closeTo(t, name+": dw", dw, wantW)
				if cols > 2 { // otherwise zero except for Eps
					closeTo(t, name+": dx", dx, wantX)
				}
			}
		}
	}
}

func TestCrossEntropyOffsets(t *testing.T) {
	for _, v := range []int{2, 4, 65, 5003} {
		for _, smoothing := range []float64{0, 0.1} {
			for _, offset := range offsets {
				c := newCrossEntropy[float32](7, v, smoothing)
				c.Logits = shifted(7*v, 1, offset)
				n, dx := newNormalizer[float32](7), make([]float32, 7*v)
				loss := c.Forward(n)
				c.Backward(dx, n, 1)
				name := fmt.Sprintf("%d classes, smoothing %g, offset %g", v, smoothing, offset)
				closeTo(t, name+": loss", []float32{float32(loss)}, []float64{crossEntropyReference(c)})
				closeTo(t, name+": gradient", dx, crossEntropyGradReference(c))
			}
		}
	}
}

func crossEntropyGradReference(c kernel.CrossEntropy[float32]) []float64 {
	dx, count := softmaxReference(c.Logits, c.V, false), 0.0
	for r, target := range c.Targets {
		row := dx[r*c.V : (r+1)*c.V]
		if target == c.Ignore {
			clear(row)
			continue
		}
		count++
		for i := range row {
			row[i] -= c.Smoothing / float64(c.V)
		}
		row[target] -= 1 - c.Smoothing
	}
	for i := range dx {
		dx[i] /= count
	}
	return dx
}

func TestAttentionOffsets(t *testing.T) {
	for _, c := range []attentionCase{
		{b: 1, h: 1, kv: 1, tq: 4, tk: 4, d: 4, bias: "-"},
		{b: 2, h: 4, kv: 2, tq: 3, tk: 70, d: 8, bias: "h"},
		{b: 2, h: 2, kv: 1, tq: 70, tk: 70, d: 8, bias: "b", causal: true},
		{b: 2, h: 2, kv: 2, tq: 66, tk: 131, d: 8, bias: "bh", window: 9},
		{b: 2, h: 2, kv: 2, tq: 20, tk: 20, d: 8, bias: "bh", lengths: []int32{20, 7}, dropout: 0.2},
		{b: 2, h: 2, kv: 1, tq: 70, tk: 70, d: 8, distance: "h", causal: true},
		{b: 2, h: 2, kv: 2, tq: 66, tk: 131, d: 8, distance: "-", softcap: 3},
		{b: 2, h: 2, kv: 2, tq: 20, tk: 20, d: 8, distance: "h", bias: "-"},
	} {
		for i, offset := range offsets {
			if i%2 > 0 && !sweep.All() {
				continue
			}
			a := newAttention[float32](c)
			if a.Bias != nil {
				a.Bias = shifted(len(a.Bias), 6, offset)
			}
			if a.Distance != nil {
				a.Distance = shifted(len(a.Distance), 7, offset)
			}
			checkAttention(t, fmt.Sprintf("%+v, offset %g", c, offset), a, offset)
		}
	}
}

// checkAttention compares both passes with float64 on the same operands, without the offset of the bias.
func checkAttention(t *testing.T, name string, a kernel.Attention[float32], offset float32) {
	t.Helper()
	do := output(a)
	do.Data = randoms[float32](len(do.Data), 8)
	w := widenAttention(a)
	for _, bias := range [][]float64{w.Bias, w.Distance} {
		for i := range bias {
			bias[i] -= float64(offset)
		}
	}
	g, want := attentionGrads(a, do), attentionGrads(w, widenHeads(do))
	o, _ := attentionReference(w)
	dq, dk, dv := attentionGradReference(w, widenHeads(do))
	closeTo(t, name+": o", compact(a, g.O, a.Tq, a.H), o)
	closeTo(t, name+": dq", compact(a, g.DQ, a.Tq, a.H), dq)
	closeTo(t, name+": dk", compact(a, g.DK, a.Tk, a.KVHeads), dk)
	closeTo(t, name+": dv", compact(a, g.DV, a.Tk, a.KVHeads), dv)
	closeTo(t, name+": dbias", g.DBias, want.DBias)
	closeTo(t, name+": ddistance", g.DDistance, want.DDistance)
}

func widenAttention(a kernel.Attention[float32]) kernel.Attention[float64] {
	w := kernel.Attention[float64]{
		B: a.B, H: a.H, KVHeads: a.KVHeads, Tq: a.Tq, Tk: a.Tk, D: a.D, Causal: a.Causal, Window: a.Window, Past: a.Past, Lengths: a.Lengths,
		Q: widenHeads(a.Q), K: widenHeads(a.K), V: widenHeads(a.V), BiasBatch: a.BiasBatch, BiasHead: a.BiasHead, Dropout: a.Dropout, Seed: a.Seed,
		Starts: a.Starts, Ends: a.Ends, Softcap: a.Softcap, DistanceHead: a.DistanceHead,
	}
	if a.Distance != nil {
		w.Distance = wide(a.Distance)
	}
	if a.Bias != nil {
		w.Bias = wide(a.Bias)
	}
	return w
}

// TestAttentionMaskValues uses masks of finite numbers instead of -Inf. A row with all keys masked gives the mean of the
// values.
func TestAttentionMaskValues(t *testing.T) {
	for _, mask := range []float32{-1e9, -1e30, -math.MaxFloat32} {
		for _, tk := range []int{1, 4, 100} {
			a := newAttention[float32](attentionCase{b: 1, h: 1, kv: 1, tq: 2, tk: tk, d: 4, bias: "-"})
			clear(a.Q.Data)
			for j := range tk {
				a.Bias[j] = mask
			}
			do := output(a)
			for i := range do.Data {
				do.Data[i] = 1
			}
			a.Bias[tk] = 0
			for j := 1; j < tk; j++ {
				a.Bias[tk+j] = mask // the second query sees only the first key
			}
			g := attentionGrads(a, do)
			want := make([]float64, 4*tk)
			for j := range want {
				want[j] = 1 / float64(tk)
				if j < 4 {
					want[j]++
				}
			}
			closeTo(t, fmt.Sprintf("mask %g of %d keys: dv", mask, tk), compact(a, g.DV, tk, 1), want)
		}
	}
}

// TestAttentionLargeScores uses large products of queries and keys. They have float32's error of their own size, but
// both passes must compute the same scores, so that probabilities sum to 1. Then the gradients of the values sum to the
// gradient of the output.
func TestAttentionLargeScores(t *testing.T) {
	for _, c := range []attentionCase{
		{b: 1, h: 1, kv: 1, tq: 5, tk: 5, d: 8},
		{b: 2, h: 4, kv: 2, tq: 70, tk: 70, d: 20, causal: true},
		{b: 4, h: 8, kv: 2, tq: 1, tk: 131, d: 16},
		{b: 4, h: 8, kv: 2, tq: 3, tk: 131, d: 16, window: 70, bias: "-"},
		{b: 1, h: 2, kv: 2, tq: 130, tk: 131, d: 64, window: 33},
	} {
		for _, size := range []float32{1, 1e2, 1e4, 1e6, 1e8} {
			a := newAttention[float32](c)
			for i := range a.Q.Data {
				a.Q.Data[i] *= size
			}
			do := output(a)
			do.Data = randoms[float32](len(do.Data), 8)
			g := attentionGrads(a, do)
			got, want := make([]float32, a.D), make([]float64, a.D)
			for i, v := range compact(a, g.DV, a.Tk, a.KVHeads) {
				got[i%a.D] += v
			}
			scale := 0.0
			for i, v := range do.Data {
				want[i%a.D] += float64(v)
				scale += math.Abs(float64(v))
			}
			for i, w := range want {
				if !(math.Abs(float64(got[i])-w) <= offsetTol*scale/float64(a.D)) {
					t.Fatalf("%+v, queries times %g: gradients of the values sum to %g, want %g", c, size, got[i], w)
				}
			}
		}
	}
}
