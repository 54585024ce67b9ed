package kernel

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// advise leaves out the pages at both ends that memory shares with others. A system that refuses loses speed only.
func advise(memory []byte) {
	page := os.Getpagesize()
	ahead := -int(uintptr(unsafe.Pointer(&memory[0]))) & (page - 1)
	if n := (len(memory) - ahead) / page * page; n > 0 {
		_ = unix.Madvise(memory[ahead:ahead+n], unix.MADV_HUGEPAGE)
	}
}
