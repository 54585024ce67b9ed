//go:build (!amd64 && !arm64) || purego

package kernel

// accelerated is true if the processor supports the row assembly.
var accelerated = false

// hasF16C is true if the processor converts binary16.
const hasF16C = false

// hasWhole is true if there is assembly for all kernels, not only for strips and rows.
const hasWhole = false

const rowSet = "Go"

// hasWide is true if the processor has the instructions of AVX-512 for rows.
var hasWide = false

// hasVNNI is true if the processor sums products of four bytes in one instruction.
var hasVNNI = false

// noAssembly is the panic of a stand-in for a function that the processor does not have.
const noAssembly = "kernel: no such assembly for this processor"
