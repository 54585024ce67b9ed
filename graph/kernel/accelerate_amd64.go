//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// accelerated is true if the processor supports the row assembly.
var accelerated = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// hasF16C is true if the processor converts binary16.
var hasF16C = cpu.X86.HasF16C

// hasWhole is true if there is assembly for all kernels, not only for strips and rows.
const hasWhole = true

const rowSet = "AVX2"

// hasWide is true if the processor has the instructions of AVX-512 for rows. They give the bits of AVX2.
var hasWide = accelerated && cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL

// hasVNNI is true if the processor sums products of four bytes in one instruction.
var hasVNNI = accelerated && hasF16C && cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VNNI
