package kernel_test

import (
	"fmt"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// A linear layer, y = relu(x·Wᵀ + b), whose weight has one row for each output. The transposition does not copy W.
func ExampleGemm() {
	x := []float32{1, 2, 3, 4, 5, 6}      // (2, 3)
	w := []float32{1, 0, -1, 0.5, 0.5, 0} // (2, 3)
	y := make([]float32, 4)               // (2, 2)
	kernel.Gemm[float32]{
		M: 2, N: 2, K: 3,
		A: kernel.Matrix[float32]{Data: x, Stride: 3},
		B: kernel.Matrix[float32]{Data: w, Stride: 3, Trans: true},
		C: y, StrideC: 2,
		Bias: []float32{1, 10}, Act: kernel.ReLU,
	}.Run()
	fmt.Println(y)
	// Output: [0 11.5 0 14.5]
}

// Random numbers are drawn by index, so that each number can be recomputed alone, here the fourth.
func ExampleSeed() {
	s := kernel.Seed{Key: kernel.Key(1, "h.3.attn"), Stream: 120}
	x := make([]float64, 4)
	kernel.Uniform(x, s, 0, 1)
	fmt.Println(x[3] == s.Uniform(3))
	// Output: true
}
