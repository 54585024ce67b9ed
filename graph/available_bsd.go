//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package graph

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// systemMemory is the memory that the machine has less what Go holds: these systems have no simple number for what is free.
func systemMemory() uint64 {
	name := "hw.physmem"
	switch runtime.GOOS {
	case "darwin":
		name = "hw.memsize"
	case "netbsd", "openbsd":
		name = "hw.physmem64"
	}
	total, err := unix.SysctlUint64(name)
	if err != nil {
		return unknownMemory
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return total - min(total, m.HeapInuse)
}
