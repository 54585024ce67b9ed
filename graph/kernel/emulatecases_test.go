//go:build amd64 && !purego

package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
)

func u(n int) uint64 { return uint64(n) }

var vnniDots = map[Quant]quantKernel{
	Q8_0: quantDotsQ8VNNI, Q4_0: quantDotsQ4VNNI, Q4_1: quantDotsQ41VNNI, Q5_0: quantDotsQ5VNNI, Q5_1: quantDotsQ51VNNI,
	Q4_K: quantDotsQ4KVNNI, Q5_K: quantDotsQ5KVNNI,
}

// quantCases adds the products of packed weights with VNNI.
func (e *emulation) quantCases(r *rand.Rand) {
	for _, q := range []Quant{Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K} {
		unit, _ := q.Block()
		for _, blocks := range []int{1, 2, 3, 5, 8, 19} {
			k := blocks * unit
			e.dots(r, fmt.Sprintf("dots of %v, %d long", q, k), q, k, vnniDots[q])
			e.strip(r, fmt.Sprintf("strip of %v, %d long", q, k), q, k)
		}
	}
	for _, blocks := range []int{1, 2, 5} {
		e.words(r, fmt.Sprintf("strip of %v, %d blocks long", Q6_K, blocks), Q6_K, 256*blocks)
	}
}

func randomFloats(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func randomWeights(r *rand.Rand, q Quant, n, k int) *Packed {
	w := Pack(q, n, k, Matrix[float32]{Data: randomFloats(r, n*k), Stride: k})
	_, size := q.Block()
	scales := 2
	if wides[q].minima {
		scales = 4
	}
	for i := range w.Data {
		if i%size >= scales {
			w.Data[i] = byte(r.Uint32())
			if r.IntN(9) == 0 {
				w.Data[i] = 0x80
			}
		}
	}
	return w
}

// dots adds a product of a row with 16 rows of weights.
func (e *emulation) dots(r *rand.Rand, name string, q Quant, k int, run any) {
	const n = 16
	w := randomWeights(r, q, n, k)
	var room roundedRoom
	a := rounded(room.round(randomFloats(r, k)))
	want := make([]float32, n)
	for i := range want {
		want[i] = packed[q].slow(dotOperands{rounded: a, w: w.Data[i*w.stride():][:w.stride()]})
	}
	parts := 1
	if unit, _ := q.Block(); unit > packedUnit {
		parts = partsK
	}
	c := put(e, make([]float32, n))
	e.call(run, u(n/packed[q].fast.group), u(k/32/parts), put(e, a.q), put(e, a.scales), put(e, a.totals), put(e, append(w.Data, make([]byte, 64)...)), u(w.stride()), c)
	expect(e, name, c, want)
}

// strip adds a product of four rows with 13 columns of a panel.
func (e *emulation) strip(r *rand.Rand, name string, q Quant, k int) {
	w, blocks := randomWeights(r, q, 13, k), k/packedUnit
	var room operandRoom
	a := room.roundBytes(randomFloats(r, 3*k), 3, k, wides[q])
	b := room.wide.packBytes(w, 0, 13)
	want := [wideRowsUnit * widePanel]float32{}
	copy(want[:], randomFloats(r, len(want)))
	c := put(e, want[:])
	plainByteStrip(a, b, &want)
	aq, as, at, bb, bs := put(e, a.q), put(e, a.scales), put(e, a.starts), put(e, b.bytes), put(e, b.scales)
	if b.minima == nil {
		e.call(byteStripVNNI, u(blocks), aq, u(k), as, u(4*blocks), at, bb, bs, c)
	} else {
		e.call(byteStripMinimaVNNI, u(blocks), aq, u(k), as, u(4*blocks), at, bb, bs, put(e, a.totals), put(e, b.minima), c)
	}
	expect(e, name, c, want[:])
}

// words adds a product of four rows with 13 columns of a panel in 16 bits.
func (e *emulation) words(r *rand.Rand, name string, q Quant, k int) {
	w, blocks := Pack(q, 13, k, Matrix[float32]{Data: randomFloats(r, 13*k), Stride: k}), k/packedUnit
	var rows, panel wideRoom
	a, b := rows.round(randomFloats(r, 3*k), 3, k, false), panel.pack(w, 0, 13)
	want := [wideRowsUnit * widePanel]float32{}
	copy(want[:], randomFloats(r, len(want)))
	c := put(e, want[:])
	old := Accelerate(Plain)
	quantStrip(a, b, &want)
	Accelerate(old)
	e.call(wordStripVNNI, u(blocks), put(e, a.q), u(2*k), put(e, a.scales), u(4*blocks), put(e, b.q), put(e, b.scales), c)
	expect(e, name, c, want[:])
}

// gemmCases adds every micro-kernel of a shape.
func (e *emulation) gemmCases(r *rand.Rand, s *stripShape) {
	for v, kernels := range s.kernels {
		lanes := s.cols / 2 * (v + 1)
		for i, run := range kernels {
			for _, depth := range []int{1, 4, 7} {
				for _, accumulate := range []int{0, 1} {
					for _, cols := range []int{lanes, lanes - 3} {
						e.gemm(r, fmt.Sprintf("gemm %d×%d×%d of %d, accumulate %d", i+1, cols, depth, lanes, accumulate), run, i+1, cols, lanes, depth, accumulate)
					}
				}
			}
		}
	}
}

func (e *emulation) gemm(r *rand.Rand, name string, run stripKernel, rows, cols, lanes, depth, accumulate int) {
	const count, alpha = 2, float32(-0.3)
	a, b, c := randomFloats(r, count*rows*depth), randomFloats(r, depth*lanes), randomFloats(r, count*rows*lanes)
	at := put(e, c)
	for i := range count * rows {
		for j := range cols {
			var sum float32
			for k := range depth {
				sum = FMA32(a[i*depth+k], b[k*lanes+j], sum)
			}
			if accumulate > 0 {
				c[i*lanes+j] = FMA32(alpha, sum, c[i*lanes+j])
			} else {
				c[i*lanes+j] = alpha * sum
			}
		}
	}
	mask := uint64(0)
	if cols < lanes {
		m := make([]int32, lanes)
		for j := range cols {
			m[j] = -1
		}
		mask = put(e, m)
	}
	e.call(run, count, u(depth), put(e, a), u(4*depth), 4, u(4*rows*depth), put(e, b), u(4*lanes), at, u(4*lanes), u(4*lanes*rows),
		uint64(math.Float32bits(alpha)), u(accumulate), mask, at, 0, 0)
	expect(e, name, at, c)
}
