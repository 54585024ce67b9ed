//go:build (!amd64 && !arm64) || purego

package kernel

// shapes is empty: the processor has no assembly for products.
var shapes []*stripShape
