package kernel

import (
	"runtime"
	"strings"

	"github.com/pkg/errors"
)

// The bits of a result depend on these kernels' instructions:
//
//   - Products by strips do not: AVX2, AVX-512 and NEON give the same bits (gemm_strip.go).
//   - Row kernels do: sums, dot products, softmax, norms, activations, dropout's scale, optimizer steps. AVX2 and NEON have assembly for
//     float32, which fuses multiplications and adds in more accumulators than the Go twins. Both sum in the same order and fuse the same
//     multiplications, so they give the same bits (TestRowBits), except those of a NaN.
//   - Products of few rows, and products far deeper than wide, do, because they use the row kernels.
//   - Without strips (purego, or neither AVX2 nor arm64), products are computed in Go, in an order of their own.
//   - Go's compiler fuses x*y + z on arm64, ppc64, riscv64 and s390x, but not on amd64.

// Portable makes all kernels choose code whose bits do not depend on the processor: strips for products, and Go for everything else. It is
// an error if the processor has no strips. Call it before any other kernel, as it lasts to the end of the process.
//
// On a processor other than amd64, the program must also be compiled without fused multiplications: go build -gcflags=all=-d=fmahash=n.
func Portable() error {
	if strips == nil {
		return errors.Errorf("kernel: %s/%s has no assembly for products here, whose bits portable results have: use amd64 with AVX2 or arm64, without the tag purego",
			runtime.GOOS, runtime.GOARCH)
	}
	if fuses(1+0x1p-30, 1-0x1p-30, -1) {
		return errors.Errorf("kernel: the compiler has fused multiplications and additions, which changes results: build with -gcflags=all=-d=fmahash=n")
	}
	accelerated, portable = false, true
	return nil
}

var portable bool

// fuses reports whether x*y + z is computed with one rounding, where x*y rounds to -z.
//
//go:noinline
func fuses(x, y, z float64) bool { return x*y+z != 0 }

// Numbers names the kernels in use. Two processes with the same name compute the same bits.
func Numbers() string {
	switch {
	case portable:
		return "portable"
	case accelerated:
		return strings.ToLower(rowSet)
	case strips != nil:
		return runtime.GOARCH + " with strips"
	}
	return runtime.GOARCH
}
