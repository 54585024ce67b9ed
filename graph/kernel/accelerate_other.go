//go:build !amd64 || purego

package kernel

// accelerated says that there is assembly for the processor.
var accelerated = false

const noAssembly = "kernel: no assembly for this processor"
