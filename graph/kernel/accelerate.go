package kernel

import "unsafe"

//go:generate go -C _asm run . -out ../asm_amd64.s -stubs ../asm_amd64.go -other ../asm_other.go -pkg kernel
//go:generate go -C _asm run ./neon -out ../asm_arm64.s -stubs ../asm_arm64.go

// fast reports whether rows of T go through the assembly, which is for float32 and needs AVX2 and FMA.
func fast[T Float]() bool { return single[T]() && accelerated }

// striped reports whether products in T go through the assembly, which more processors have than that of rows.
func striped[T Float]() bool { return single[T]() && strips != nil }

// first is the address of the first element as the assembly takes it; the caller has seen that T is float32.
func first[T Float](x []T) *float32 { return (*float32)(unsafe.Pointer(unsafe.SliceData(x))) }
