//go:build !purego

package kernel

// shapes are the shapes that the processor supports, the best last. Every arm64 processor that Go supports has NEON.
var shapes = []*stripShape{&stripsNEON}

// stripsNEON has been checked by emulation. Its speed has not been measured. Its operands are packed in Go.
var stripsNEON = stripShape{
	set: "NEON", rows: 6, cols: 16,
	kernels: [2][]stripKernel{
		{gemm1x8NEON, gemm2x8NEON, gemm3x8NEON, gemm4x8NEON, gemm5x8NEON, gemm6x8NEON},
		{gemm1x16NEON, gemm2x16NEON, gemm3x16NEON, gemm4x16NEON, gemm5x16NEON, gemm6x16NEON},
	},
	placeA: 1 << 13,
}
