//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// accelerated says that the processor has what the assembly of rows needs.
var accelerated = cpu.X86.HasAVX2 && cpu.X86.HasFMA
