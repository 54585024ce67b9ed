package checkpoints

import (
	"math"

	"gorgonia.org/tensor"
)

// Dtype is an element type of the safetensors format, spelled as in a file's header.
type Dtype string

// The element types that can be read. F16, BF16 and the three 8-bit floats are read as float32 and never written.
const (
	Bool   Dtype = "BOOL"
	U8     Dtype = "U8"
	I8     Dtype = "I8"
	F8E5M2 Dtype = "F8_E5M2" // sign, 5 bits of exponent, 2 of mantissa; Micikevicius et al. 2022, arXiv 2209.05433
	F8E4M3 Dtype = "F8_E4M3" // sign, 4 bits of exponent, 3 of mantissa; no infinities; ibid.
	F8E8M0 Dtype = "F8_E8M0" // 8 bits of exponent, a power of two; OCP Microscaling Formats 1.0, 2023, section 5.4.1
	U16    Dtype = "U16"
	I16    Dtype = "I16"
	F16    Dtype = "F16"
	BF16   Dtype = "BF16"
	U32    Dtype = "U32"
	I32    Dtype = "I32"
	F32    Dtype = "F32"
	U64    Dtype = "U64"
	I64    Dtype = "I64"
	F64    Dtype = "F64"
	C64    Dtype = "C64" // two F32, the real and the imaginary part
)

// format describes an element type.
type format struct {
	size int64        // bytes of an element in a file
	kind tensor.Dtype // type of the elements in memory
}

var formats = map[Dtype]format{
	Bool: {1, tensor.Bool}, U8: {1, tensor.Uint8}, I8: {1, tensor.Int8},
	U16: {2, tensor.Uint16}, I16: {2, tensor.Int16},
	U32: {4, tensor.Uint32}, I32: {4, tensor.Int32}, F32: {4, tensor.Float32},
	U64: {8, tensor.Uint64}, I64: {8, tensor.Int64}, F64: {8, tensor.Float64},
	F16: {2, tensor.Float32}, BF16: {2, tensor.Float32},
	F8E5M2: {1, tensor.Float32}, F8E4M3: {1, tensor.Float32}, F8E8M0: {1, tensor.Float32}, C64: {8, tensor.Complex64},
}

// widened reports whether elements are larger in memory than in a file.
func (d Dtype) widened() bool {
	return d == F16 || d == BF16 || d == F8E5M2 || d == F8E4M3 || d == F8E8M0
}

// float reports whether d holds real numbers. Reading converts between real types.
func (d Dtype) float() bool { return d == F32 || d == F64 || d.widened() }

// dtypeOf returns the element type for writing tensors of kind, and false if the format has none.
func dtypeOf(kind tensor.Dtype) (Dtype, bool) {
	for d, f := range formats {
		if f.kind == kind && !d.widened() {
			return d, true
		}
	}
	return "", false
}

// Tables that decode the 8-bit types.
var (
	e5m2 = eightBits(float8E5M2)
	e4m3 = eightBits(float8E4M3)
	e8m0 = eightBits(float8E8M0)
)

func eightBits(value func(uint8) float32) (table [256]float32) {
	for b := range table {
		table[b] = value(uint8(b))
	}
	return table
}

// float8E5M2 decodes the upper half of a float16.
func float8E5M2(b uint8) float32 { return float16(uint16(b) << 8) }

// float8E4M3 decodes with a bias of 7. The highest exponent encodes numbers too. Only all ones encode NaN.
func float8E4M3(b uint8) float32 {
	exponent, mantissa := int(b>>3&0xf), float64(b&7)
	value := math.Ldexp(8+mantissa, exponent-10)
	switch {
	case b&0x7f == 0x7f:
		value = math.NaN()
	case exponent == 0:
		value = math.Ldexp(mantissa, -9)
	}
	if b&0x80 != 0 {
		value = -value
	}
	return float32(value)
}

// float8E8M0 returns 2^(b−127), which is subnormal in float32 for b = 0; all ones are NaN.
func float8E8M0(b uint8) float32 {
	if b == 0xff {
		return float32(math.NaN())
	}
	return float32(math.Ldexp(1, int(b)-127))
}

// float16 widens IEEE 754 binary16, exactly.
func float16(h uint16) float32 {
	sign, exponent, mantissa := uint32(h>>15)<<31, uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0: // subnormal: mantissa × 2⁻²⁴, which is normal in float32
		return math.Float32frombits(sign | math.Float32bits(float32(mantissa)*0x1p-24))
	case 0x1f: // infinities and NaN
		return math.Float32frombits(sign | 0xff<<23 | mantissa<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | mantissa<<13)
}

// bfloat16 decodes the upper half of a float32.
func bfloat16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }
