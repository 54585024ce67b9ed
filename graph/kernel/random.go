package kernel

import (
	"math"
	"math/bits"
)

// Seed identifies a sequence of random numbers that can be read at any index. The generator is Philox4x32-10 (Salmon,
// Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", 2011) with Key as its key and Stream as the
// upper half of its counter. Key comes from Key(seed, path). Stream changes from one use to the next; an example is the
// step.
type Seed struct{ Key, Stream uint64 }

// Key mixes a seed with the path of its user by FNV-1a and the finalizer of SplitMix64 (Steele, Lea and Flood 2014).
func Key(seed uint64, path string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(path) {
		h = (h ^ uint64(path[i])) * 0x100000001b3
	}
	return mix64(h ^ mix64(seed+0x9e3779b97f4a7c15))
}

func mix64(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// philox returns the four words of block n.
func (s Seed) philox(n uint64) [4]uint32 {
	c := [4]uint32{uint32(n), uint32(n >> 32), uint32(s.Stream), uint32(s.Stream >> 32)}
	k0, k1 := uint32(s.Key), uint32(s.Key>>32)
	for range 10 {
		h0, l0 := bits.Mul32(0xD2511F53, c[0])
		h1, l1 := bits.Mul32(0xCD9E8D57, c[2])
		c = [4]uint32{h1 ^ c[1] ^ k0, l1, h0 ^ c[3] ^ k1, l0}
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return c
}

// keys returns the two keys of each round.
func (s Seed) keys() [20]uint32 {
	var keys [20]uint32
	k0, k1 := uint32(s.Key), uint32(s.Key>>32)
	for i := 0; i < len(keys); i += 2 {
		keys[i], keys[i+1] = k0, k1
		k0 += 0x9E3779B9
		k1 += 0xBB67AE85
	}
	return keys
}

// Uint32 returns word i of the sequence.
func (s Seed) Uint32(i uint64) uint32 {
	w := s.philox(i / 4)
	return w[i%4]
}

// Uniform returns number i in [0, 1) of the sequence, with 53 random bits from the words 2i and 2i+1.
func (s Seed) Uniform(i uint64) float64 {
	w := s.philox(i / 2)
	return unit(w[i%2*2], w[i%2*2+1])
}

// unit returns a number in [0, 1) from two words.
func unit(low, high uint32) float64 {
	return float64((uint64(high)<<32|uint64(low))>>11) / (1 << 53)
}

// randomCost is the cost of a random number in the unit of minWork.
const randomCost = 16

// Uniform fills dst with numbers in [lo, hi): element i is lo + (hi-lo)·s.Uniform(i), rounded to T.
func Uniform[T Float](dst []T, s Seed, lo, hi float64) {
	parallel(len(dst), minWork/randomCost, uniform[T]{dst, s, lo, hi})
}

type uniform[T Float] struct {
	dst    []T
	s      Seed
	lo, hi float64
}

func (u *uniform[T]) Range(lo, hi int) {
	for i := lo; i < hi; i += 2 {
		w := u.s.philox(uint64(i) / 2)
		u.dst[i] = u.value(unit(w[0], w[1]))
		if i+1 < hi {
			u.dst[i+1] = u.value(unit(w[2], w[3]))
		}
	}
}

// value returns lo + (hi-lo)·x. If rounding would give hi, it returns the largest number below hi.
func (u *uniform[T]) value(x float64) T {
	v := T(u.lo + (u.hi-u.lo)*x)
	if v >= T(u.hi) && u.hi > u.lo {
		if single[T]() {
			return T(math.Nextafter32(float32(u.hi), float32(u.lo)))
		}
		return T(math.Nextafter(u.hi, u.lo))
	}
	return v
}

// Normal fills dst with normally distributed numbers: elements 2i and 2i+1 come from the uniform numbers 2i and 2i+1 by
// the method of Box and Muller (1958).
func Normal[T Float](dst []T, s Seed, mean, std float64) {
	parallel(len(dst), minWork/randomCost, normal[T]{dst, s, mean, std})
}

type normal[T Float] struct {
	dst       []T
	s         Seed
	mean, std float64
}

func (n *normal[T]) Range(lo, hi int) {
	for i := lo; i < hi; i += 2 {
		w := n.s.philox(uint64(i) / 2)
		r := n.std * math.Sqrt(-2*math.Log1p(-unit(w[0], w[1])))
		sin, cos := math.Sincos(2 * math.Pi * unit(w[2], w[3]))
		n.dst[i] = T(n.mean + r*cos)
		if i+1 < hi {
			n.dst[i+1] = T(n.mean + r*sin)
		}
	}
}
