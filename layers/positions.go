package layers

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Positions is how the order of tokens enters the scores of a SelfAttention. The zero value adds nothing. A scheme is in use if its
// field is not zero.
//
// RoPEDynamic and RoPELongRoPE have other frequencies for other lengths. A Program has the frequencies of one length: T, or in mode
// Decode the capacity of the caches, from the first token on. So all cached keys have turned by the same frequencies, and a score depends
// only on the distance. Transformers takes the length so far instead: once a text exceeds Original, its new keys turn by other frequencies
// than the cached ones. A capacity of at most Original gives the frequencies of short texts.
type Positions struct {
	RoPE  RoPE // rotates queries and keys; RoPE{Theta: 10000} is the usual one
	ALiBi ALiBi
	T5    T5Bias
	Shaw  Shaw
}

// ALiBi subtracts m·|i−j| from the score of query i and key j, where the slope m depends on the head: 2^(−Max/H), 2^(−2·Max/H), … if
// the number of heads H is a power of 2 (Press, Smith and Lewis 2022, arXiv 2108.12409). It has no parameters.
type ALiBi struct {
	Max float64 // 8 in the paper; 0 means no ALiBi
}

// slopes returns the slope of each head. Heads beyond a power of 2 take every second slope of the next power of 2.
func (a ALiBi) slopes(heads int) []float64 {
	power := 1
	for 2*power <= heads {
		power *= 2
	}
	m := make([]float64, heads)
	for h := range m {
		if h < power {
			m[h] = math.Exp2(-a.Max * float64(h+1) / float64(power))
		} else {
			m[h] = math.Exp2(-a.Max / 2 * float64(2*(h-power)+1) / float64(power))
		}
	}
	return m
}

// T5Bias adds a learned number to each score, which depends on the head and on the bucket of the distance between query and key
// (Raffel et al. 2020, section 2.1, arXiv 1910.10683). Half of the buckets hold one short distance each. The others grow
// exponentially up to MaxDistance. Without Causal, keys before and after the query have their own buckets.
//
// Parameters: relative_attention_bias.weight (Buckets, H).
type T5Bias struct {
	Buckets     int // 32 in T5; 0 means no bias
	MaxDistance int // distances from here on share the last bucket; 128 in T5
}

// bucket returns the bucket of a key at distance r after the query.
func (b T5Bias) bucket(r int, causal bool) int {
	n, first := b.Buckets, 0
	if causal {
		r = max(-r, 0)
	} else {
		n /= 2
		if r > 0 {
			first = n
		}
		r = max(r, -r)
	}
	exact := n / 2
	if r < exact {
		return first + r
	}
	steps := math.Log(float64(r)/float64(exact)) / math.Log(float64(b.MaxDistance)/float64(exact)) * float64(n-exact)
	return first + min(exact+int(steps), n-1)
}

// Distance declares the bias of the scores by distance for t tokens, which the layers of a stack share in Sequence.Distance. Its
// shape is (H, T+S−1), for the distances −(S−1) … T−1 of a key after a query. Its parameters belong to scope s. It returns nil if the
// layer's Positions have no such bias.
func (l SelfAttention) Distance(s *graph.Scope, t int, seq Sequence) *G.Node {
	r := distances{heads: l.Heads, keys: t, size: 2*t - 1, causal: l.Causal}
	if l.decodes(s) {
		r.keys, r.size = seq.Context, t+seq.Context-1
	}
	a, b := l.Positions.ALiBi, l.Positions.T5
	switch {
	case a == (ALiBi{}) && b == (T5Bias{}):
		return nil
	case b == (T5Bias{}):
		return a.bias(s, r)
	case a == (ALiBi{}):
		return b.bias(s, r, l.Std)
	}
	return s.Add(a.bias(s, r), b.bias(s, r, l.Std))
}

// distances are the distances of keys from queries. Index i is the distance i−keys+1 of a key after a query.
type distances struct {
	heads, keys, size int
	causal            bool
}

// bias returns the bias of each head and distance: (H, size).
func (a ALiBi) bias(s *graph.Scope, r distances) *G.Node {
	if !(a.Max > 0 && a.Max <= 1000) {
		return s.Failf("attention: ALiBi: Max is %g, want 0 for none, or a number of up to 1000", a.Max)
	}
	return s.ConstantFunc(s.Dtype(), func(x *tensor.Dense) {
		slopes := a.slopes(r.heads)
		fill(x, func(i int) float64 { return -slopes[i/r.size] * math.Abs(float64(i%r.size-r.keys+1)) })
	}, r.heads, r.size)
}

// bias returns the bias of each head and distance: (H, size).
func (b T5Bias) bias(s *graph.Scope, r distances, std float64) *G.Node {
	least := 4 // one exact and one growing bucket on each side
	if r.causal {
		least = 2
	}
	if b.Buckets < least || b.MaxDistance <= b.Buckets/least {
		return s.Failf("attention: T5's bias: %d buckets up to distance %d: want at least %d buckets and a distance above %d", b.Buckets, b.MaxDistance, least, b.Buckets/least)
	}
	table := s.In("relative_attention_bias").Param("weight", graph.Normal(max(std, 0.02)), b.Buckets, r.heads)
	buckets := s.ConstantFunc(tensor.Int32, func(x *tensor.Dense) {
		for i := range x.Int32s() {
			x.Int32s()[i] = int32(b.bucket(i-r.keys+1, r.causal))
		}
	}, r.size)
	return s.Try(ops.Transpose(s.Try(ops.Embedding(table, buckets)), 1, 0))
}
