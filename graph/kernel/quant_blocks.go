package kernel

import (
	bytes "encoding/binary"
	"math"
)

// The blocks of 32 weights: a scale, perhaps a minimum, perhaps a word with the fifth bits, and the weights. In the
// formats of 4 and 5 bits, byte j holds the lower bits of the weights j and j+16. Products are rounded before they are
// added, by a conversion, so that no processor fuses them.

// reciprocal returns 1/d, or 0 for 0.
func reciprocal(d float32) float32 {
	if d == 0 {
		return 0
	}
	return 1 / d
}

// extreme returns the value of the largest magnitude, the first of equals.
func extreme(x []float32) (v float32) {
	var most float32
	for _, a := range x {
		if m := abs32(a); m > most {
			most, v = m, a
		}
	}
	return v
}

func abs32(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) }

// bounds returns the least and the largest value.
func bounds(x []float32) (least, most float32) {
	least, most = x[0], x[0]
	for _, a := range x {
		least, most = min(least, a), max(most, a)
	}
	return least, most
}

// packQ8 stores the scale and 32 signed bytes.
func packQ8(dst []byte, x []float32) {
	d := abs32(extreme(x)) / 127
	id := reciprocal(d)
	putF16(dst, d)
	for j, v := range x {
		dst[2+j] = byte(int8(math.Round(float64(v * id)))) // halves away from zero
	}
}

func unpackQ8(x []float32, src []byte) {
	d := getF16(src)
	for j := range x {
		x[j] = float32(int8(src[2+j])) * d
	}
}

// packQ4 stores the scale and weights from −8 to 7.
func packQ4(dst []byte, x []float32) {
	d := extreme(x) / -8
	id := reciprocal(d)
	putF16(dst, d)
	pack4(dst[2:], nil, x, 15, func(v float32) float32 { return float32(v*id) + 8.5 })
}

func unpackQ4(x []float32, src []byte) {
	d := getF16(src)
	unpack5(x, src[2:], 0, func(q int) float32 { return float32(q-8) * d })
}

// packQ41 stores the scale, the minimum, and weights from 0 to 15 above it.
func packQ41(dst []byte, x []float32) {
	least, most := bounds(x)
	d := (most - least) / 15
	id := reciprocal(d)
	putF16(dst, d)
	putF16(dst[2:], least)
	pack4(dst[4:], nil, x, 15, func(v float32) float32 { return float32((v-least)*id) + 0.5 })
}

func unpackQ41(x []float32, src []byte) {
	d, m := getF16(src), getF16(src[2:])
	unpack5(x, src[4:], 0, func(q int) float32 { return float32(float32(q)*d) + m })
}

// packQ5 stores the scale, the fifth bits, and weights from −16 to 15.
func packQ5(dst []byte, x []float32) {
	d := extreme(x) / -16
	id := reciprocal(d)
	putF16(dst, d)
	pack4(dst[6:], dst[2:6], x, 31, func(v float32) float32 { return float32(v*id) + 16.5 })
}

func unpackQ5(x []float32, src []byte) {
	d := getF16(src)
	unpack5(x, src[6:], bytes.LittleEndian.Uint32(src[2:]), func(q int) float32 { return float32(q-16) * d })
}

// packQ51 stores the scale, the minimum, the fifth bits, and weights from 0 to 31 above the minimum.
func packQ51(dst []byte, x []float32) {
	least, most := bounds(x)
	d := (most - least) / 31
	id := reciprocal(d)
	putF16(dst, d)
	putF16(dst[2:], least)
	pack4(dst[8:], dst[4:8], x, 31, func(v float32) float32 { return float32((v-least)*id) + 0.5 })
}

func unpackQ51(x []float32, src []byte) {
	d, m := getF16(src), getF16(src[2:])
	unpack5(x, src[8:], bytes.LittleEndian.Uint32(src[4:]), func(q int) float32 { return float32(float32(q)*d) + m })
}

// pack4 rounds the results of scaled down and stores their lower four bits in dst, and their fifth bits in high unless it is
// nil.
func pack4(dst, high []byte, x []float32, most int, scaled func(float32) float32) {
	var fifth uint32
	half := len(x) / 2
	for j := range half {
		a, b := min(int(scaled(x[j])), most), min(int(scaled(x[j+half])), most)
		dst[j] = byte(a&15 | b&15<<4)
		fifth |= uint32(a>>4&1)<<j | uint32(b>>4&1)<<(j+half)
	}
	if high != nil {
		bytes.LittleEndian.PutUint32(high, fifth)
	}
}

// unpack5 restores the numbers that pack4 has stored.
func unpack5(x []float32, src []byte, fifth uint32, value func(int) float32) {
	half := len(x) / 2
	for j := range half {
		x[j] = value(int(src[j]&15) | int(fifth>>j&1)<<4)
		x[j+half] = value(int(src[j]>>4) | int(fifth>>(j+half)&1)<<4)
	}
}
