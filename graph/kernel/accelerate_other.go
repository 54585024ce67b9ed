//go:build !amd64 || purego

package kernel

// accelerated says that the processor has what the assembly of rows needs.
var accelerated = false

const noAssembly = "kernel: no assembly of rows for this processor"
