//go:build !purego

package kernel

import "testing"

// TestPackedKernels: every format has products in assembly for few rows. One that is unpacked in Go takes many times as long.
func TestPackedKernels(t *testing.T) {
	for q := range quants {
		if d := packed[q]; d.slow == nil || d.fast.run == nil {
			t.Errorf("%v has no products of few rows", q)
		}
		if packed[q].rounded && wides[q].fast == nil {
			t.Errorf("%v has no assembly to unpack it for many rows", q)
		}
	}
}
