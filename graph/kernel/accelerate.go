package kernel

import "unsafe"

//go:generate go -C _asm run . -out ../asm_amd64.s -stubs ../asm_amd64.go -other ../asm_other.go -pkg kernel
//go:generate go -C _asm run ./neon -out ../asm_arm64.s -stubs ../asm_arm64.go

// fast reports whether rows of T are computed in assembly. The assembly is for float32 and needs AVX2 and FMA.
func fast[T Float]() bool { return single[T]() && accelerated }

// striped reports whether products of T are computed in assembly. More processors have this assembly than the row
// assembly.
func striped[T Float]() bool { return single[T]() && strips != nil }

// first returns the address of the first element, for the assembly. The caller has checked that T is float32.
func first[T Float](x []T) *float32 { return (*float32)(unsafe.Pointer(unsafe.SliceData(x))) }
