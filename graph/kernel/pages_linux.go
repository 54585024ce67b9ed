package kernel

import (
	"os"

	"golang.org/x/sys/unix"
)

// advise leaves out the pages at both ends, which others may share. A system that refuses loses speed only.
func advise(start, size uintptr) {
	page := uintptr(os.Getpagesize())
	first, last := (start+page-1)/page*page, (start+size)/page*page
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, first, last-first, unix.MADV_HUGEPAGE)
}
