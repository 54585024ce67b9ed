package kernel

import (
	bytes "encoding/binary"
	"math"
)

// putF16 stores the nearest binary16, ties to even.
func putF16(dst []byte, x float32) { bytes.LittleEndian.PutUint16(dst, toF16(x)) }

func getF16(src []byte) float32 { return fromF16(bytes.LittleEndian.Uint16(src)) }

// The blocks of both formats have one weight. These functions convert any number of them.

func packF16(dst []byte, x []float32) {
	for i, v := range x {
		putF16(dst[2*i:], v)
	}
}

func unpackF16(x []float32, src []byte) {
	for i := range x {
		x[i] = getF16(src[2*i:])
	}
}

func packBF16(dst []byte, x []float32) {
	for i, v := range x {
		bytes.LittleEndian.PutUint16(dst[2*i:], toBF16(v))
	}
}

func unpackBF16(x []float32, src []byte) {
	for i := range x {
		x[i] = math.Float32frombits(uint32(bytes.LittleEndian.Uint16(src[2*i:])) << 16)
	}
}

// unpackWords writes weights in F16 or BF16 as float32. The assembly converts multiples of packedUnit.
func unpackWords(q Quant, x []float32, src []byte) {
	n := len(x) / packedUnit * packedUnit
	switch {
	case n == 0 || !whole() || q == F16 && !hasF16C:
		n = 0
	case q == F16:
		halfUnpackAVX2(1, n, &x[0], &src[0], 0)
	default:
		bfloatUnpackAVX2(1, n, &x[0], &src[0], 0)
	}
	f := quants[q]
	f.unpack(x[n:], src[2*n:])
}

// toBF16 returns the nearest bfloat16, ties to even. A NaN stays one.
func toBF16(x float32) uint16 {
	u := math.Float32bits(x)
	if u&0x7fffffff > 0x7f800000 {
		return uint16(u>>16) | 0x40
	}
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

// toF16 returns the nearest binary16, ties to even. Values beyond its range become infinite.
func toF16(x float32) uint16 {
	u := math.Float32bits(x)
	sign, a := uint16(u>>16&0x8000), u&0x7fffffff
	switch {
	case a > 0x7f800000: // NaN
		return sign | 0x7e00
	case a >= 0x477ff000: // rounds to 2¹⁶
		return sign | 0x7c00
	case a < 0x38800000: // subnormal: a multiple of 2⁻²⁴
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(a))*0x1p24))
	}
	a += 0xfff + a>>13&1 // rounds to 10 bits of mantissa
	return sign | uint16((a-0x38000000)>>13)
}

// fromF16 widens a binary16, exactly.
func fromF16(h uint16) float32 {
	sign, exponent, mantissa := uint32(h>>15)<<31, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0: // subnormal: a multiple of 2⁻²⁴
		return math.Float32frombits(sign | math.Float32bits(float32(mantissa)*0x1p-24))
	case 0x1f: // infinities and NaN, which becomes quiet, as in assembly
		if mantissa > 0 {
			mantissa |= 1 << 9
		}
		return math.Float32frombits(sign | 0xff<<23 | mantissa<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | mantissa<<13)
}
