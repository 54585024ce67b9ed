//go:build !linux

package graph

// unknownMemory is the assumed memory of a system that does not report it: 1 TB.
const unknownMemory = 1 << 40
