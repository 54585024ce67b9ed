//go:build !linux

package kernel

func advise(_, _ uintptr) {}
