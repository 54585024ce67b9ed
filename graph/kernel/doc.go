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
// Sources: Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008 (Gemm); Dao et al.,
// "FlashAttention", 2022, https://arxiv.org/abs/2205.14135 (Attention); Salmon et al., "Parallel Random Numbers: As Easy as
// 1, 2, 3", 2011 (Seed).
package kernel
