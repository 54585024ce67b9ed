//go:build !purego

package kernel

// The products of rows of packed weights with NEON. They have been checked by emulation. Their speed has not been measured.
var (
	fastQ8 = fastDots{4, quantDots(1, quantDotsQ8NEON, nil)}
	fastQ4 = fastDots{4, quantDots(1, quantDotsQ4NEON, nil)}

	fastQ41, fastQ5, fastQ51, fastQ4K, fastQ5K, fastQ6K fastDots // in Go
	fastF16                                             = wordDots(halfDotsNEON)
	fastBF16                                            = wordDots(bfloatDotsNEON)
	rowsF16, rowsBF16                                   rowsKernels // none: one row after the other
)

// fastUnpackQ8 writes blocks of Q8_0 as float32.
var fastUnpackQ8 = unpackQ8NEON

// fastDotsRun reports whether the assembly may be used.
func fastDotsRun() bool { return strips != nil }

// fastStrip is quantStrip in assembly. It reports whether the assembly may be used.
func fastStrip(a wideRows, b wideColumns, sums *[wideRowsUnit * widePanel]float32) bool {
	k, blocks := len(a.q)/wideRowsUnit, len(a.scales)/wideRowsUnit
	switch {
	case !fastDotsRun():
		return false
	case b.minima == nil:
		quantStripNEON(blocks, &a.q[0], 2*k, &a.scales[0], 4*blocks, &b.q[0], &b.scales[0], &sums[0])
	default:
		quantStripMinimaNEON(
			blocks, &a.q[0], 2*k, &a.scales[0], 4*blocks, &b.q[0], &b.scales[0], &a.totals[0], &b.minima[0], &sums[0],
		)
	}
	return true
}
