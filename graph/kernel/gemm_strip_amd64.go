//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// shapes are the shapes that the processor supports, the best last.
var shapes = func() []*stripShape {
	switch {
	case !accelerated:
		return nil
	case !cpu.X86.HasAVX512F:
		return []*stripShape{&stripsAVX2}
	}
	return []*stripShape{&stripsAVX2, &stripsAVX512}
}()

var stripsAVX2 = stripShape{
	set: "AVX2", rows: 6, cols: 16,
	kernels: [2][]stripKernel{
		{gemm1x8AVX2, gemm2x8AVX2, gemm3x8AVX2, gemm4x8AVX2, gemm5x8AVX2, gemm6x8AVX2},
		{gemm1x16AVX2, gemm2x16AVX2, gemm3x16AVX2, gemm4x16AVX2, gemm5x16AVX2, gemm6x16AVX2},
	},
	packRows: packAlong6x1AVX2, packMany: packAlong6x8AVX2, many: 8,
	packAlong: packAlong16AVX2, packAcross: packAcross16AVX2,
	placeA: 1 << 13,
}

var stripsAVX512 = stripShape{
	set: "AVX-512", rows: 12, cols: 32,
	kernels: [2][]stripKernel{
		{
			gemm1x16AVX512, gemm2x16AVX512, gemm3x16AVX512, gemm4x16AVX512, gemm5x16AVX512, gemm6x16AVX512,
			gemm7x16AVX512, gemm8x16AVX512, gemm9x16AVX512, gemm10x16AVX512, gemm11x16AVX512, gemm12x16AVX512,
		},
		{
			gemm1x32AVX512, gemm2x32AVX512, gemm3x32AVX512, gemm4x32AVX512, gemm5x32AVX512, gemm6x32AVX512,
			gemm7x32AVX512, gemm8x32AVX512, gemm9x32AVX512, gemm10x32AVX512, gemm11x32AVX512, gemm12x32AVX512,
		},
	},
	packRows: packAlong12x1AVX2, packMany: packAlong12x4AVX2, many: 4,
	packAlong: packAlong32AVX2, packAcross: packAcross16AVX2,
	placeA: 1 << 18, placeB: 1 << 19,
}
