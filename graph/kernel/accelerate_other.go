//go:build !amd64 || purego

package kernel

// accelerated says that there is assembly for the processor.
var accelerated = false

// wide says that products can use registers of 16 elements.
var wide = false

const noAssembly = "kernel: no assembly for this processor"
