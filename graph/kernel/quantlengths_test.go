package kernel_test

import "testing"

// TestLengths: any number of blocks has the values and the bytes of its blocks alone, and nothing else is written.
func TestLengths(t *testing.T) {
	for _, q := range allFormats {
		weights, bytes := q.Block()
		for blocks := range 70 {
			n := blocks * weights
			x, b, back, one := randoms[float32](n, 3), make([]byte, blocks*bytes+8), make([]float32, n+8), make([]float32, weights)
			q.Quantize(b[:blocks*bytes], x)
			q.Dequantize(back[:n], b[:blocks*bytes])
			for i := range blocks {
				alone := make([]byte, bytes)
				q.Quantize(alone, x[i*weights:][:weights])
				q.Dequantize(one, alone)
				for j, v := range one {
					if back[i*weights+j] != v {
						t.Fatalf("%v: value %d of %d is %v, want %v", q, i*weights+j, n, back[i*weights+j], v)
					}
				}
			}
			for i := range 8 {
				if b[blocks*bytes+i] != 0 || back[n+i] != 0 {
					t.Fatalf("%v: %d blocks: memory after the end is written", q, blocks)
				}
			}
		}
	}
}
