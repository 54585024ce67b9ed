package kernel

import (
	"fmt"
	"runtime"
	"unsafe"
)

//go:generate go -C _asm run . -out ../asm_amd64.s -stubs ../asm_amd64.go -other ../asm_other.go -pkg kernel
//go:generate go -C _asm run ./neon -out ../asm_arm64.s -stubs ../asm_arm64.go

// fast reports whether rows of T are computed in assembly. The assembly is for float32 and needs AVX2 and FMA.
func fast[T Float]() bool { return single[T]() && accelerated }

// striped reports whether products of T are computed in assembly. More processors have this assembly than the row
// assembly.
func striped[T Float]() bool { return single[T]() && strips != nil }

// first returns the address of the first element, for the assembly. The caller has checked that T is float32.
func first[T Float](x []T) *float32 { return (*float32)(unsafe.Pointer(unsafe.SliceData(x))) }

// Describe names the code in use: of matrix products, of products with weights in few bits if that is VNNI, and of the rest, which works on
// rows: norms, activations, softmax, optimizers.
func Describe() string {
	products, rows := "Go", "Go"
	if strips != nil {
		products = strips.set
	}
	if accelerated {
		rows = "AVX2"
	}
	if accelerated && hasVNNI {
		products += ", weights in few bits in VNNI"
	}
	return fmt.Sprintf("matrix products in %s, the rest in %s, %d threads", products, rows, runtime.GOMAXPROCS(0))
}

// Slow says in a sentence that this processor has no assembly for some kernels, or returns "".
func Slow() string {
	switch {
	case portable || accelerated:
		return ""
	case strips == nil:
		return "this processor has no fast kernels here: all is computed in Go, which takes many times as long"
	}
	return "this processor has fast kernels for matrix products only: norms, activations, softmax and optimizers are computed in Go"
}
