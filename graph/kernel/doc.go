// Package kernel computes products, attention, norms, activations, losses, optimizer steps and copies on plain slices,
// for float32 and float64. It knows no graphs, tensors or layers.
//
// The one idea: the shape alone divides the work. A kernel splits its loop into chunks whose bounds follow from the
// sizes of its operands. A pool of workers takes the chunks in any order. Partial sums are added in the order of the
// chunks. So the bits of a result depend neither on GOMAXPROCS nor on the speed of a worker. For the same reason, random
// numbers are drawn by index from a counter-based generator.
//
// Slices are row-major. Shape letters: M, N, K rows, columns and depth of a product; B batch, T time (Tq queries, Tk
// keys), H heads, D width of a head, C channels, V vocabulary.
//
// A steady state allocates nothing: scratch memory and the arguments of parallel loops are reused. If an output slice
// may be nil, its comment says so; a nil output is not computed. Kernels may be called from several goroutines.
//
// Errors: CheckIDs and CrossEntropy.Check return errors about ids, which come from outside. The caller guarantees
// everything else: a slice of the wrong length is a broken invariant and panics with the name of the kernel.
//
// # How the products are computed
//
// A product of float32 is split into tiles of C, enough for two or four workers to share evenly (gemm_tiles.go). A
// worker packs its columns of B into panels as wide as a strip, each just before its first use. The micro-kernel reads a panel
// sequentially from the L1 cache and prefetches the memory that is packed next (gemm_ahead.go). A is read in place, or packed if it is transposed and large (gemm_strip.go). The micro-kernel keeps a strip of
// C in registers, 6 by 16 with AVX2 or NEON and 12 by 32 with AVX-512. Each step adds a column of A times a row of B:
// with AVX-512, 24 fused multiplications for 14 loads. Every element of C is summed along its depth in the same order
// for all tiles and instruction sets, so the bits are the same too. The bias and the activation are applied to a tile
// while it is in the cache.
//
// Two kinds of shapes are computed differently and have their own order of sums. This order depends on the shape and on
// whether the processor has the row assembly, not on the number of processors. Few rows of A, as in decoding, need every
// element of B once: B is read in memory order, at the speed of memory (gemm_product.go, thin). If B has contiguous
// rows, the product is also split along its depth, so that each worker reads memory sequentially (gemm_depth.go).
// Products far deeper than wide are split the same way; an example is the input gradient of a vocabulary head.
//
// Attention works on tiles of 64 queries by 64 keys with a running softmax: the same micro-kernels with rows of
// exponentials between them, and no memory except for some tiles. Forward packs the keys and values of a tile once for a
// block of queries, Backward the queries of a tile once for a block of keys, which stays in the L2 cache. Tiles that no
// query sees are skipped. Tiles that queries see in part are cut into bands of 16 rows, so that a tile on the diagonal of
// causal attention costs 0.63 of a whole tile. A bias by distance costs a row per head instead of a square. Activations,
// norms, the softmax, rotations, dropout and Adam use vector registers of AVX2 or NEON, with polynomials
// for exp, tanh and the normal distribution. TestVectorFunctions bounds their errors. NEON has been checked by emulation: it has the bits of
// AVX2 (TestRowBits). Its speed has not been measured.
//
// Weights in few bits (Packed) stay as a file has them, in the blocks of libggml, because decoding is bound by memory.
// PackedGemm multiplies float32 by them. Except for F16 and BF16 it rounds the float32 to bytes, in blocks of 32 with a
// scale, as libggml does for blocks of 32 weights, so that the products of a block are exact integers; only their scaled
// sums are rounded. They are added block after block, for any number of rows of A, so a token has the same bits alone and
// in a prompt. Up to four rows read each weight once, eight blocks at a time, whose sums are the lanes of a vector: eight
// blocks of a row of Q8_0 or Q6_K, so that memory is read in order, and a block of eight rows of the others
// (quantmul_dots.go). For more rows the weights are unpacked to panels of 16 columns (quantmul_wide.go), or, on a processor
// with VNNI (AVX-512) and except for Q6_K, to panels of bytes (quantmul_bytes.go), with the same exact sums. Nothing is
// fused, so that plain Go and the assembly have the same bits. The assembly needs AVX2 and F16C, or NEON,
// which has it for up to four rows of Q8_0 and Q4_0 and for the products with panels of all formats.
//
// With F16 and BF16 the same holds up to four rows of A, whose sums have eight parts. AVX2 converts the weights in
// registers for up to 32 rows, and fuses the products of more than four (quantmul_rows.go). For more rows they are unpacked
// to float32, tile by tile, for the micro-kernels above.
//
// Recurrent layers (Recurrent) take one step after the other. A worker computes all gates of a tile of the states: their
// products with micro-kernels and weights that are packed once for all steps, and everything elementwise on the tile. The
// gradient of the weights is one product over all steps.
//
// Distance from the limit of the machine, on two cores of a server processor with AVX-512 (415 GFLOP/s of fused
// multiplications in registers; 225 with AVX2; 34 GB/s of memory): large products reach 265 to 315 GFLOP/s, 0.64 to 0.76
// of the limit, and with AVX2 180 to 200, 0.80 to 0.89; the matrices of a decoder stream at 27 GB/s, 0.79. BenchmarkGemm
// and BenchmarkAttention measure it. The programs in _asm write the assembly: go generate. TestEmulated runs the assembly for
// AVX-512 and VNNI on an emulated processor; the speed of VNNI has not been measured.
//
// Sources: Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008 (Gemm); Dao et al.,
// "FlashAttention", 2022, https://arxiv.org/abs/2205.14135 (Attention); Salmon et al., "Parallel Random Numbers: As Easy
// as 1, 2, 3", 2011 (Seed); Su et al., "RoFormer", 2021, https://arxiv.org/abs/2104.09864 (RoPE).
package kernel
