//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package graph

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// systemMemory returns the machine's memory less Go's heap: these systems report free memory in no simple way.
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
