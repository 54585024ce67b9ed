package kernel_test

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// TestRowBits logs a hash of the results of each row kernel in assembly. The hashes of AVX2 and of NEON are equal, which the checks of a
// change compare: go test -v -run TestRowBits. It fails if a kernel gives other bits in a second run.
func TestRowBits(t *testing.T) {
	if kernel.Numbers() != "avx2" && kernel.Numbers() != "neon" {
		t.Skip("no row assembly for this processor")
	}
	for _, k := range twinKernels() {
		var hashes [2]uint64
		for run := range hashes {
			h := fnv.New64a()
			for _, n := range []int{0, 1, 3, 7, 8, 9, 31, 64, 100, 257} {
				var x [5][]float32
				for i := range x {
					x[i] = randoms[float32](n, uint64(i))
				}
				k.run(x[0], x[1], x[2], x[3], x[4])
				for _, out := range x[3:] {
					if err := binary.Write(h, binary.LittleEndian, out); err != nil {
						t.Fatal(err)
					}
				}
			}
			hashes[run] = h.Sum64()
		}
		if hashes[0] != hashes[1] {
			t.Errorf("%s: two runs gave hashes %#x and %#x", k.name, hashes[0], hashes[1])
		}
		fmt.Printf("bits of %s: %#x\n", k.name, hashes[0])
	}
}
