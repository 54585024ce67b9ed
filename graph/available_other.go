//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package graph

// systemMemory returns a bound above the memory of any machine, because this system does not report its own.
func systemMemory() uint64 { return unknownMemory }
