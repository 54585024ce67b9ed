package kernel

import (
	"fmt"
	"runtime"
	"unsafe"
)

//go:generate go -C _asm run . -out ../asm_amd64.s -stubs ../asm_amd64.go -other ../asm_other.go -norows ../asm_norows.go -pkg kernel
//go:generate go -C _asm run ./neon -out ../asm_arm64.s -stubs ../asm_arm64.go

// fast reports whether rows of T are computed in assembly. The assembly is for float32 and needs AVX2 and FMA, or NEON.
func fast[T Float]() bool { return single[T]() && accelerated }

// striped reports whether products of T are computed in assembly.
func striped[T Float]() bool { return single[T]() && strips != nil }

// whole reports whether all kernels are computed in assembly, not only strips and rows: those to round rows and to unpack weights in few bits,
// for few rows, and for caches in few bits.
func whole() bool { return accelerated && hasWhole }

// first returns the address of the first element, for the assembly. The caller has checked that T is float32.
func first[T Float](x []T) *float32 { return (*float32)(unsafe.Pointer(unsafe.SliceData(x))) }

// Describe names the code in use: of matrix products; of rows, that is norms, activations, softmax and optimizers; and of products of many rows
// with packed weights.
func Describe() string {
	products, rows, packed := "Go", "Go", "Go"
	if strips != nil {
		products = strips.set
	}
	if accelerated {
		rows = rowSet
	}
	switch {
	case hasVNNI:
		packed = "VNNI"
	case fastDotsRun():
		packed = rowSet
	}
	return fmt.Sprintf("matrix products in %s, rows in %s, many rows with packed weights in %s, %d threads", products, rows, packed, runtime.GOMAXPROCS(0))
}

// Slow says in a sentence which kernels are computed in Go on this processor, or returns "". Portable results need Go.
func Slow() string {
	switch {
	case portable:
		return ""
	case !accelerated:
		return "this processor has no fast kernels here: all is computed in Go, which takes many times as long"
	case !hasWhole || !hasF16C:
		return "this processor has no fast kernels here for products of few rows with packed weights in formats other than Q8_0, Q4_0, F16 and BF16: " +
			"they are computed in Go"
	}
	return ""
}
