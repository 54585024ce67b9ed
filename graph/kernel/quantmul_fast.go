//go:build !arm64 || purego

package kernel

// The products of rows of packed weights with AVX2, or VNNI if the processor has it.
var (
	fastQ8   = fastDots{1, quantDots(1, quantDotsQ8AVX2, quantDotsQ8VNNI)}
	fastQ4   = fastDots{8, quantDots(1, quantDotsQ4AVX2, quantDotsQ4VNNI)}
	fastQ41  = fastDots{8, quantDots(1, quantDotsQ41AVX2, quantDotsQ41VNNI)}
	fastQ5   = fastDots{8, quantDots(1, quantDotsQ5AVX2, quantDotsQ5VNNI)}
	fastQ51  = fastDots{8, quantDots(1, quantDotsQ51AVX2, quantDotsQ51VNNI)}
	fastQ4K  = fastDots{8, quantDots(partsK, quantDotsQ4KAVX2, quantDotsQ4KVNNI)}
	fastQ5K  = fastDots{8, quantDots(partsK, quantDotsQ5KAVX2, quantDotsQ5KVNNI)}
	fastQ6K  = fastDots{1, quantDots(partsK, quantDotsQ6KAVX2, quantDotsQ6KAVX2)}
	fastF16  = wordDots(halfDotsAVX2)
	fastBF16 = wordDots(bfloatDotsAVX2)
	rowsF16  = rowsKernels{
		few:  []rowsKernel{{2, 4, halfRows2AVX2}, {3, 2, halfRows3AVX2}, {4, 2, halfRows4AVX2}},
		many: []rowsKernel{{3, 3, halfFused3AVX2}, {4, 3, halfFused4AVX2}},
	}
	rowsBF16 = rowsKernels{
		few:  []rowsKernel{{2, 4, bfloatRows2AVX2}, {3, 2, bfloatRows3AVX2}, {4, 2, bfloatRows4AVX2}},
		many: []rowsKernel{{3, 3, bfloatFused3AVX2}, {4, 3, bfloatFused4AVX2}},
	}
)

// fastUnpackQ8 writes blocks of Q8_0 as float32. It is nil here: unpackRows has assembly for whole tiles.
var fastUnpackQ8 func(blocks int, dst *float32, w *byte)

// fastDotsRun reports whether the processor has the instructions of the fast products.
func fastDotsRun() bool { return accelerated && hasF16C }

// fastStrip is quantStrip in assembly. It reports whether the processor has its instructions.
func fastStrip(a wideRows, b wideColumns, sums *[wideRowsUnit * widePanel]float32) bool {
	k, blocks := len(a.q)/wideRowsUnit, len(a.scales)/wideRowsUnit
	switch {
	case !whole():
		return false
	case hasVNNI && b.minima == nil:
		wordStripVNNI(blocks, &a.q[0], 2*k, &a.scales[0], 4*blocks, &b.q[0], &b.scales[0], &sums[0])
	case b.minima == nil:
		quantStripAVX2(blocks, &a.q[0], 2*k, &a.scales[0], 4*blocks, &b.q[0], &b.scales[0], &sums[0])
	default:
		quantStripMinimaAVX2(
			blocks, &a.q[0], 2*k, &a.scales[0], 4*blocks, &b.q[0], &b.scales[0], &a.totals[0], &b.minima[0], &sums[0],
		)
	}
	return true
}
