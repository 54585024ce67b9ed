// Package kernel computes: products, attention, norms, activations, losses, optimizer steps and the copying between them,
// on plain slices, for float32 and float64 alike. It knows nothing of graphs, tensors or layers.
//
// The one idea: work is cut by shape and by nothing else. A kernel splits its loop into chunks whose borders follow from
// the sizes of its operands, a pool of workers takes the chunks in any order, and whatever is summed across chunks is
// summed in the order of the chunks. So the bits of a result depend neither on GOMAXPROCS nor on who was faster. Random
// numbers are drawn by index from a counter-based generator for the same reason.
//
// Slices are row-major. Shape letters: M, N, K rows, columns and depth of a product; B batch, T time (Tq queries, Tk keys),
// H heads, D width of a head, C channels, V vocabulary.
//
// A steady state allocates nothing: scratch memory and the arguments of parallel loops are kept and reused. An output
// slice that may be nil says so; nil means that the value is not wanted. Kernels may be called from several goroutines.
//
// Errors: CheckIDs and CrossEntropy.Check return errors about ids, which come from outside. Everything else is the duty of
// the caller: a slice of the wrong length is a broken invariant and panics with the name of the kernel.
//
// # How the products are computed
//
// A product of float32 is cut into tiles of C, as many as two workers and four can share evenly (gemm_tiles.go). A worker packs what it
// needs of B into panels a strip wide, in the order in which memory has it, so that the micro-kernel reads them one element after the
// other from the nearest cache; A is read where it lies, or packed where it is transposed and large (gemm_strip.go). The micro-kernel keeps a
// strip of C in registers, 6 by 16 with AVX2 or NEON and 12 by 32 with AVX-512, and adds a column of A times a row of B at each
// step: 24 fused multiplications for 14 loads. Every element of C is summed along its depth in the same order whatever the tile and
// the instruction set, so the bits are the same, too. What follows a product, a bias and an activation, is done on a tile while
// it is in the cache.
//
// Two shapes go another way, with an order of sums of their own, which follows from the shape and from whether the processor has the
// assembly of rows; the number of processors does not matter to it. Few rows of A, as in decoding, need
// every element of B once: rows or columns of B stream by, at the speed of memory (gemm_product.go, thin), and where B has contiguous rows it
// is cut along its depth, so that each worker reads memory from end to end (gemm_depth.go). So are products far deeper than wide, such as
// the gradient of the input of a vocabulary's head.
//
// Attention works on tiles of 64 queries by 64 keys with a running softmax: the same micro-kernels with rows of exponentials
// between them, and no memory but the tile's. The rows of activations, norms and the softmax run through vector registers with
// polynomials for exp, tanh and the normal distribution, whose errors TestVectorFunctions bounds.
//
// How far from the machine's limit that is, on two cores of a server processor with AVX-512 (415 GFLOP/s of fused multiplications in
// registers; 225 with AVX2; 34 GB/s of memory): large products reach 265 to 315 GFLOP/s, 0.64 to 0.76 of the limit, and with AVX2
// 180 to 200, 0.80 to 0.89; the matrices of a decoder stream at 27 GB/s, 0.79. BenchmarkGemm and BenchmarkAttention measure it anew.
// The assembly is written by the programs in _asm: go generate.
//
// Sources: Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008 (Gemm); Dao et al.,
// "FlashAttention", 2022, https://arxiv.org/abs/2205.14135 (Attention); Salmon et al., "Parallel Random Numbers: As Easy as
// 1, 2, 3", 2011 (Seed).
package kernel
