//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package graph

// systemMemory bounds what any machine of today has: this system does not say.
func systemMemory() uint64 { return unknownMemory }
