package kernel

import (
	"math"
	"unsafe"
)

// AdamWPairs is AdamW with both moments of a weight in one word, half the memory: m is a bfloat16 in its upper half, v one in its
// lower. They are rounded up or down at random, the more likely the nearer, so that changes too small for the 8 bits of a bfloat16 are
// right on average (stochastic rounding; Gupta et al. 2015, https://arxiv.org/abs/1502.02551). Plain rounding would leave v where
// it is, which changes by a part in 1/(1-β₂) in a step. seed names the random words, one for each weight and step.
//
// The moments of large models have been kept in bfloat16 without loss (DeepSeek-AI 2024, https://arxiv.org/abs/2412.19437,
// section 3.3).
func AdamWPairs(w, g []float32, pairs []int32, scale float64, a Adam, seed Seed) {
	checkLen("adam", "pairs", len(pairs), len(w))
	u := newAdamUpdate(w, g, nil, nil, scale, a)
	u.keep = float32(1 - a.Rate*a.WeightDecay)
	parallel(len(w), minWork/optimizerCost, pairsUpdate{u, pairs, seed.Uint32(uint64(a.Step))})
}

type pairsUpdate struct {
	adamUpdate[float32]
	pairs []int32
	key   uint32
}

func (u *pairsUpdate) Range(lo, hi int) {
	w, g, pairs := u.w[lo:hi], u.g[lo:hi], u.pairs[lo:hi]
	if accelerated {
		adamPairsRowAVX2(len(w), &w[0], (*float32)(unsafe.Pointer(&pairs[0])), &g[0], uint32(lo), u.key,
			u.scale, u.l2, u.beta1, u.beta2, u.rest2, u.rate, u.root, u.eps, u.keep)
		return
	}
	var m, v [1]float32
	one := u.adamUpdate
	for i, p := range pairs {
		m[0], v[0] = math.Float32frombits(uint32(p)&0xffff0000), math.Float32frombits(uint32(p)<<16)
		one.w, one.g, one.m, one.v = w[i:i+1], g[i:i+1], m[:], v[:]
		one.Range(0, 1)
		pairs[i] = int32(pairWord(m[0], v[0], mix32(uint32(lo+i)*0x9e3779b9+u.key)))
	}
}

// pairWord rounds m and v by the two halves of a random word.
func pairWord(m, v float32, random uint32) uint32 {
	upper := math.Float32bits(m) + random>>16
	lower := math.Float32bits(v) + random&0xffff
	return upper&0xffff0000 | lower>>16
}

// mix32 is the finalizer of MurmurHash3 (Appleby 2011): good enough to round by, and cheap.
func mix32(x uint32) uint32 {
	x = (x ^ x>>16) * 0x85ebca6b
	x = (x ^ x>>13) * 0xc2b2ae35
	return x ^ x>>16
}
