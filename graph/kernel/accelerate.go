package kernel

import "unsafe"

// fast reports whether rows of T go through the assembly, which is for float32 and needs AVX2 and FMA.
func fast[T Float]() bool { return single[T]() && accelerated }

// first is the address of the first element as the assembly takes it; the caller has seen that T is float32.
func first[T Float](x []T) *float32 { return (*float32)(unsafe.Pointer(unsafe.SliceData(x))) }
