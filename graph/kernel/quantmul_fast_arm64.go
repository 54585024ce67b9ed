//go:build !purego

package kernel

// The products of rows of packed weights with NEON. They have been checked by emulation. Their speed has not been measured.
var (
	fastQ8   = fastDots{4, quantDots(1, quantDotsQ8NEON, nil)}
	fastQ4   = fastDots{4, quantDots(1, quantDotsQ4NEON, nil)}
	fastQ4K  = fastDots{} // in Go
	fastBF16 = fastDots{4, func(groups int, o dotOperands) {
		bfloatDotsNEON(groups, len(o.a), &o.a[0], &o.w[0], o.stride, &o.c[0])
	}}
	rowsBF16 = rowsKernels{} // one row after the other
)

// fastUnpackQ8 writes blocks of Q8_0 as float32.
var fastUnpackQ8 = unpackQ8NEON

// fastDotsRun reports whether the assembly may be used.
func fastDotsRun() bool { return strips != nil }
