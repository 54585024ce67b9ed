//go:build !amd64 || purego

package kernel

// accelerated is true if the processor supports the row assembly.
var accelerated = false

const noAssembly = "kernel: no row assembly for this processor"
