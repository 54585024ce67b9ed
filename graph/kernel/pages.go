package kernel

import "unsafe"

// largeBytes is the least size of an array that is worth large pages.
const largeBytes = 1 << 20

// LargePages asks the system to hold a large array in large pages. The array must not have been used yet. The call
// matters where the system gives large pages only on request (Linux with transparent_hugepage=madvise). Data that
// streams through memory, such as the weights of a decoder, then waits less for the translation of addresses, and the
// processor's prefetching does not stop every 4 KiB. The contents are not touched.
func LargePages(array interface {
	Uintptr() uintptr // of the first byte
	MemSize() uintptr // in bytes
}) {
	if n := array.MemSize(); n >= largeBytes {
		advise(array.Uintptr(), n)
	}
}

// LargeBytes returns n zero bytes in large pages, if there are many of them. A decoder reads a large Packed whose Data it is faster by a tenth.
func LargeBytes(n int) []byte {
	b := make([]byte, n)
	if n >= largeBytes {
		advise(uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(n))
	}
	return b
}
