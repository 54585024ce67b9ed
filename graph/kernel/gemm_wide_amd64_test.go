//go:build !purego

package kernel_test

import (
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// TestWideStrips checks the shape of strips for AVX-512 with its kernels in plain Go: panels, masks and remainders.
func TestWideStrips(t *testing.T) {
	restore, ok := kernel.PlainWide()
	defer restore()
	if !ok {
		t.Skip("the processor has no assembly to pack operands")
	}
	for trans := range 4 {
		for _, m := range []int{17, 29} {
			for _, n := range []int{5, 16, 43} {
				checkBits(t, gemmCase{m: m, n: n, k: 99, pad: 1, transA: trans&1 > 0, transB: trans&2 > 0})
			}
		}
		checkBits(t, gemmCase{m: 61, n: 69, k: 390, pad: 1, transA: trans&1 > 0, transB: trans&2 > 0})
	}
}
