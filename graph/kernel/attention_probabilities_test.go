package kernel_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// probabilitiesReference computes whole rows of probabilities and scores in float64.
func probabilitiesReference[T kernel.Float](a kernel.Attention[T]) (all, scores []float64) {
	index([]int{a.B, a.H, a.Tq}, func(at []int) {
		b, h, i := at[0], at[1], at[2]
		p, total := make([]float64, a.Tk), 0.0
		for j := range p {
			scores = append(scores, math.Inf(-1))
			if sees(a, b, i, j) {
				product := 0.0
				for d := range a.D {
					product += float64(a.Q.Data[b*a.Q.Batch+i*a.Q.Time+h*a.Q.Head+d]) * float64(a.K.Data[b*a.K.Batch+j*a.K.Time+h/(a.H/a.KVHeads)*a.K.Head+d])
				}
				s, _ := score(a, b, h, i, j, product/math.Sqrt(float64(a.D)))
				scores[len(scores)-1] = s
				p[j] = math.Exp(s)
				total += p[j]
			}
		}
		for _, v := range p {
			if total > 0 {
				v /= total
			}
			all = append(all, v)
		}
	})
	return all, scores
}

func testAttentionProbabilities[T kernel.Float](t *testing.T) {
	for _, c := range slices.Concat(smallAttention, largeAttention, randomAttention(100)) {
		a := newAttention[T](c)
		want, scores := probabilitiesReference(a)
		p := randoms[T](len(want), 5) // old contents must not matter
		a.V.Data = nil
		a.Probabilities(p)
		near(t, fmt.Sprintf("%+v", c), p, want, epsilon[T]()*float64(c.d+64))
		a.Scores(p)
		for i, s := range scores { // near cannot compare -Inf
			if hidden := math.IsInf(float64(p[i]), -1); hidden != math.IsInf(s, -1) {
				t.Fatalf("%+v: score %d is %g, want %g", c, i, p[i], s)
			} else if hidden {
				p[i], scores[i] = 0, 0
			}
		}
		near(t, fmt.Sprintf("%+v: scores", c), p, scores, epsilon[T]()*float64(c.d+64))
	}
}

func TestAttentionProbabilities(t *testing.T) {
	bothTypes(t, testAttentionProbabilities[float32], testAttentionProbabilities[float64])
}

// Every key hidden by the bias gives zeros.
func TestAttentionProbabilitiesHidden(t *testing.T) {
	a := newAttention[float32](attentionCase{b: 1, h: 1, kv: 1, tq: 1, tk: 3, d: 2, bias: "-"})
	for j := range 3 {
		a.Bias[j] = float32(math.Inf(-1))
	}
	p := randoms[float32](3, 1)
	a.Probabilities(p)
	same(t, "probabilities", p, make([]float32, 3))
}
