//go:build (!amd64 && !arm64) || purego

package kernel

// shapes are those that the processor has the instructions for: none.
var shapes []*stripShape
