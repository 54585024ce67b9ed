//go:build !amd64 || purego

package kernel

// accelerated is true if the processor supports the row assembly.
var accelerated = false

// hasF16C is true if the processor converts binary16.
var hasF16C = false

// hasVNNI is true if the processor sums products of four bytes in one instruction.
var hasVNNI = false

const noAssembly = "kernel: no row assembly for this processor"
