package kernel

import (
	"os"

	"golang.org/x/sys/unix"
)

// advise skips the pages at both ends, which may hold other data too. If the system refuses, only speed is lost.
func advise(start, size uintptr) {
	page := uintptr(os.Getpagesize())
	first, last := (start+page-1)/page*page, (start+size)/page*page
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, first, last-first, unix.MADV_HUGEPAGE)
}
