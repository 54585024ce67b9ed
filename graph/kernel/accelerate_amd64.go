//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

//go:generate go -C _asm run . -out ../asm_amd64.s -stubs ../asm_amd64.go -other ../asm_other.go -pkg kernel

// accelerated says that the processor has what the assembly needs.
var accelerated = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// wide says that products can use registers of 16 elements.
var wide = accelerated && cpu.X86.HasAVX512F
