package kernel

import (
	"math"
	"runtime"
	"sync"
	"weak"
)

// Angles holds the cosines and sines of rotary position embedding: channel pair i at position p has the angle p·fᵢ. A value
// is computed in float64 when its position first occurs, and rounded once. Several goroutines may share an Angles.
type Angles[T Float] struct {
	frequencies []float64
	factor      float64
	interleaved bool

	mu     sync.RWMutex
	blocks map[int][]T // of anglesBlock positions each, by position/anglesBlock
}

// anglesBlock is the number of adjacent positions whose values are computed together.
const anglesBlock = 64

// anglesKey identifies an Angles: two with the same key hold the same values.
type anglesKey struct {
	frequencies string // the bits
	factor      uint64
	interleaved bool
	single      bool
}

// sharedAngles maps each anglesKey to a weak pointer, so that all layers of a model read one table.
var sharedAngles sync.Map

// NewAngles returns the cosines and sines of the frequencies, times factor. Interleaved pairs are channels 2i and 2i+1,
// others i and i+n of n frequencies. Calls with equal arguments may return the same Angles.
func NewAngles[T Float](frequencies []float64, factor float64, interleaved bool) *Angles[T] {
	key := anglesKey{bitsOf(frequencies), math.Float64bits(factor), interleaved, single[T]()}
	if known, ok := sharedAngles.Load(key); ok {
		if a := known.(weak.Pointer[Angles[T]]).Value(); a != nil {
			return a
		}
	}
	a := &Angles[T]{
		frequencies: append([]float64(nil), frequencies...), factor: factor, interleaved: interleaved, blocks: map[int][]T{},
	}
	pointer := weak.Make(a)
	sharedAngles.Store(key, pointer)
	runtime.AddCleanup(a, func(key anglesKey) { sharedAngles.CompareAndDelete(key, pointer) }, key)
	return a
}

func bitsOf(x []float64) string {
	b := make([]byte, 0, 8*len(x))
	for _, v := range x {
		for u, k := math.Float64bits(v), 0; k < 8; k++ {
			b = append(b, byte(u>>(8*k)))
		}
	}
	return string(b)
}

// dim returns the number of channels that rotate.
func (a *Angles[T]) dim() int { return 2 * len(a.frequencies) }

// width returns the number of cosines of a position, which is also the number of its sines.
func (a *Angles[T]) width() int {
	if a.interleaved {
		return a.dim()
	}
	return len(a.frequencies)
}

// prepare computes the missing values of block k.
func (a *Angles[T]) prepare(k int) {
	a.mu.RLock()
	_, ok := a.blocks[k]
	a.mu.RUnlock()
	if ok {
		return
	}
	block := a.compute(k)
	a.mu.Lock()
	a.blocks[k] = block
	a.mu.Unlock()
}

// compute returns the cosines, then the sines, of each position of block k. Interleaved values are repeated for both
// channels of a pair. The first channel gets the negative sine.
func (a *Angles[T]) compute(k int) []T {
	n := a.width()
	block := make([]T, anglesBlock*2*n)
	for r := range anglesBlock {
		row := block[r*2*n:][:2*n]
		for i, f := range a.frequencies {
			sin, cos := math.Sincos(float64(k*anglesBlock+r) * f)
			c, s := T(a.factor*cos), T(a.factor*sin)
			if a.interleaved {
				row[2*i], row[2*i+1], row[n+2*i], row[n+2*i+1] = c, c, -s, s
			} else {
				row[i], row[n+i] = c, s
			}
		}
	}
	return block
}

// anglesReader reads rows of prepared blocks. It keeps the last block, because neighbours share it. Its owner holds the
// read lock.
type anglesReader[T Float] struct {
	*Angles[T]
	at    int
	block []T
}

// row returns the cosines and sines of a position.
func (r *anglesReader[T]) row(position int) (cos, sin []T) {
	if k := position / anglesBlock; r.block == nil || k != r.at {
		r.at, r.block = k, r.blocks[k]
	}
	n := r.width()
	values := r.block[position%anglesBlock*2*n:][:2*n]
	return values[:n], values[n:]
}
