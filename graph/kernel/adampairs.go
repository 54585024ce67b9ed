package kernel

import (
	"math"
	"unsafe"
)

// AdamWPairs is AdamW with both moments of a weight in one 32-bit word, which halves their memory: m is a bfloat16 in
// the upper half, v a bfloat16 in the lower half. The moments are rounded up or down at random; the nearer number is
// more likely. So changes too small for the 8 bits of a bfloat16 are right on average (stochastic rounding; Gupta et al.
// 2015, https://arxiv.org/abs/1502.02551). Rounding to the nearest number would mostly leave v unchanged, because one
// step changes it by a fraction of about 1-β₂. seed selects the random words, one for each weight and step.
//
// Large models have been trained with moments in bfloat16 without loss (DeepSeek-AI 2024,
// https://arxiv.org/abs/2412.19437, section 3.3).
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
		adamPairsRowAsm(len(w), &w[0], (*float32)(unsafe.Pointer(&pairs[0])), &g[0], uint32(lo), u.key,
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

// pairWord rounds m and v with the two halves of a random word and packs them into one word.
func pairWord(m, v float32, random uint32) uint32 {
	upper := math.Float32bits(m) + random>>16
	lower := math.Float32bits(v) + random&0xffff
	return upper&0xffff0000 | lower>>16
}

// mix32 is the finalizer of MurmurHash3 (Appleby 2011). It is cheap and random enough for rounding.
func mix32(x uint32) uint32 {
	x = (x ^ x>>16) * 0x85ebca6b
	x = (x ^ x>>13) * 0xc2b2ae35
	return x ^ x>>16
}
