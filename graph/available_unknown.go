//go:build !linux

package graph

// unknownMemory stands for the memory of a system that does not tell it: 1 TB.
const unknownMemory = 1 << 40
