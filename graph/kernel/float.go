package kernel

import (
	"fmt"
	"math"
	"unsafe"
)

// Float is the element type of every kernel.
type Float interface{ float32 | float64 }

// single reports whether T is float32. The compiler folds it to a constant.
func single[T Float]() bool {
	var x T
	return unsafe.Sizeof(x) == 4
}

// sqrt returns the correctly rounded square root in T.
func sqrt[T Float](x T) T { return T(math.Sqrt(float64(x))) }

// inf returns +Inf if sign ≥ 0, otherwise -Inf.
func inf[T Float](sign int) T { return T(math.Inf(sign)) }

// checkLen panics unless a slice has the length that the kernel needs.
func checkLen(kernel, name string, got, want int) {
	if got != want {
		panic(fmt.Sprintf("kernel: %s: %s has %d elements, want %d", kernel, name, got, want))
	}
}

// checkOptional is checkLen for a slice that may be nil.
func checkOptional[T any](kernel, name string, s []T, want int) {
	if s != nil {
		checkLen(kernel, name, len(s), want)
	}
}

// checkReach panics if a strided operand ends before the last element that the kernel accesses.
func checkReach(kernel, name string, got, want int) {
	if got < want {
		panic(fmt.Sprintf("kernel: %s: %s has %d elements, want at least %d", kernel, name, got, want))
	}
}

// rowsOf returns the number of rows of cols elements in n elements.
func rowsOf(kernel string, n, cols int) int {
	if n == 0 {
		return 0
	}
	if cols <= 0 || n%cols != 0 {
		panic(fmt.Sprintf("kernel: %s: %d elements do not divide into rows of %d", kernel, n, cols))
	}
	return n / cols
}
