package kernel

import "strconv"

// Quant is a format of weights in fewer bits than a float32. A row of weights is cut into blocks of equal length. Each
// block is stored in a fixed number of bytes, scales included. The bytes are those of libggml, the library of llama.cpp
// (ggml-common.h, https://github.com/ggml-org/ggml).
type Quant uint8

// The formats. The number is the width of a weight. With _0, a block has a scale; with _1, a scale and a minimum; with _K,
// 256 weights share a scale of the scales of their parts.
const (
	F16  Quant = iota + 1 // IEEE 754 binary16
	BF16                  // the upper half of a float32
	Q8_0
	Q4_0
	Q4_1
	Q5_0
	Q5_1
	Q4_K
	Q5_K
	Q6_K
)

// quant describes a format. The functions convert one block, and those of blocks of one weight any number of them.
type quant struct {
	name           string
	weights, bytes int
	pack           func(dst []byte, x []float32)
	unpack         func(dst []float32, src []byte)
}

var quants = map[Quant]quant{
	F16: {"F16", 1, 2, packF16, unpackF16}, BF16: {"BF16", 1, 2, packBF16, unpackBF16},
	Q8_0: {"Q8_0", 32, 34, packQ8, unpackQ8},
	Q4_0: {"Q4_0", 32, 18, packQ4, unpackQ4}, Q4_1: {"Q4_1", 32, 20, packQ41, unpackQ41},
	Q5_0: {"Q5_0", 32, 22, packQ5, unpackQ5}, Q5_1: {"Q5_1", 32, 24, packQ51, unpackQ51},
	Q4_K: {"Q4_K", 256, 144, packQ4K, unpackQ4K}, Q5_K: {"Q5_K", 256, 176, packQ5K, unpackQ5K}, Q6_K: {"Q6_K", 256, 210, packQ6K, unpackQ6K},
}

// Block returns the number of weights in a block and the number of its bytes.
func (q Quant) Block() (weights, bytes int) { return quants[q].weights, quants[q].bytes }

// Bytes returns the size of n weights, a multiple of the block.
func (q Quant) Bytes(n int) int {
	weights, bytes := q.Block()
	return n / weights * bytes
}

func (q Quant) String() string {
	if f, ok := quants[q]; ok {
		return f.name
	}
	return "Quant(" + strconv.Itoa(int(q)) + ")"
}

// Quantize rounds x, whose length is a multiple of the block, as libggml does without an importance matrix. The values
// must be finite.
func (q Quant) Quantize(dst []byte, x []float32) {
	weights, _ := q.Block()
	checkMultiple("quantize", len(x), weights)
	checkLen("quantize", "dst", len(dst), q.Bytes(len(x)))
	parallel(len(x)/weights, max(minWork/(32*weights), 1), packing{quants[q], dst, x})
}

// Dequantize computes the values of x from the bytes of Quantize.
func (q Quant) Dequantize(x []float32, src []byte) {
	weights, _ := q.Block()
	checkMultiple("dequantize", len(x), weights)
	checkLen("dequantize", "src", len(src), q.Bytes(len(x)))
	parallel(len(x)/weights, max(minWork/weights, 1), unpacking{q, quants[q], x, src})
}

func checkMultiple(kernel string, n, weights int) {
	if weights == 0 || n%weights != 0 {
		panic("kernel: " + kernel + ": " + strconv.Itoa(n) + " weights are not a multiple of the block's " + strconv.Itoa(weights))
	}
}

type packing struct {
	quant
	dst []byte
	x   []float32
}

func (p *packing) Range(lo, hi int) {
	p.packRow(p.dst[lo*p.bytes:hi*p.bytes], p.x[lo*p.weights:hi*p.weights])
}

// packRow rounds x to whole blocks.
func (f *quant) packRow(dst []byte, x []float32) {
	if f.weights == 1 {
		f.pack(dst, x)
		return
	}
	for b := 0; b*f.weights < len(x); b++ {
		f.pack(dst[b*f.bytes:][:f.bytes], x[b*f.weights:][:f.weights])
	}
}

type unpacking struct {
	q Quant
	quant
	x   []float32
	src []byte
}

func (u *unpacking) Range(lo, hi int) {
	u.unpackRow(u.q, u.x[lo*u.weights:hi*u.weights], u.src[lo*u.bytes:hi*u.bytes])
}
